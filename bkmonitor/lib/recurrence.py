"""Stretches of wall time that come again by the rules of iCalendar."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from dateutil.rrule import rrule, rrulestr

from bkmonitor.lib.errors import InvalidInput
from bkmonitor.lib.spans import Span, intersection, union
from bkmonitor.lib.wallclock import FARTHEST, Wall, showing, wall_at

FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
PARTS = frozenset(
    ("FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY", "BYMONTHDAY", "BYMONTH")
) | {"BYSETPOS", "BYYEARDAY", "BYWEEKNO"}
LONGEST_RULE = 500
MOST_TIMES = 10_000
LARGEST_INTERVAL = 1_000
# The Gregorian calendar comes again after 400 years, to the day of the week.
CYCLE = 400
DAY = timedelta(days=1)
LAST_MOMENT = "%Y%m%dT235959"


@dataclass(frozen=True, slots=True)
class Recurring:
    """From `start` to before `end` on the wall of `zone`, and again by `rule`.

    rule        an RRULE of iCalendar without its name, as `check_rule` returns it;
                empty for what happens once.
    exceptions  starts that the rule gives and that are left out.

    What lasts from 22:00 to 06:00 ends at 06:00 each time, also in the night in which
    the clock is changed. An exact number of hours would end at 05:00 or 07:00.
    """

    start: Wall
    end: Wall
    zone: ZoneInfo
    rule: str = ""
    exceptions: frozenset[Wall] = frozenset()

    @property
    def length(self) -> timedelta:
        """Return how far the clock goes from start to end."""
        return self.end - self.start

    def starts(self, first: Wall, last: Wall) -> list[Wall]:
        """Return, in order, the starts of what overlaps the wall time [first, last)."""
        earliest = first - self.length
        years = range(earliest.year, last.year + 1)
        return [
            start
            for year in years
            for start in _starts_in(self.rule, self.start, year)
            if earliest < start < last and start not in self.exceptions
        ]

    def covers(self, at: datetime) -> bool:
        """Tell whether the moment `at` lies in one of the stretches."""
        wall = wall_at(self.zone, at)
        return bool(self.starts(wall, wall + timedelta.resolution))

    def spans(self, within: Span) -> list[Span]:
        """Return the moments of all stretches, as far as they are within a span."""
        found = (span for _start, spans in self._near(within) for span in spans)
        return intersection(union(found), [within])

    def occurrences(self, within: Span) -> list[tuple[Wall, Span]]:
        """Return each stretch that has moments in a span, whole, by its start."""
        return [
            (start, Span(spans[0].start, spans[-1].end))
            for start, spans in self._near(within)
            if intersection(spans, [within])
        ]

    def _near(self, within: Span) -> Iterator[tuple[Wall, list[Span]]]:
        first = within.start.astimezone(UTC).replace(tzinfo=None) - FARTHEST
        last = within.end.astimezone(UTC).replace(tzinfo=None) + FARTHEST
        for start in self.starts(first, last):
            yield start, showing(self.zone, start, start + self.length)


def check_rule(text: str, start: Wall, zone: ZoneInfo) -> str:
    """Return an RRULE in the form in which it is kept; empty stays empty.

    Upper case, no "RRULE:", and UNTIL as the end of the last day on which it may begin:
    each day has one start at most. Rules by the hour and finer are no matter of
    calendars.

    Errors  InvalidInput, for the field `rule`, naming the part that is wrong; also for
            a rule that never comes true, such as every 30th of February.
    Source  RFC 5545, 3.3.10, by dateutil.
    """
    if not text.strip():
        return ""
    parts = _parts(text)
    if "UNTIL" in parts:
        parts["UNTIL"] = _last_day(parts["UNTIL"], start, zone)
    rule = _joined(parts)
    try:
        _parsed(rule, start)
        unending = _joined({k: v for k, v in parts.items() if k != "UNTIL"})
        # Searched where little of time is left: in vain, it goes on to the year 9999.
        late = start.replace(year=start.year + (9999 - start.year) // CYCLE * CYCLE)
        once = _parsed(unending, late).after(late, inc=True)
    except (ValueError, IndexError, TypeError, OverflowError) as error:
        raise _wrong(f"{text!r} is no RRULE: {error}") from error
    if once is None:
        raise _wrong(f"{text!r} never comes true")
    return rule


def rule_before(rule: str, cut: Wall) -> str:
    """Return the rule of what comes before `cut`, which is one of its starts."""
    kept = {k: v for k, v in _pairs(rule) if k not in ("COUNT", "UNTIL")}
    return _joined(kept | {"UNTIL": f"{cut - DAY:{LAST_MOMENT}}"})


def rule_from(rule: str, start: Wall, cut: Wall) -> str:
    """Return the rule of what comes from `cut` on, which is one of its starts."""
    parts = dict(_pairs(rule))
    if "COUNT" in parts:
        years = range(start.year, cut.year + 1)
        gone = sum(at < cut for year in years for at in _starts_in(rule, start, year))
        parts["COUNT"] = str(int(parts["COUNT"]) - gone)
    return _joined(parts)


@lru_cache(maxsize=8192)
def _starts_in(rule: str, start: Wall, year: int) -> tuple[Wall, ...]:
    if not rule:
        return (start,) if start.year == year else ()
    if year < start.year:
        return ()
    first = start.replace(year=year, month=1, day=1, hour=0, minute=0)
    last = first.replace(month=12, day=31, hour=23, minute=59)
    return tuple(_parsed(rule, start).between(first, last, inc=True))


def _parsed(rule: str, start: Wall) -> rrule:
    found = rrulestr(rule, dtstart=start)
    assert isinstance(found, rrule)
    return found


def _parts(text: str) -> dict[str, str]:
    """Return the parts of a rule that someone wrote, in their order."""
    plain = text.strip().upper().removeprefix("RRULE:").rstrip(";")
    if len(plain) > LONGEST_RULE:
        raise _wrong(f"the rule has more than {LONGEST_RULE} characters")
    parts: dict[str, str] = {}
    for name, value in _pairs(plain):
        if name not in PARTS or not value or name in parts:
            raise _wrong(f"{name!r} is no part of a rule, is empty or comes twice")
        parts[name] = value
    if parts.get("FREQ") not in FREQUENCIES:
        raise _wrong(f"FREQ must be one of {', '.join(FREQUENCIES)}")
    if "COUNT" in parts and "UNTIL" in parts:
        raise _wrong("a rule has COUNT or UNTIL, not both")
    _check_number(parts, "INTERVAL", LARGEST_INTERVAL)
    _check_number(parts, "COUNT", MOST_TIMES)
    return parts


def _check_number(parts: dict[str, str], name: str, most: int) -> None:
    value = parts.get(name, "1")
    if not (value.isascii() and value.isdigit() and 1 <= int(value[:9]) <= most):
        raise _wrong(f"{name} must be from 1 to {most}, not {value!r}")


def _last_day(value: str, start: Wall, zone: ZoneInfo) -> str:
    """Return the end of the last day that an UNTIL allows: a moment in UTC, wall time, or a day."""
    try:
        if "T" not in value:
            return f"{_read(value, '%Y%m%d'):{LAST_MOMENT}}"
        until = _read(value.removesuffix("Z"), "%Y%m%dT%H%M%S")
        if value.endswith("Z"):
            until = wall_at(zone, until.replace(tzinfo=UTC))
        if until.time() < start.time():
            until -= DAY
        return f"{until:{LAST_MOMENT}}"
    except (ValueError, OverflowError) as error:
        raise _wrong(f"UNTIL={value} is not a moment") from error


def _read(value: str, form: str) -> Wall:
    return datetime.strptime(value, form).replace(tzinfo=UTC).replace(tzinfo=None)


def _pairs(rule: str) -> list[tuple[str, str]]:
    return [
        (name, value) for name, _, value in (p.partition("=") for p in rule.split(";"))
    ]


def _joined(parts: dict[str, str]) -> str:
    return ";".join(f"{name}={value}" for name, value in parts.items())


def _wrong(told: str) -> InvalidInput:
    return InvalidInput(told, {"rule": told})
