import pytest

from bkmonitor.calendars.models import Calendar, CalendarItem
from tests.calendars.files import CHRISTMAS, NEW_YEAR, file
from tests.factories import make_calendar, make_item, make_strategy

pytestmark = pytest.mark.django_db
DAY = {"name": "New year", "start": "2026-01-01T00:00", "end": "2026-01-02T00:00"}
DAILY = {"start": "2026-03-01T09:00", "end": "2026-03-01T10:00", "rule": "FREQ=DAILY"}


@pytest.fixture
def calendar(api):
    return make_calendar(api.space)


def url_of(calendar, *parts):
    return "/".join([f"/api/v1/calendars/{calendar.pk}", *map(str, parts), ""])


def test_a_calendar_is_made_renamed_and_counted(api):
    made = api.post(
        "/api/v1/calendars/", {"name": "Holidays", "space": api.space.slug}
    ).json()
    make_item(Calendar.objects.get(pk=made["id"]))

    renamed = api.patch(f"/api/v1/calendars/{made['id']}/", {"name": "Off"}).json()
    listed = api.get("/api/v1/calendars/?search=off").json()["results"]

    assert renamed["name"] == "Off"
    assert [(row["name"], row["item_count"]) for row in listed] == [("Off", 1)]


def test_an_item_is_written_shown_and_listed(api, calendar):
    made = api.post(url_of(calendar, "items"), DAY)

    assert made.status_code == 201
    whole = DAY | {"time_zone": "UTC", "rule": "", "exceptions": [], "uid": ""}
    assert made.json() == {"id": made.json()["id"], **whole}
    assert api.get(url_of(calendar, "items")).json() == [made.json()]
    assert api.get(url_of(calendar, "items", made.json()["id"])).json() == made.json()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"start": "tomorrow"}, "start"),
        ({"start": None}, "start"),
        ({"end": "2025-01-01T00:00"}, "end"),
        ({"rule": "FREQ=SECONDLY"}, "rule"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"exceptions": [1]}, "exceptions"),
    ],
)
def test_what_makes_no_sense_is_refused_by_field(api, calendar, change, field):
    answer = api.post(url_of(calendar, "items"), DAY | change)

    assert answer.status_code == 400
    assert set(answer.json()["fields"]) == {field}


def test_an_item_of_another_calendar_is_not_in_this_one(api, calendar):
    other = make_item(make_calendar(api.space))

    assert api.get(url_of(calendar, "items", other.pk)).status_code == 404


def test_an_item_is_changed_as_a_whole(api, calendar):
    item = make_item(calendar, **DAILY)

    changed = api.patch(
        url_of(calendar, "items", item.pk), {"exceptions": ["2026-03-02T09:00"]}
    ).json()

    assert (changed["id"], changed["exceptions"]) == (item.pk, ["2026-03-02T09:00"])


def test_one_of_its_times_is_changed(api, calendar):
    item = make_item(calendar, **DAILY)

    changed = api.patch(
        url_of(calendar, "items", item.pk),
        {
            "occurrence": "2026-03-03T09:00",
            "scope": "one",
            "start": "2026-03-03T11:00",
            "end": "2026-03-03T12:00",
        },
    ).json()

    assert (changed["start"], changed["rule"]) == ("2026-03-03T11:00", "")
    item.refresh_from_db()
    assert item.exceptions == ["2026-03-03T09:00"]


def test_one_of_its_times_is_taken_out_and_then_all(api, calendar):
    item = make_item(calendar, **DAILY)
    url = url_of(calendar, "items", item.pk)

    one = api.delete(f"{url}?occurrence=2026-03-03T09:00&scope=one")
    item.refresh_from_db()
    whole = api.delete(url)

    assert (one.status_code, whole.status_code) == (204, 204)
    assert item.exceptions == ["2026-03-03T09:00"]
    assert not CalendarItem.objects.exists()


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("?occurrence=2026-03-03T09:00", "scope"),
        ("?occurrence=2026-03-03T09:00&scope=some", "scope"),
        ("?occurrence=2026-03-03T10:00&scope=one", "occurrence"),
    ],
)
def test_what_is_meant_has_to_be_said(api, calendar, query, field):
    item = make_item(calendar, **DAILY)

    answer = api.delete(url_of(calendar, "items", item.pk) + query)

    assert answer.status_code == 400
    assert set(answer.json()["fields"]) == {field}


def test_a_file_is_imported(api, calendar):
    answer = api.post(
        url_of(calendar, "import"),
        {"ics": file(CHRISTMAS, NEW_YEAR + "\nRRULE:FREQ=HOURLY")},
    )

    assert answer.status_code == 200
    assert answer.json()["items"] == 1
    assert answer.json()["skipped"][0]["name"] == "New year"


def test_what_is_no_calendar_is_refused(api, calendar):
    answer = api.post(url_of(calendar, "import"), {"ics": "hello"})

    assert answer.status_code == 400
    assert set(answer.json()["fields"]) == {"ics"}


def test_what_is_on_is_listed_in_order(api, calendar):
    make_item(calendar, name="watch", **DAILY, time_zone="Europe/Berlin")

    span = "?start=2026-03-28T12:00:00Z&end=2026-03-29T12:00:00Z"
    found = api.get(url_of(calendar, "occurrences") + span).json()

    assert [(row["occurrence"], row["start_at"]) for row in found] == [
        ("2026-03-29T09:00", "2026-03-29T07:00:00Z")
    ]


@pytest.mark.parametrize(
    "query",
    [
        "?start=2026-03-28T12:00:00Z&end=2026-03-28T12:00:00Z",
        "?start=2026-03-28T12:00:00Z&end=2028-03-28T12:00:00Z",
    ],
)
def test_a_span_is_neither_empty_nor_without_end(api, calendar, query):
    answer = api.get(url_of(calendar, "occurrences") + query)

    assert answer.status_code == 400
    assert set(answer.json()["fields"]) == {"end"}


def test_a_calendar_that_a_strategy_goes_by_stays(api, calendar):
    make_strategy(
        api.space,
        name="Load",
        active_time={"timezone": "UTC", "rest_calendars": [calendar.pk]},
    )

    answer = api.delete(url_of(calendar))

    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert "Load" in answer.json()["detail"]
