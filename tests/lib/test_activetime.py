from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bkmonitor.lib.activetime import (
    HORIZON,
    active_spans,
    is_active,
    next_change,
    parse_active_time,
)
from bkmonitor.lib.errors import InvalidInput
from bkmonitor.lib.recurrence import Recurring
from bkmonitor.lib.spans import Span

EVERY_DAY = [1, 2, 3, 4, 5, 6, 7]
WEEKDAYS = [1, 2, 3, 4, 5]
MINUTE = timedelta(minutes=1)


def defined(zone="UTC", *windows, **calendars):
    """Return a definition with windows (days, start, end)."""
    weekly = [{"days": d, "start": s, "end": e} for d, s, e in windows]
    return parse_active_time({"timezone": zone, "weekly": weekly} | calendars)


def wall(text):
    return datetime.fromisoformat(text)


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def item(start, end, rule="", zone="UTC", without=()):
    gone = frozenset(map(wall, without))
    return Recurring(wall(start), wall(end), ZoneInfo(zone), rule, gone)


def lived(zone, date):
    """Return the minutes of a day as the people of a zone live it."""
    noon, there = utc(f"{date}T12:00"), ZoneInfo(zone)
    around = (noon + n * MINUTE for n in range(-40 * 60, 40 * 60))
    return [at for at in around if at.astimezone(there).date().isoformat() == date]


def minutes(spans):
    return sum((end - start) / MINUTE for start, end in spans)


# The zone and the day of a change; then, of the whole day and of windows on every day,
# the minutes that the clock shows. Worked by hand from the changes named at the right.
WHOLE = ("00:00", "24:00")
CHANGES = [
    # 2026-03-29: 02:00 CET becomes 03:00 CEST. 2026-10-25: 03:00 CEST becomes 02:00 CET.
    ("Europe/Berlin", "2026-03-29", WHOLE, 23 * 60),
    ("Europe/Berlin", "2026-03-29", ("01:30", "03:30"), 30 + 30),
    ("Europe/Berlin", "2026-03-29", ("02:00", "03:00"), 0),
    ("Europe/Berlin", "2026-03-29", ("02:30", "05:00"), 120),
    ("Europe/Berlin", "2026-10-25", WHOLE, 25 * 60),
    ("Europe/Berlin", "2026-10-25", ("01:30", "03:30"), 30 + 60 + 60 + 30),
    ("Europe/Berlin", "2026-10-25", ("02:00", "02:30"), 30 + 30),
    ("Europe/Berlin", "2026-10-25", ("02:30", "05:00"), 30 + 30 + 120),
    ("Europe/Berlin", "2026-10-25", ("08:00", "18:00"), 600),
    # 2026-03-08: 02:00 EST becomes 03:00 EDT. 2026-11-01: 02:00 EDT becomes 01:00 EST.
    ("America/New_York", "2026-03-08", WHOLE, 23 * 60),
    ("America/New_York", "2026-03-08", ("01:00", "04:00"), 120),
    ("America/New_York", "2026-11-01", WHOLE, 25 * 60),
    ("America/New_York", "2026-11-01", ("00:30", "01:30"), 30 + 30 + 30),
    # 2026-10-04: 02:00 becomes 02:30. 2026-04-05: 02:00 becomes 01:30.
    ("Australia/Lord_Howe", "2026-10-04", WHOLE, 23 * 60 + 30),
    ("Australia/Lord_Howe", "2026-10-04", ("01:45", "02:45"), 15 + 15),
    ("Australia/Lord_Howe", "2026-04-05", WHOLE, 24 * 60 + 30),
    ("Australia/Lord_Howe", "2026-04-05", ("01:00", "02:00"), 60 + 30),
    # Never changes; 5:45 before UTC.
    ("Asia/Kathmandu", "2026-03-29", WHOLE, 24 * 60),
    ("Asia/Kathmandu", "2026-03-29", ("05:45", "06:00"), 15),
    # 2026-03-08: 02:00 NST becomes 03:00 NDT. 2026-11-01: 02:00 NDT becomes 01:00 NST.
    ("America/St_Johns", "2026-03-08", ("01:30", "03:30"), 60),
    ("America/St_Johns", "2026-11-01", ("01:00", "02:00"), 120),
    # 2011: the 30th of December was left out, to be on the other side of the date line.
    ("Pacific/Apia", "2011-12-29", WHOLE, 24 * 60),
    ("Pacific/Apia", "2011-12-30", WHOLE, 0),
    ("Pacific/Apia", "2011-12-31", WHOLE, 24 * 60),
    # Ramadan 2026: 2026-02-15: 03:00 becomes 02:00. 2026-03-22: 02:00 becomes 03:00.
    ("Africa/Casablanca", "2026-02-15", ("02:00", "03:00"), 120),
    ("Africa/Casablanca", "2026-03-22", ("01:00", "04:00"), 120),
    # The last changes: 2022-03-22: 00:00 becomes 01:00. 2022-09-22: 00:00 becomes 23:00.
    ("Asia/Tehran", "2022-03-22", WHOLE, 23 * 60),
    ("Asia/Tehran", "2022-03-22", ("00:00", "01:00"), 0),
    ("Asia/Tehran", "2022-09-21", WHOLE, 25 * 60),
    ("Asia/Tehran", "2022-09-21", ("23:00", "24:00"), 120),
    # 2026-09-06: 00:00 becomes 01:00. 2026-04-05: 00:00 becomes 23:00 of the 4th.
    ("America/Santiago", "2026-09-06", WHOLE, 23 * 60),
    ("America/Santiago", "2026-09-06", ("00:30", "02:00"), 60),
    ("America/Santiago", "2026-04-04", WHOLE, 25 * 60),
    ("America/Santiago", "2026-04-04", ("23:30", "24:00"), 60),
    # 2026-03-29: 01:00 becomes 03:00. 2026-10-25: 03:00 becomes 01:00: two hours.
    ("Antarctica/Troll", "2026-03-29", WHOLE, 22 * 60),
    ("Antarctica/Troll", "2026-03-29", ("00:30", "03:30"), 60),
    ("Antarctica/Troll", "2026-10-25", WHOLE, 26 * 60),
    ("Antarctica/Troll", "2026-10-25", ("02:00", "03:00"), 120),
    # 13:00 and 14:00 before UTC; bk-monitor's reference takes such zones for others.
    ("Pacific/Tongatapu", "2026-03-29", ("08:00", "18:00"), 600),
    ("Pacific/Kiritimati", "2026-03-29", ("22:00", "24:00"), 120),
    # 2026-09-27: 02:45 becomes 03:45, and 2026-04-05: 03:45 becomes 02:45.
    ("Pacific/Chatham", "2026-09-27", ("02:00", "04:00"), 60),
    ("Pacific/Chatham", "2026-04-05", ("02:00", "04:00"), 180),
]


