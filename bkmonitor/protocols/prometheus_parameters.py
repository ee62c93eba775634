"""The parameters of Prometheus' query API: read as Prometheus reads them.

https://prometheus.io/docs/prometheus/latest/querying/api/
"""

import math
from datetime import UTC, datetime

from django.http import HttpRequest, QueryDict

from bkmonitor.lib.durations import parse_duration
from bkmonitor.lib.errors import InvalidInput

MOST_POINTS = 11_000
# How Go's clients write "from the beginning" and "to the end".
FIRST, LAST = "-292273086-05-16T16:47:06Z", "292277025-08-18T07:12:54.999999999Z"
LATEST = 253402300799.0  # the end of the year 9999


class Asked:
    """What a request asks for, in its query string or in a form; the form first."""

    def __init__(self, request: HttpRequest) -> None:
        self._sources: tuple[QueryDict, ...] = (request.POST, request.GET)

    def every(self, name: str) -> list[str]:
        """Return all values of a parameter."""
        return [value for source in self._sources for value in source.getlist(name)]

    def text(self, name: str) -> str:
        """Return the first value of a parameter; "" if there is none."""
        return next(iter(self.every(name)), "")

    def time(self, name: str, default: float | None = None) -> float:
        """Return a moment in Unix seconds, given as such or in RFC 3339."""
        raw = self.text(name)
        if not raw and default is not None:
            return default
        found = parse_time(raw)
        if found is None:
            raise invalid(name, f'cannot parse "{raw}" to a valid timestamp')
        return found

    def duration(self, name: str, default: float | None = None) -> float:
        """Return a length in seconds, given as a number or like 1h30m."""
        raw = self.text(name)
        if not raw and default is not None:
            return default
        found = parse_duration(raw)
        if found is None:
            raise invalid(name, f'cannot parse "{raw}" to a valid duration')
        return found

    def count(self, name: str) -> int:
        """Return a whole number; 0 if there is none."""
        raw = self.text(name) or "0"
        if not raw.isdecimal() or len(raw) > 9:
            raise invalid(name, f'cannot parse "{raw}" to a non-negative number')
        return int(raw)

    def span(self) -> tuple[float, float, float]:
        """Return start, end and step of a range, in seconds, at most 11,000 points."""
        start, end, step = self.time("start"), self.time("end"), self.duration("step")
        if end < start:
            raise invalid("end", "end timestamp must not be before start time")
        if step <= 0:
            raise invalid(
                "step",
                "zero or negative query resolution step widths are not accepted."
                " Try a positive integer",
            )
        if (end - start) / step > MOST_POINTS:
            raise InvalidInput(
                "exceeded maximum resolution of 11,000 points per timeseries."
                " Try decreasing the query resolution (?step=XX)"
            )
        return start, end, step


def parse_time(raw: str) -> float | None:
    """Return Unix seconds; None for what is no time."""
    if raw in (FIRST, LAST):
        return 0.0 if raw == FIRST else LATEST
    try:
        number = float(raw)
    except ValueError:
        return _parse_date(raw)
    return min(number, LATEST) if math.isfinite(number) else None


def invalid(name: str, why: str) -> InvalidInput:
    """Return the error in the words of Prometheus."""
    sentence = f'invalid parameter "{name}": {why}'
    return InvalidInput(sentence, {name: why})


def _parse_date(raw: str) -> float | None:
    if "T" not in raw.upper():
        return None
    try:
        moment = datetime.fromisoformat(raw)
    except ValueError:
        return None
    return (
        moment.timestamp() if moment.tzinfo else moment.replace(tzinfo=UTC).timestamp()
    )
