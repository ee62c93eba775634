from datetime import date

import pytest

from bkmonitor.calendars.models import Calendar, CalendarItem
from bkmonitor.web.months import MOST_ENTRIES, next_month, read_month, weeks_of
from bkmonitor.web.repetition import Repetition
from tests.calendars.files import CHRISTMAS, NEW_YEAR, file
from tests.factories import make_calendar, make_item, make_strategy
from tests.web.clients import text

pytestmark = pytest.mark.django_db
TYPED = {
    "name": "Watch",
    "first_day": "2026-03-03",
    "first_time": "09:00",
    "last_day": "2026-03-03",
    "last_time": "17:30",
    "time_zone": "Europe/Berlin",
    "every": "",
}
DAILY = {"start": "2026-03-01T09:00", "end": "2026-03-01T10:00", "rule": "FREQ=DAILY"}


@pytest.fixture
def calendar(admin_client):
    return make_calendar(admin_client.space, name="Holidays")


def url_of(calendar, *parts):
    whole = ["", "s", calendar.space.slug, "calendars", calendar.pk, *parts, ""]
    return "/".join(map(str, whole))


def test_without_a_calendar_the_page_says_what_they_are_for(admin_client):
    page = text(admin_client.get(f"/s/{admin_client.space.slug}/calendars/"))

    assert "There is no calendar yet" in page


def test_a_calendar_is_made_and_shown(admin_client):
    url = f"/s/{admin_client.space.slug}/calendars/"

    made = admin_client.post(f"{url}new/", {"name": "Holidays", "description": "x"})

    assert made["Location"] == f"{url}{Calendar.objects.get().pk}/"
    assert "Holidays" in text(admin_client.get(url))


def test_a_name_that_is_taken_is_said_beside_it(admin_client, calendar):
    url = f"/s/{admin_client.space.slug}/calendars/new/"

    page = text(admin_client.post(url, {"name": "Holidays"}))

    assert "Another one of this space has that name." in page


def test_a_month_shows_what_is_on(admin_client, calendar):
    make_item(calendar, name="Watch", **DAILY)
    make_item(calendar, name="Fair", start="2026-03-30T00:00", end="2026-04-02T00:00")

    page = text(admin_client.get(url_of(calendar) + "?month=2026-04"))

    assert "April 2026" in page
    assert f"items/{calendar.items.get(name='Fair').pk}/?at=2026-03-30T00:00" in page
    assert "09:00–10:00" in page
    assert "?month=2026-03" in page
    assert "every day" in page


def test_a_viewer_looks_and_is_led_nowhere(client, calendar):
    item = make_item(calendar)
    from_outside = client.get(url_of(calendar))

    assert from_outside.status_code == 302
    assert f"items/{item.pk}/" not in text(from_outside)


def test_hours_are_written_into_a_calendar(admin_client, calendar):
    answer = admin_client.post(url_of(calendar, "items", "new"), TYPED)

    item = calendar.items.get()
    assert answer["Location"] == url_of(calendar) + "?month=2026-03"
    assert (item.start, item.end) == ("2026-03-03T09:00", "2026-03-03T17:30")
    assert (item.time_zone, item.rule) == ("Europe/Berlin", "")


@pytest.mark.parametrize(
    ("last_day", "end"),
    [("", "2026-03-04T00:00"), ("2026-03-05", "2026-03-06T00:00")],
)
def test_without_times_it_is_whole_days(admin_client, calendar, last_day, end):
    days = TYPED | {"first_time": "", "last_time": "", "last_day": last_day}

    admin_client.post(url_of(calendar, "items", "new"), days)

    item = calendar.items.get()
    assert (item.start, item.end) == ("2026-03-03T00:00", end)


def test_midnight_is_a_time(admin_client, calendar):
    early = TYPED | {"first_time": "00:00", "last_time": "06:00"}

    admin_client.post(url_of(calendar, "items", "new"), early)

    assert calendar.items.get().end == "2026-03-03T06:00"