@pytest.mark.parametrize(("zone", "date", "window", "expected"), CHANGES)
def test_the_day_the_clock_is_changed_has_the_minutes_that_it_shows(
    zone, date, window, expected
):
    definition, day = defined(zone, (EVERY_DAY, *window)), lived(zone, date)
    around = Span(utc(date) - timedelta(days=2), utc(date) + timedelta(days=3))

    spans = active_spans(definition, {}, around)

    assert sum(is_active(definition, {}, at) for at in day) == expected
    assert sum(any(a <= at < b for a, b in spans) for at in day) == expected


@pytest.mark.parametrize(
    ("zone", "date", "expected"),
    [
        # From 22:00 of the day before the change to 06:00 of the day itself.
        ("Europe/Berlin", "2026-03-28", 7 * 60),
        ("Europe/Berlin", "2026-10-24", 9 * 60),
        ("America/New_York", "2026-03-07", 7 * 60),
        ("America/New_York", "2026-10-31", 9 * 60),
        ("Australia/Lord_Howe", "2026-10-03", 7 * 60 + 30),
        ("Australia/Lord_Howe", "2026-04-04", 8 * 60 + 30),
        ("Asia/Kathmandu", "2026-03-28", 8 * 60),
        ("America/St_Johns", "2026-10-31", 9 * 60),
        # The night into the day that never was: two hours, and the day after six.
        ("Pacific/Apia", "2011-12-29", 2 * 60),
        ("Africa/Casablanca", "2026-02-14", 9 * 60),
        ("Asia/Tehran", "2022-03-21", 7 * 60),
        ("America/Santiago", "2026-04-04", 9 * 60),
        ("Antarctica/Troll", "2026-03-28", 6 * 60),
        ("Antarctica/Troll", "2026-10-24", 10 * 60),
    ],
)
def test_a_night_over_a_change_of_the_clock_ends_when_the_clock_says_so(
    zone, date, expected
):
    day = datetime.fromisoformat(date)
    definition = defined(zone, ([day.isoweekday()], "22:00", "06:00"))
    week = Span(utc(date) - timedelta(days=3), utc(date) + timedelta(days=3))

    assert minutes(active_spans(definition, {}, week)) == expected


