"""Windows of the week: "Monday to Friday, 22:00 to 06:00"."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from bkmonitor.lib.errors import InvalidInput
from bkmonitor.lib.wallclock import Wall

DAYS = frozenset(range(1, 8))
MIDNIGHT = 24 * 60
MOST = 50
CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Window:
    """From `start` to before `end` on some days of the week.

    days   ISO days, 1 is Monday: those on which it starts.
    start  minutes after midnight; so is `end`. An end that is not after the start
           is on the next day.
    """

    days: frozenset[int]
    start: int
    end: int

    def on(self, day: date) -> tuple[Wall, Wall] | None:
        """Return the window that starts on a day, as wall time."""
        if day.isoweekday() not in self.days:
            return None
        midnight = datetime.combine(day, time.min)
        length = self.end - self.start + (MIDNIGHT if self.end <= self.start else 0)
        start = midnight + timedelta(minutes=self.start)
        return start, start + timedelta(minutes=length)

    def holds(self, wall: Wall) -> bool:
        """Tell whether the clock shows a time of this window."""
        days = (wall.date(), wall.date() - timedelta(days=1))
        found = (self.on(day) for day in days)
        return any(window and window[0] <= wall < window[1] for window in found)


def parse_windows(
    raw: Sequence[Mapping[str, Any]], *, field: str
) -> tuple[Window, ...]:
    """Return windows from [{"days": [1..7], "start": "22:00", "end": "06:00"}].

    The end is not part of the window; "24:00" is midnight at the end of the day, and
    so is "00:00". InvalidInput, for `field`, names what is wrong.
    """
    if not isinstance(raw, list | tuple) or len(raw) > MOST:
        raise _wrong(field, f"the windows must be a list of at most {MOST}")
    return tuple(_parse(each, field) for each in raw)


def _parse(raw: Any, field: str) -> Window:
    if not isinstance(raw, Mapping) or set(raw) != {"days", "start", "end"}:
        raise _wrong(field, f"a window needs days, start and end, not {raw!r}")
    days = raw["days"]
    if not isinstance(days, list | tuple) or not days or not {*map(str, days)} <= {*map(str, DAYS)}:  # fmt: skip
        raise _wrong(field, f"the days must be some of 1 (Monday) to 7, not {days!r}")
    start, end = _minutes(raw["start"], field), _minutes(raw["end"], field)
    if start == MIDNIGHT:
        raise _wrong(field, "a window starts before '24:00'")
    if start == end % MIDNIGHT and (start, end) != (0, MIDNIGHT):
        told = f"from {raw['start']} to {raw['end']} is no time; a whole day is 00:00 to 24:00"
        raise _wrong(field, told)
    return Window(frozenset(int(day) for day in days), start, end)


def _minutes(text: Any, field: str) -> int:
    if text == "24:00":
        return MIDNIGHT
    match = CLOCK.match(text) if isinstance(text, str) else None
    if match is None:
        raise _wrong(field, f"{text!r} is not a time such as 08:30")
    return int(match[1]) * 60 + int(match[2])


def _wrong(field: str, told: str) -> InvalidInput:
    return InvalidInput(told, {field: told})
