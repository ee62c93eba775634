import pytest
from django.http import QueryDict

from bkmonitor.strategies.models import Strategy
from bkmonitor.web.forms.active_time import ActiveTimeForm
from tests.factories import make_calendar, make_space, make_strategy
from tests.web.clients import text
from tests.web.editor import typed

pytestmark = pytest.mark.django_db
OFFICE = {
    "timezone": "Europe/Berlin",
    "weekly": [{"days": [1, 5], "start": "08:00", "end": "18:00"}],
    "calendars": [],
    "rest_calendars": [],
}
TYPED = (
    "active-time_zone=Europe/Berlin"
    "&active-weekly-0-days=1&active-weekly-0-days=5"
    "&active-weekly-start=08:00&active-weekly-end=18:00"
    "&active-weekly-start=&active-weekly-end="
)


def form_of(sent, space=None):
    return ActiveTimeForm(QueryDict(sent), space=space or make_space())


def test_hours_of_the_week_are_read():
    form = form_of(TYPED)

    assert form.is_good()
    assert form.fields_of_strategy() == {"active_time": OFFICE}


def test_with_nothing_in_it_people_are_told_at_any_time():
    form = form_of("active-time_zone=UTC&active-weekly-start=&active-weekly-end=")

    assert form.is_good()
    assert form.fields_of_strategy() == {"active_time": None}


def test_what_is_not_in_the_page_stays_as_it_is():
    form = form_of("name=Load")

    assert form.is_good()
    assert form.fields_of_strategy() == {}


def test_calendars_say_what_they_say():
    space = make_space()
    on, rest, none = (make_calendar(space) for _ in range(3))
    make_calendar()

    form = form_of(
        "active-time_zone=UTC"
        f"&active-calendar-{on.pk}=calendars&active-calendar-{rest.pk}=rest_calendars"
        f"&active-calendar-{none.pk}=",
        space,
    )

    assert form.is_good()
    assert len(form.calendar_fields) == 3
    assert form.active_time["calendars"] == [on.pk]
    assert form.active_time["rest_calendars"] == [rest.pk]


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("active-weekly-start=08:00&active-weekly-end=18:00", "1 (Monday) to 7"),
        ("active-weekly-0-days=1&active-weekly-start=8&active-weekly-end=18:00", "'8'"),
        ("active-weekly-0-days=1&active-weekly-start=&active-weekly-end=", "''"),
        (
            "active-weekly-0-days=1&active-weekly-start=00:00&active-weekly-end=00:00",
            "a whole day is 00:00 to 24:00",
        ),
    ],
)
def test_what_makes_no_sense_is_said_beside_the_hours(row, told):
    form = form_of(f"active-time_zone=UTC&{row}")

    assert not form.is_good()
    assert told in " ".join(form.errors["weekly"])


def test_the_editor_shows_what_is_stored_and_stores_what_is_typed(admin_client):
    space = admin_client.space
    rest = make_calendar(space, name="Holidays")
    strategy = make_strategy(
        space, active_time=OFFICE | {"rest_calendars": [rest.pk], "calendars": []}
    )
    url = f"/s/{space.slug}/strategies/{strategy.pk}/edit/"

    page = text(admin_client.get(url))

    assert 'name="active-weekly-0-days" value="5" checked' in page
    assert 'value="08:00"' in page
    assert "Holidays" in page
    assert '<option value="Europe/Berlin" selected>' in page


def test_what_is_wrong_keeps_the_strategy_as_it_was(admin_client):
    space = admin_client.space
    strategy = make_strategy(space, active_time=OFFICE)
    url = f"/s/{space.slug}/strategies/{strategy.pk}/edit/"
    sent = typed(
        strategy,
        name="Renamed",
        **{
            "active-time_zone": "UTC",
            "active-weekly-start": "08:00",
            "active-weekly-end": "18:00",
        },
    )

    page = text(admin_client.post(url, sent))

    assert "the days must be some of 1 (Monday) to 7" in page
    assert "Not saved yet" in page
    assert Strategy.objects.get().name == strategy.name

    admin_client.post(url, sent | {"active-weekly-0-days": ["1", "5"]})
    saved = Strategy.objects.get()
    assert saved.active_time == OFFICE | {"timezone": "UTC"}


@pytest.mark.parametrize(
    ("active_time", "told"),
    [
        ({"timezone": "UTC"}, "People are told</dt><dd>now</dd>"),
        (OFFICE | {"weekly": []}, "People are told</dt><dd>now</dd>"),
    ],
)
def test_the_page_says_that_people_are_told(admin_client, active_time, told):
    strategy = make_strategy(admin_client.space, active_time=active_time)

    page = text(admin_client.get(f"/s/{strategy.space.slug}/strategies/{strategy.pk}/"))

    assert told in page


def test_the_page_says_that_nobody_is_ever_told(admin_client):
    empty = make_calendar(admin_client.space)
    strategy = make_strategy(
        admin_client.space, active_time={"timezone": "UTC", "calendars": [empty.pk]}
    )

    page = text(admin_client.get(f"/s/{strategy.space.slug}/strategies/{strategy.pk}/"))

    assert "for more than a year: look at its hours and calendars" in page