def test_without_a_definition_it_is_always_active():
    assert is_active(None, {}, utc("2026-03-02T03:00"))
    assert next_change(None, {}, utc("2026-03-02T03:00")) is None


def test_the_end_of_a_window_is_not_in_it():
    office = defined("UTC", (WEEKDAYS, "08:00", "18:00"))

    assert not is_active(office, {}, utc("2026-03-02T07:59:59"))
    assert is_active(office, {}, utc("2026-03-02T08:00"))
    assert is_active(office, {}, utc("2026-03-02T17:59:59"))
    assert not is_active(office, {}, utc("2026-03-02T18:00"))


def test_a_window_across_midnight_belongs_to_the_day_it_starts_on():
    friday_night = defined("UTC", ([5], "22:00", "06:00"))

    assert is_active(friday_night, {}, utc("2026-03-06T23:00"))
    assert is_active(friday_night, {}, utc("2026-03-07T05:59"))
    assert not is_active(friday_night, {}, utc("2026-03-06T05:00"))
    assert not is_active(friday_night, {}, utc("2026-03-07T23:00"))


MEETING = item("2026-03-04T00:00", "2026-03-05T00:00")
ON, REST, NONE = 1, 2, 3


@pytest.mark.parametrize(
    ("named", "day", "active"),
    [
        pytest.param({"rest_calendars": [REST]}, "2026-03-03", True, id="no rest today"),
        pytest.param({"rest_calendars": [REST]}, "2026-03-04", False, id="rest"),
        pytest.param({"calendars": [ON]}, "2026-03-04", True, id="on"),
        pytest.param({"calendars": [ON]}, "2026-03-03", False, id="not on today"),
        pytest.param(
            {"calendars": [ON], "rest_calendars": [REST]}, "2026-03-04", True,
            id="on wins over rest",
        ),
        pytest.param({"calendars": [NONE]}, "2026-03-03", True, id="one that is no more"),
        pytest.param({"calendars": [4]}, "2026-03-03", False, id="one without items"),
    ],
)  # fmt: skip
def test_the_order_in_which_calendars_decide(named, day, active):
    calendars = {ON: [MEETING], REST: [MEETING], 4: []}
    at = utc(f"{day}T12:00")

    assert is_active(defined("UTC", **named), calendars, at) == active


def test_outside_the_windows_no_calendar_makes_it_active():
    definition = defined("UTC", (WEEKDAYS, "08:00", "18:00"), calendars=[ON])

    assert is_active(definition, {ON: [MEETING]}, utc("2026-03-04T12:00"))
    assert not is_active(definition, {ON: [MEETING]}, utc("2026-03-04T20:00"))


def test_the_next_change_is_the_end_or_the_beginning():
    office = defined("Europe/Berlin", (WEEKDAYS, "08:00", "18:00"))

    assert next_change(office, {}, utc("2026-03-06T12:00")) == utc("2026-03-06T17:00")
    # Friday evening to Monday morning.
    assert next_change(office, {}, utc("2026-03-06T17:00")) == utc("2026-03-09T07:00")
    # Over the change of the clock: 08:00 is an hour earlier by UTC.
    assert next_change(office, {}, utc("2026-03-27T17:00")) == utc("2026-03-30T06:00")


def test_a_change_is_found_when_it_is_months_away():
    new_year = item("2020-01-01T00:00", "2020-01-02T00:00", "FREQ=YEARLY")
    rest = defined("UTC", rest_calendars=[REST])

    change = next_change(rest, {REST: [new_year]}, utc("2026-03-02T12:00"))

    assert change == utc("2027-01-01T00:00")


def test_a_change_that_does_not_come_is_not_looked_for_for_ever():
    late = item("2030-01-01T00:00", "2030-01-02T00:00")

    assert next_change(defined("UTC"), {}, utc("2026-03-02T12:00")) is None
    assert (
        next_change(
            defined("UTC", calendars=[ON]), {ON: [late]}, utc("2026-03-02T12:00")
        )
        is None
    )


