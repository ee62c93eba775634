import pytest

from bkmonitor.calendars import services
from bkmonitor.calendars.models import Calendar, CalendarItem
from bkmonitor.calendars.services import (
    import_ics,
    occurrences,
    recurring_of,
    save_calendar,
    save_item,
)
from bkmonitor.lib.errors import InvalidInput
from bkmonitor.lib.spans import Span
from tests.calendars.files import CHRISTMAS, NEW_YEAR, file
from tests.factories import make_calendar, make_item, make_space
from tests.lib.test_recurrence import utc

pytestmark = pytest.mark.django_db
DAY = {"name": "New year", "start": "2026-01-01T00:00", "end": "2026-01-02T00:00"}


def test_a_calendar_is_made_and_renamed():
    calendar = save_calendar(make_space(), {"name": "Holidays"})

    save_calendar(calendar.space, {"name": "Days off"}, calendar=calendar)

    assert Calendar.objects.get().name == "Days off"


def test_two_calendars_of_a_space_have_two_names():
    calendar = make_calendar(name="Holidays")

    with pytest.raises(InvalidInput) as caught:
        save_calendar(calendar.space, {"name": "Holidays"})

    assert set(caught.value.fields) == {"name"}


def test_an_item_is_in_the_zone_of_its_space_unless_it_says_another():
    calendar = make_calendar(make_space(time_zone="Asia/Shanghai"))

    here = save_item(calendar, DAY)
    there = save_item(calendar, DAY | {"time_zone": "Europe/Berlin"})

    assert (here.time_zone, there.time_zone) == ("Asia/Shanghai", "Europe/Berlin")


def test_what_is_left_out_is_kept_in_order_and_once():
    twice = ["2026-01-08T00:00", "2026-01-03T00:00", "2026-01-08T00:00"]

    item = save_item(make_calendar(), DAY | {"rule": "freq=daily", "exceptions": twice})

    assert item.exceptions == ["2026-01-03T00:00", "2026-01-08T00:00"]
    assert item.rule == "FREQ=DAILY"


@pytest.mark.parametrize(
    ("fields", "beside"),
    [
        ({"name": ""}, "name"),
        ({"start": "tomorrow"}, "start"),
        ({"start": "2026-13-01T00:00"}, "start"),
        ({"start": "2026-01-01T00:00+01:00"}, "start"),
        ({"start": "0026-01-01T00:00"}, "start"),
        ({"end": "2026-01-01T00:00"}, "end"),
        ({"end": "2027-02-01T00:00"}, "end"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"rule": "sometimes"}, "rule"),
        ({"rule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31"}, "rule"),
        ({"exceptions": ["never"]}, "exceptions"),
        ({"exceptions": "never"}, "exceptions"),
    ],
)
def test_what_is_wrong_with_an_item_is_named(fields, beside):
    with pytest.raises(InvalidInput) as caught:
        save_item(make_calendar(), DAY | fields)

    assert set(caught.value.fields) == {beside}
    assert not CalendarItem.objects.exists()


def test_a_calendar_has_an_end(monkeypatch):
    monkeypatch.setattr(services, "MOST_ITEMS", 1)
    item = make_item()

    with pytest.raises(InvalidInput, match="at most 1"):
        save_item(item.calendar, DAY)

    # What is there may still be changed.
    save_item(item.calendar, {"name": "Renamed"}, item=item)


def test_what_is_asked_of_calendars_takes_two_queries(django_assert_num_queries):
    items = [make_item() for _ in range(3)]
    empty = make_calendar()

    with django_assert_num_queries(2):
        found = recurring_of([*(item.calendar_id for item in items), empty.pk, 10**9])

    assert {pk: len(written) for pk, written in found.items()} == {
        **{item.calendar_id: 1 for item in items},
        empty.pk: 0,
    }


def test_occurrences_come_in_order_and_whole():
    calendar = make_calendar()
    make_item(calendar, name="daily", rule="FREQ=DAILY")
    make_item(calendar, name="long", start="2026-02-01T00:00", end="2026-03-20T00:00")
    within = Span(utc("2026-03-04T12:00"), utc("2026-03-05T12:00"))

    found = occurrences(calendar.items.all(), within)

    assert [(each.item.name, f"{each.start:%m-%d}") for each in found] == [
        ("long", "02-01"),
        ("daily", "03-04"),
        ("daily", "03-05"),
    ]
    assert found[1].span == Span(utc("2026-03-04"), utc("2026-03-05"))


def test_the_newer_edition_of_a_file_replaces_the_older_one():
    calendar = make_calendar()
    make_item(calendar, name="By hand")
    import_ics(calendar, file(CHRISTMAS, NEW_YEAR))

    again = import_ics(calendar, file(CHRISTMAS.replace("Christmas", "X-mas")))

    assert (again.items, again.skipped) == (1, [])
    names = set(calendar.items.values_list("name", flat=True))
    assert names == {"By hand", "X-mas", "New year"}


def test_what_a_file_has_and_a_calendar_has_not_is_told():
    calendar = make_calendar()

    imported = import_ics(
        calendar, file(CHRISTMAS, NEW_YEAR + "\nRRULE:FREQ=HOURLY", "SUMMARY:Broken")
    )

    assert imported.items == calendar.items.count() == 1
    told = {skipped.name: skipped.reason for skipped in imported.skipped}
    assert set(told) == {"New year", "Broken"}
    assert "FREQ must be one of" in told["New year"]


def test_a_file_that_is_too_long_changes_nothing(monkeypatch):
    calendar = make_calendar()
    import_ics(calendar, file(CHRISTMAS))
    monkeypatch.setattr(services, "MOST_ITEMS", 1)

    with pytest.raises(InvalidInput, match="at most 1"):
        import_ics(calendar, file(CHRISTMAS, NEW_YEAR))

    assert calendar.items.get().uid == "christmas"


def test_days_of_a_file_are_those_of_the_zone_that_is_asked_for():
    calendar = make_calendar()

    import_ics(calendar, file(CHRISTMAS), time_zone="Asia/Tokyo")

    assert calendar.items.get().time_zone == "Asia/Tokyo"


def test_an_item_whose_zone_is_gone_keeps_nobody_waiting(caplog):
    item = make_item(time_zone="Mars/Olympus")
    good = make_item(item.calendar)

    assert recurring_of([item.calendar_id]) == {item.calendar_id: [good.recurring]}
    assert caplog.records[0].item == item.pk