@pytest.mark.parametrize(
    ("typed", "rule"),
    [
        ({"every": "DAILY", "interval": "2"}, "FREQ=DAILY;INTERVAL=2"),
        ({"every": "WEEKLY", "days": ["5", "1"]}, "FREQ=WEEKLY;BYDAY=MO,FR"),
        ({"every": "YEARLY", "until": "2030-01-01"}, "FREQ=YEARLY;UNTIL=20300101T235959"),
        ({"every": "DAILY", "days": ["1"]}, "FREQ=DAILY"),
        ({"every": "RULE", "rule": "freq=monthly;byday=-1fr"}, "FREQ=MONTHLY;BYDAY=-1FR"),
    ],
)  # fmt: skip
def test_how_often_it_comes_again_becomes_a_rule(admin_client, calendar, typed, rule):
    admin_client.post(url_of(calendar, "items", "new"), TYPED | typed)

    assert calendar.items.get().rule == rule


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"first_day": ""}, "This field is required."),
        ({"last_time": ""}, "give both times, or none for whole days"),
        ({"last_time": "08:00"}, "must be after the start"),
        ({"every": "RULE", "rule": "sometimes"}, "SOMETIMES"),
        ({"time_zone": "Mars/Olympus"}, "Select a valid choice."),
    ],
)
def test_what_makes_no_sense_is_said(admin_client, calendar, typed, told):
    page = text(admin_client.post(url_of(calendar, "items", "new"), TYPED | typed))

    assert told in page
    assert not CalendarItem.objects.exists()


def test_a_day_of_the_month_leads_to_a_form_for_it(admin_client, calendar):
    page = text(
        admin_client.get(url_of(calendar, "items", "new") + "?at=2026-03-03T00:00")
    )

    assert 'value="2026-03-03"' in page


def test_one_time_of_a_series_is_changed(admin_client, calendar):
    item = make_item(calendar, name="Watch", time_zone="Europe/Berlin", **DAILY)
    url = url_of(calendar, "items", item.pk) + "?at=2026-03-03T09:00"

    page = text(admin_client.get(url))
    admin_client.post(url, TYPED | {"every": "DAILY", "interval": "1", "scope": "one"})

    assert "This and all that follow" in page
    assert 'value="2026-03-03"' in page
    item.refresh_from_db()
    assert (item.rule, item.exceptions) == ("FREQ=DAILY", ["2026-03-03T09:00"])
    assert calendar.items.exclude(pk=item.pk).get().end == "2026-03-03T17:30"


def test_a_count_that_the_form_does_not_know_stays(admin_client, calendar):
    item = make_item(calendar, **DAILY | {"rule": "FREQ=DAILY;COUNT=5"})
    url = url_of(calendar, "items", item.pk)

    admin_client.post(url, TYPED | {"every": "DAILY", "interval": "1"})
    item.refresh_from_db()
    kept = item.rule
    admin_client.post(url, TYPED | {"every": "DAILY", "interval": "3"})
    item.refresh_from_db()

    assert (kept, item.rule) == ("FREQ=DAILY;COUNT=5", "FREQ=DAILY;INTERVAL=3;COUNT=5")


@pytest.mark.parametrize(
    ("posted", "left"),
    [
        ({"at": "2026-03-03T09:00", "scope": "one"}, ["2026-03-03T09:00"]),
        ({"at": "2026-03-03T09:00", "scope": "all"}, None),
        ({}, None),
    ],
)
def test_what_is_deleted(admin_client, calendar, posted, left):
    item = make_item(calendar, **DAILY)

    admin_client.post(url_of(calendar, "items", item.pk, "remove"), posted)

    found = CalendarItem.objects.filter(pk=item.pk).first()
    assert (found.exceptions if found else None) == left


def test_a_time_that_is_not_there_any_more_is_said(admin_client, calendar):
    item = make_item(calendar, **DAILY | {"exceptions": ["2026-03-03T09:00"]})
    url = url_of(calendar, "items", item.pk, "remove")

    answer = admin_client.post(url, {"at": "2026-03-03T09:00", "scope": "one"}, follow=True)  # fmt: skip

    assert "does not begin then" in text(answer)