def test_a_change_at_the_edge_of_a_portion_is_found():
    # Eight days ahead, to the minute: where the first portion of the search ends.
    later = item("2026-03-10T12:00", "2026-03-10T13:00")

    change = next_change(
        defined("UTC", calendars=[ON]), {ON: [later]}, utc("2026-03-02T12:00")
    )

    assert change == utc("2026-03-10T12:00")


ZONES = sorted({zone for zone, *_rest in CHANGES})
CLOCKS = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59))
WINDOWS = st.tuples(
    st.lists(st.sampled_from(EVERY_DAY), min_size=1, max_size=4), CLOCKS, CLOCKS
).filter(lambda window: window[1] != window[2])
ITEMS = st.builds(
    lambda day, hours, length, rule, zone: Recurring(
        wall("2026-03-01") + timedelta(days=day, hours=hours),
        wall("2026-03-01") + timedelta(days=day, hours=hours + length),
        ZoneInfo(zone),
        rule,
    ),
    st.integers(0, 40),
    st.integers(0, 23),
    st.integers(1, 60),
    st.sampled_from(["", "FREQ=DAILY;INTERVAL=3", "FREQ=WEEKLY;BYDAY=SU,TU"]),
    st.sampled_from(ZONES),
)


@settings(max_examples=60, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    windows=st.lists(WINDOWS, max_size=3),
    on=st.lists(ITEMS, max_size=2),
    rest=st.lists(ITEMS, max_size=2),
    named=st.sampled_from([{}, {"calendars": [ON]}, {"rest_calendars": [REST]},
                           {"calendars": [ON], "rest_calendars": [REST]}]),
    day=st.integers(0, 40),
)  # fmt: skip
def test_spans_moments_and_the_next_change_say_the_same(
    zone, windows, on, rest, named, day
):
    definition, calendars = defined(zone, *windows, **named), {ON: on, REST: rest}
    start = utc("2026-03-01") + timedelta(days=day)
    within = Span(start, start + timedelta(days=3))

    spans = active_spans(definition, calendars, within)

    for n in range(0, 3 * 24 * 60, 15):
        at = start + n * MINUTE
        assert is_active(definition, calendars, at) == any(
            a <= at < b for a, b in spans
        )
    change = next_change(definition, calendars, start)
    now = is_active(definition, calendars, start)
    if change is None:
        assert is_active(definition, calendars, start + HORIZON - MINUTE) == now
    else:
        assert is_active(definition, calendars, change) != now
        assert is_active(definition, calendars, change - MINUTE) == now


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        ([], "timezone"),
        ({}, "timezone"),
        ({"timezone": "UTC", "wekly": []}, "rest_calendars"),
        ({"timezone": "Mars/Olympus"}, "'Mars/Olympus' is not a time zone"),
        ({"timezone": "UTC", "weekly": {}}, "must be a list"),
        ({"timezone": "UTC", "weekly": [{}]}, "days, start and end"),
        ({"timezone": "UTC", "weekly": [{"days": [], "start": "08:00", "end": "09:00"}]}, "1 (Monday) to 7"),
        ({"timezone": "UTC", "weekly": [{"days": [0], "start": "08:00", "end": "09:00"}]}, "[0]"),
        ({"timezone": "UTC", "weekly": [{"days": [1], "start": "8:00", "end": "09:00"}]}, "'8:00'"),
        ({"timezone": "UTC", "weekly": [{"days": [1], "start": "24:00", "end": "09:00"}]}, "'24:00'"),
        ({"timezone": "UTC", "weekly": [{"days": [1], "start": "08:00", "end": "08:00"}]}, "a whole day is 00:00 to 24:00"),
        ({"timezone": "UTC", "weekly": [{"days": [1], "start": "00:00", "end": "00:00"}]}, "a whole day is 00:00 to 24:00"),
        ({"timezone": "UTC", "calendars": "all"}, "calendars must be a list"),
        ({"timezone": "UTC", "calendars": [True]}, "calendars must be a list"),
        ({"timezone": "UTC", "calendars": [7], "rest_calendars": [7]}, "calendar 7"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_definition_is_named(raw, told):
    with pytest.raises(InvalidInput) as caught:
        parse_active_time(raw)

    assert told in str(caught.value)
    assert set(caught.value.fields) == {"active_time"}
