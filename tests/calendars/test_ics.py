from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from bkmonitor.calendars.ics import read_ics
from bkmonitor.lib.errors import InvalidInput
from tests.calendars.files import file

BERLIN = ZoneInfo("Europe/Berlin")


def read(*events):
    return read_ics(file(*events), BERLIN)


def wall(text):
    return datetime.fromisoformat(text)


def test_a_day_is_a_day_where_the_calendar_is():
    (draft,) = read(
        """UID:christmas@example.org
        SUMMARY:Christmas\\, both days
        DTSTART;VALUE=DATE:20261225
        DTEND;VALUE=DATE:20261227
        RRULE:FREQ=YEARLY"""
    ).drafts

    assert (draft.name, draft.rule) == ("Christmas, both days", "FREQ=YEARLY")
    assert (draft.start, draft.end) == (wall("2026-12-25"), wall("2026-12-27"))
    assert (draft.zone, draft.uid) == (BERLIN, "christmas@example.org")


def test_a_day_without_an_end_is_one_day():
    (draft,) = read("DTSTART;VALUE=DATE:20261225").drafts

    assert draft.end == wall("2026-12-26")


@pytest.mark.parametrize(
    ("start", "zone", "shown"),
    [
        ("DTSTART:20260302T090000", "Europe/Berlin", "09:00"),
        ("DTSTART:20260302T090000Z", "UTC", "09:00"),
        ("DTSTART;TZID=Asia/Kathmandu:20260302T090000", "Asia/Kathmandu", "09:00"),
        ("DTSTART;TZID=China Standard Time:20260302T090000", "Asia/Shanghai", "09:00"),
    ],
)
def test_a_time_is_that_of_the_zone_it_names(start, zone, shown):
    (draft,) = read(f"{start}\nDURATION:PT90M").drafts

    assert draft.zone.key == zone
    assert (f"{draft.start:%H:%M}", f"{draft.end:%H:%M}") == (shown, "10:30")


def test_an_occurrence_that_was_moved_is_an_item_of_its_own():
    series, moved = read(
        """UID:1
        DTSTART;TZID=Europe/Berlin:20260302T090000
        DURATION:PT1H
        RRULE:FREQ=WEEKLY
        EXDATE;TZID=Europe/Berlin:20260309T090000""",
        """UID:1
        RECURRENCE-ID:20260316T080000Z
        DTSTART;TZID=Europe/Berlin:20260316T110000
        DURATION:PT1H""",
    ).drafts

    assert series.exceptions == {wall("2026-03-09T09:00"), wall("2026-03-16T09:00")}
    assert (moved.start, moved.rule) == (wall("2026-03-16T11:00"), "")


def test_what_was_called_off_is_not_on():
    found = read(
        """UID:1
        DTSTART;VALUE=DATE:20260302
        RRULE:FREQ=WEEKLY""",
        """UID:1
        RECURRENCE-ID;VALUE=DATE:20260309
        STATUS:CANCELLED
        DTSTART;VALUE=DATE:20260309""",
        "DTSTART;VALUE=DATE:20260401\nSTATUS:CANCELLED",
    )

    (draft,) = found.drafts
    assert draft.exceptions == {wall("2026-03-09")}
    assert found.skipped == []


def test_further_dates_are_items_of_their_own():
    drafts = read(
        """DTSTART;VALUE=DATE:20260302
        RDATE;VALUE=DATE:20260310,20260320"""
    ).drafts

    assert [f"{draft.start:%m-%d}" for draft in drafts] == ["03-02", "03-10", "03-20"]


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ("SUMMARY:no start", "DTSTART"),
        ("DTSTART:2026030XT090000", "DTSTART"),
        ("DTSTART:20260302T090000\nDTEND:2026X", "DTEND"),
        ("DTSTART:20260302T090000", "takes no time"),
        ("DTSTART:20260302T090000\nDTEND:20260302T080000", "takes no time"),
        ("DTSTART:20260302T090000\nDTEND;VALUE=DATE:20260303", "both be days"),
        ("DTSTART;VALUE=DATE:20260302\nRRULE:FREQ=DAILY\nRRULE:FREQ=WEEKLY", "RRULE"),
        (
            "DTSTART;VALUE=DATE:20260302\nRECURRENCE-ID;RANGE=THISANDFUTURE:20260302",
            "all that follow",
        ),
    ],
)
def test_an_event_that_cannot_be_taken_says_why(event, reason):
    found = read(event, "DTSTART;VALUE=DATE:20260401")

    assert len(found.drafts) == 1
    (skipped,) = found.skipped
    assert reason in skipped.reason


def test_a_zone_that_the_file_made_up_is_not_guessed():
    zone = """BEGIN:VTIMEZONE
        TZID:Our own
        BEGIN:STANDARD
        DTSTART:19701025T030000
        TZOFFSETFROM:+0200
        TZOFFSETTO:+0100
        END:STANDARD
        END:VTIMEZONE"""
    own = "\r\n".join(line.strip() for line in zone.splitlines())
    event = "DTSTART;TZID=Our own:20260302T090000\nDURATION:PT1H"
    text = file(event).replace("BEGIN:VEVENT", f"{own}\r\nBEGIN:VEVENT")

    (skipped,) = read_ics(text, BERLIN).skipped

    assert "Our own" in skipped.reason


@pytest.mark.parametrize(
    "text",
    ["", "hello", "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n", file(), "x" * 1_000_001],
    ids=["nothing", "no calendar", "cut short", "no events", "too long"],
)
def test_what_is_no_calendar_is_refused(text):
    with pytest.raises(InvalidInput) as caught:
        read_ics(text, BERLIN)

    assert set(caught.value.fields) == {"ics"}