def test_an_item_of_another_calendar_is_not_found(admin_client, calendar):
    other = make_item(make_calendar(admin_client.space))

    assert admin_client.get(url_of(calendar, "items", other.pk)).status_code == 404


def test_a_file_is_imported_and_what_is_not_taken_is_told(admin_client, calendar):
    pasted = file(CHRISTMAS, NEW_YEAR + "\nRRULE:FREQ=HOURLY")

    answer = admin_client.post(url_of(calendar, "import"), {"ics": pasted}, follow=True)

    page = text(answer)
    assert "1 item was imported." in page
    assert "“New year” could not be taken" in page


@pytest.mark.parametrize(
    ("pasted", "told"),
    [("", "choose a file, or paste its text"), ("hello", "this is no iCalendar")],
)
def test_what_is_no_file_is_said(admin_client, calendar, pasted, told):
    answer = admin_client.post(url_of(calendar, "import"), {"ics": pasted})

    assert (answer.status_code, told in text(answer)) == (400, True)


def test_a_calendar_that_strategies_go_by_stays(admin_client, calendar):
    active_time = {"timezone": "UTC", "calendars": [calendar.pk]}
    make_strategy(admin_client.space, name="Load", active_time=active_time)

    answer = admin_client.post(url_of(calendar, "remove"), follow=True)

    assert "strategies go by this calendar: Load" in text(answer)
    assert Calendar.objects.exists()


def test_a_month_of_many_items_costs_a_handful_of_queries(
    admin_client, calendar, django_assert_num_queries
):
    for _ in range(20):
        make_item(calendar)

    with django_assert_num_queries(11):
        admin_client.get(url_of(calendar))


def test_a_month_is_read_from_the_address_and_calendars_have_ends():
    today = date(2026, 3, 17)

    assert read_month("2026-05", today) == date(2026, 5, 1)
    assert read_month("soon", today) == read_month("0001-01", today) == date(2026, 3, 1)
    assert next_month(date(2026, 12, 1)) == date(2027, 1, 1)
    assert next_month(date(2026, 1, 1), -1) == date(2025, 12, 1)
    assert next_month(date(1970, 1, 1), -1) is None


def test_a_night_is_on_two_days_and_a_full_day_hides_what_has_no_room():
    calendar = make_calendar()
    make_item(calendar, start="2026-03-03T22:00", end="2026-03-04T06:00")
    for _ in range(MOST_ENTRIES + 2):
        make_item(calendar, start="2026-03-10T00:00", end="2026-03-11T00:00")

    weeks = weeks_of(calendar.items.all(), date(2026, 3, 1))

    days = {day.date.day: day for week in weeks for day in week if day.here}
    assert [number for number in days if days[number].entries] == [3, 4, 10]
    assert [days[number].entries[0].hours for number in (3, 4, 10)] == [
        "22:00–",
        "–06:00",
        "",
    ]
    assert (len(days[10].shown), days[10].hidden) == (MOST_ENTRIES, 2)
    assert weeks[0][0].date == date(2026, 2, 23)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("", ""),
        ("FREQ=DAILY", "every day"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR", "every 2 weeks on Mon, Fri"),
        ("FREQ=WEEKLY;BYDAY=MO", "every week on Monday"),
        ("FREQ=YEARLY;UNTIL=20300101T235959", "every year until 1 Jan 2030"),
        ("FREQ=MONTHLY;COUNT=3", "every month 3 times"),
        ("FREQ=MONTHLY;BYDAY=-1FR", "FREQ=MONTHLY;BYDAY=-1FR"),
        ("FREQ=WEEKLY;BYDAY=1MO", "FREQ=WEEKLY;BYDAY=1MO"),
    ],
)
def test_a_rule_is_said_in_words(rule, words):
    repetition = Repetition.of(rule)

    assert repetition.in_words() == words
    # What the form shows is what it stores.
    assert repetition.as_rule() == rule
