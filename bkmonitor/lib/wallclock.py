"""What a clock on the wall of a time zone shows, and when it shows it.

People say "from 22:00 to 06:00" and mean the clock on their wall. When the clock is
put forward, some of its times never come; when it is put back, some come twice. Here
the wall decides: a moment belongs to a stretch of wall time if the clock shows a time
in it at that moment, no more and no less. So a time that never comes has no moments,
a stretch that begins in the gap begins when the clock has jumped over it, and of an
hour that comes twice both are meant. Every other rule has to choose, and to explain.
"""

import re
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, available_timezones

from bkmonitor.lib.errors import InvalidInput
from bkmonitor.lib.spans import Span, union

# What the clock on a wall shows: a datetime without a zone, and never a moment.
Wall = datetime

# No clock is farther from UTC.
FARTHEST = timedelta(hours=26)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
WRITTEN = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d\Z", re.ASCII)
YEARS = range(1970, 2200)


def zone_of(name: str, *, field: str = "time_zone") -> ZoneInfo:
    """Return the zone of that IANA name; InvalidInput, for `field`, if there is none."""
    if name not in _names():
        told = f"{name!r} is not a time zone"
        raise InvalidInput(told, {field: told})
    return ZoneInfo(name)


def parse_wall(text: object, *, field: str) -> Wall:
    """Return the wall time of a text such as 2026-12-24T18:00; InvalidInput for another."""
    try:
        if not isinstance(text, str) or not WRITTEN.match(text):
            raise ValueError(text)
        wall = datetime.fromisoformat(text)
    except ValueError as error:
        told = f"{text!r} is not a time such as 2026-12-24T18:00"
        raise InvalidInput(told, {field: told}) from error
    if wall.year not in YEARS:
        told = f"{text!r} is not between {YEARS[0]} and {YEARS[-1]}"
        raise InvalidInput(told, {field: told})
    return wall


def write_wall(wall: Wall) -> str:
    """Return a wall time as it is kept, sent and typed: 2026-12-24T18:00."""
    return wall.isoformat(timespec="minutes")


def wall_at(zone: ZoneInfo, at: datetime) -> Wall:
    """Return what the clock on the wall shows at a moment."""
    return at.astimezone(zone).replace(tzinfo=None, fold=0)


def showing(zone: ZoneInfo, start: Wall, end: Wall) -> list[Span]:
    """Return when the clock shows a time from `start` to before `end`.

    One span, as a rule; two where the clock is put back over the end or over the
    start of a short stretch; none where it jumps over all of it.
    """
    if start >= end:
        return []
    first = start.replace(tzinfo=UTC) - FARTHEST
    last = end.replace(tzinfo=UTC) + FARTHEST
    found = []
    for piece, offset in _pieces(zone, Span(first, last)):
        found.append(
            Span(
                max(piece.start, start.replace(tzinfo=UTC) - offset),
                min(piece.end, end.replace(tzinfo=UTC) - offset),
            )
        )
    return union(found)


@cache
def _names() -> set[str]:
    """Return the names of all zones; asking costs a walk through the file system."""
    return available_timezones()


def _pieces(zone: ZoneInfo, span: Span) -> list[tuple[Span, timedelta]]:
    """Cut a span where the clock is put forward or back; each with its distance from UTC."""
    years = range(span.start.year, span.end.year + 1)
    cuts = [at for year in years for at in _shifts(zone, year)]
    edges = [span.start, *(at for at in cuts if span.start < at < span.end), span.end]
    return [
        (Span(start, end), _offset(zone, start))
        for start, end in zip(edges, edges[1:], strict=False)
    ]


@lru_cache(maxsize=1024)
def _shifts(zone: ZoneInfo, year: int) -> tuple[datetime, ...]:
    """Return when in a year of UTC the clock is put forward or back.

    zoneinfo does not tell, so every day is asked; none has two changes.
    """
    day, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
    found = []
    while day < end:
        if _offset(zone, day) != _offset(zone, day + DAY):
            found.append(_shift_after(zone, day))
        day += DAY
    return tuple(found)


def _shift_after(zone: ZoneInfo, day: datetime) -> datetime:
    before, after = day, day + DAY
    while after - before > SECOND:
        middle = before + timedelta(seconds=(after - before).total_seconds() // 2)
        if _offset(zone, middle) == _offset(zone, day):
            before = middle
        else:
            after = middle
    return after


def _offset(zone: ZoneInfo, at: datetime) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta()
