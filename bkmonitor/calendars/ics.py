"""What an .ics file says, as items of a calendar."""

import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from icalendar import Calendar

from bkmonitor.lib.errors import InvalidInput
from bkmonitor.lib.wallclock import Wall

LONGEST = 1_000_000
DAY = timedelta(days=1)

# A bag of properties of thirty types; what is asked of them is guarded where it is.
Event = Any


@dataclass(frozen=True, slots=True)
class Draft:
    """An item as the file has it; its times are those of the wall of `zone`."""

    name: str
    start: Wall
    end: Wall
    zone: ZoneInfo
    rule: str = ""
    exceptions: frozenset[Wall] = frozenset()
    uid: str = ""


@dataclass(frozen=True, slots=True)
class Skipped:
    """An event that could not be taken, and why."""

    name: str
    reason: str


@dataclass(slots=True)
class Read:
    """What was found in a file."""

    drafts: list[Draft] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)


def read_ics(text: str, zone: ZoneInfo) -> Read:
    """Return the events of an .ics file; those that cannot be taken, with the reason.

    `zone` is that of days, and of times that name none. An occurrence that was moved
    or called off is left out of its series, and the moved one is an item by itself;
    further dates of a series are items by themselves, too. A change to "this and all
    that follow" is skipped: in files it is a series of its own.

    Errors  InvalidInput, for the field `ics`, when the text is no calendar.
    Source  RFC 5545, by icalendar.
    """
    if len(text) > LONGEST:
        raise _wrong(f"the file has more than {LONGEST} characters")
    with warnings.catch_warnings():
        # Guesses about the names of zones are good enough for us.
        warnings.simplefilter("ignore")
        try:
            parsed = Calendar.from_ical(text)
        except (ValueError, KeyError, IndexError, TypeError) as error:
            raise _wrong(f"this is no iCalendar: {str(error)[:200]}") from error
        events = parsed.walk("VEVENT")
        read = Read()
        for event in events:
            _take(event, zone, read)
    if not events:
        raise _wrong("the file has no events")
    _leave_out(read, _detached(events, zone))
    return read


def _take(event: Event, zone: ZoneInfo, read: Read) -> None:
    name = str(event.get("SUMMARY", "")).strip()[:200] or "?"
    if str(event.get("STATUS", "")).upper() == "CANCELLED":
        return
    try:
        read.drafts += _drafts(event, name, zone)
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        read.skipped.append(Skipped(name, str(error)[:200]))


def _drafts(event: Event, name: str, zone: ZoneInfo) -> Iterator[Draft]:
    """Yield the event, and further dates of it; ValueError says what cannot be taken."""
    if event.errors:
        raise ValueError("; ".join(f"{what}: {why}" for what, why in event.errors))
    began = event["DTSTART"].dt
    home = _zone(began, zone)
    start, end = _wall(began, home), _wall(_end(event, began), home)
    if isinstance(event.get("RRULE"), list):
        raise ValueError("more than one RRULE")
    if "RECURRENCE-ID" in event and event["RECURRENCE-ID"].params.get("RANGE"):
        raise ValueError("a change to this and all that follow")
    rule = event["RRULE"].to_ical().decode() if "RRULE" in event else ""
    left_out = frozenset(_wall(day, home) for day in _dates(event, "EXDATE"))
    uid = str(event.get("UID", ""))[:255]
    draft = Draft(name, start, end, home, rule, left_out, uid)
    yield draft
    for day in _dates(event, "RDATE"):
        again = _wall(day[0] if isinstance(day, tuple) else day, home)
        if again != start:
            yield replace(
                draft, start=again, end=again + (end - start), rule="", exceptions=frozenset()
            )  # fmt: skip


def _end(event: Event, began: date) -> date:
    end: date
    if "DTEND" in event:
        end = event["DTEND"].dt
    elif "DURATION" in event:
        end = began + event["DURATION"].dt
    else:
        # A day without an end is that day; a time without one takes no time.
        end = began if isinstance(began, datetime) else began + DAY
    if isinstance(end, datetime) != isinstance(began, datetime):
        raise ValueError("DTSTART and DTEND must both be days or both be times")
    if end <= began:
        raise ValueError("it takes no time")
    return end


def _zone(at: date, zone: ZoneInfo) -> ZoneInfo:
    """Return the zone that a time names; ValueError for one that the file made up."""
    own = at.tzinfo if isinstance(at, datetime) else None
    if own is None:
        return zone
    if not isinstance(own, ZoneInfo):
        raise ValueError(f"the time zone {own} is not one of the IANA database")
    return own


def _wall(at: date, zone: ZoneInfo) -> Wall:
    """Return what the wall of `zone` shows at a time or at the beginning of a day."""
    if not isinstance(at, datetime):
        return datetime.combine(at, time.min)
    there = at.astimezone(zone) if at.tzinfo else at
    return there.replace(tzinfo=None, fold=0, second=0, microsecond=0)


def _dates(event: Event, name: str) -> Iterator[Any]:
    found = event.get(name, [])
    for dates in found if isinstance(found, list) else [found]:
        yield from (each.dt for each in dates.dts)


def _detached(events: Iterable[Event], zone: ZoneInfo) -> dict[str, set[Wall]]:
    """Return, by UID, the occurrences that are told apart from their series."""
    found: dict[str, set[Wall]] = {}
    series = {str(e.get("UID", "")): e for e in events if "RECURRENCE-ID" not in e}
    for event in events:
        uid = str(event.get("UID", ""))[:255]
        if "RECURRENCE-ID" in event and uid in series:
            try:
                home = _zone(series[uid]["DTSTART"].dt, zone)
                at = _wall(event["RECURRENCE-ID"].dt, home)
            except (ValueError, TypeError, AttributeError, KeyError):
                continue  # the series itself was skipped, and said why
            found.setdefault(uid, set()).add(at)
    return found


def _leave_out(read: Read, detached: Mapping[str, set[Wall]]) -> None:
    read.drafts = [
        replace(draft, exceptions=draft.exceptions | detached.get(draft.uid, set()))
        if draft.rule
        else draft
        for draft in read.drafts
    ]


def _wrong(told: str) -> InvalidInput:
    return InvalidInput(told, {"ics": told})
