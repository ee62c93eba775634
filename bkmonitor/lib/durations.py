"""Lengths of time as Prometheus writes them: 1h30m."""

import math
import re

UNITS_MS = {
    "y": 365 * 86_400_000,
    "w": 7 * 86_400_000,
    "d": 86_400_000,
    "h": 3_600_000,
    "m": 60_000,
    "s": 1000,
    "ms": 1,
}
DURATION = re.compile("".join(rf"(?:(\d{{1,12}}){unit})?" for unit in UNITS_MS) + r"\Z")


def parse_duration(raw: str) -> float | None:
    """Return seconds, of 1h30m as of 5400; None for what is no duration."""
    try:
        number = float(raw)
    except ValueError:
        found = DURATION.match(raw)
        if not raw or found is None:
            return None
        counts = zip(found.groups(), UNITS_MS.values(), strict=True)
        return sum(int(count or 0) * unit for count, unit in counts) / 1000
    return number if math.isfinite(number) else None


def write_duration(seconds: float) -> str:
    """Return a length as parse_duration reads it, in weeks and years only if whole."""
    rest = round(seconds * 1000)
    parts = []
    for unit, size in UNITS_MS.items():
        if unit in ("y", "w") and rest % size:
            continue
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"
