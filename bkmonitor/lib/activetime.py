"""When people are to be told: hours of the week, and calendars of days on and off."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bkmonitor.lib.errors import InvalidInput
from bkmonitor.lib.recurrence import Recurring
from bkmonitor.lib.spans import Span, difference, intersection, union
from bkmonitor.lib.wallclock import FARTHEST, showing, wall_at, zone_of
from bkmonitor.lib.weekly import Window, parse_windows

FIELD = "active_time"
PARTS = frozenset({"timezone", "weekly", "calendars", "rest_calendars"})
MOST_CALENDARS = 20
# How far ahead a change is looked for, and in what portions: most come within days.
HORIZON = timedelta(days=400)
PORTIONS = (timedelta(days=8), timedelta(days=32), HORIZON)
DAY = timedelta(days=1)

Calendars = Mapping[int, Sequence[Recurring]]


@dataclass(frozen=True, slots=True)
class ActiveTime:
    """When something is active; what is asked in this order decides:

    1. Outside the weekly windows, if there are any: not active.
    2. In an item of a calendar of `calendars`: active, whatever else is on.
    3. In an item of one of `rest_calendars`: not active.
    4. With `calendars` given and none of them on: not active.
    5. Else active.

    A calendar that does not exist counts as one that was not named: better told at a
    wrong hour than not at all.
    """

    zone: ZoneInfo
    windows: tuple[Window, ...] = ()
    calendars: tuple[int, ...] = ()
    rest_calendars: tuple[int, ...] = ()

    @property
    def named(self) -> frozenset[int]:
        """Return the keys of all calendars that have a say."""
        return frozenset(self.calendars) | frozenset(self.rest_calendars)


def parse_active_time(raw: Mapping[str, Any] | None) -> ActiveTime | None:
    """Return the definition of a row; None, for always, stays None.

    {"timezone": "Europe/Berlin", "weekly": [{"days": [1..7], "start": "22:00",
    "end": "06:00"}], "calendars": [ids], "rest_calendars": [ids]}; all but the time
    zone may be left out. InvalidInput, for the field `active_time`, names what is wrong.
    """
    if raw is None:
        return None
    if not isinstance(raw, Mapping) or not set(raw) <= PARTS or "timezone" not in raw:
        raise _wrong(f"needs a timezone and may have {', '.join(sorted(PARTS))}")
    named = [_keys(raw.get(name, []), name) for name in ("calendars", "rest_calendars")]
    if both := set(named[0]) & set(named[1]):
        raise _wrong(f"calendar {min(both)} cannot be both active and rest")
    return ActiveTime(
        zone_of(str(raw["timezone"]), field=FIELD),
        parse_windows(raw.get("weekly", []), field=FIELD),
        *named,
    )


def is_active(
    definition: ActiveTime | None, calendars: Calendars, at: datetime
) -> bool:
    """Tell whether the moment `at` is in the active time; None is always."""
    if definition is None:
        return True
    wall = wall_at(definition.zone, at)
    if definition.windows and not any(each.holds(wall) for each in definition.windows):
        return False
    if _covers(definition.calendars, calendars, at):
        return True
    if _covers(definition.rest_calendars, calendars, at):
        return False
    return not _known(definition.calendars, calendars)


def active_spans(
    definition: ActiveTime | None, calendars: Calendars, within: Span
) -> list[Span]:
    """Return the active time inside a span: in order, and apart from each other.

    `is_active` answers the same for every moment in it; a test holds the two together.
    """
    if definition is None:
        return [within]
    on = _spans(definition.calendars, calendars, within)
    if not _known(definition.calendars, calendars):
        rest = _spans(definition.rest_calendars, calendars, within)
        on = difference([within], rest)
    if definition.windows:
        on = intersection(on, _weekly(definition, within))
    return on


def next_change(
    definition: ActiveTime | None, calendars: Calendars, at: datetime
) -> datetime | None:
    """Return when active time next begins or ends, or None if not within HORIZON."""
    if definition is None:
        return None
    before = at
    for portion in PORTIONS:
        after = at + portion
        spans = active_spans(definition, calendars, Span(before, after))
        edges = [edge for span in spans for edge in span if before < edge < after]
        if edges:
            return min(edges)
        # Where one portion meets the next there is no edge unless the two differ.
        before = after - timedelta(minutes=1)
    return None


def _weekly(definition: ActiveTime, within: Span) -> list[Span]:
    return union(
        span
        for day in _days(definition.zone, within)
        for window in definition.windows
        if (wall := window.on(day.date())) is not None
        for span in showing(definition.zone, *wall)
    )


def _days(zone: ZoneInfo, within: Span) -> Iterator[datetime]:
    """Yield midnights of all days that may have to do with a span."""
    day = wall_at(zone, within.start - FARTHEST - DAY).replace(hour=0, minute=0)
    while day <= wall_at(zone, within.end + FARTHEST):
        yield day
        day += DAY


def _known(keys: Sequence[int], calendars: Calendars) -> bool:
    return any(key in calendars for key in keys)


def _covers(keys: Sequence[int], calendars: Calendars, at: datetime) -> bool:
    return any(item.covers(at) for key in keys for item in calendars.get(key, ()))


def _spans(keys: Sequence[int], calendars: Calendars, within: Span) -> list[Span]:
    return union(
        span
        for key in keys
        for item in calendars.get(key, ())
        for span in item.spans(within)
    )


def _keys(raw: Any, name: str) -> tuple[int, ...]:
    good = isinstance(raw, list | tuple) and len(raw) <= MOST_CALENDARS
    if not good or not all(type(key) is int and key > 0 for key in raw):
        raise _wrong(
            f"{name} must be a list of at most {MOST_CALENDARS} ids, not {raw!r}"
        )
    return tuple(dict.fromkeys(raw))


def _wrong(told: str) -> InvalidInput:
    return InvalidInput(f"{FIELD}: {told}", {FIELD: told})
