"""Numbers, durations and moments in the reader's language and zone.

The active language and time zone are the reader's. Nothing here raises for a
strange parameter: an odd sentence is better than an alert that nobody hears of.
"""

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import dateformat, timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

from bkmonitor.lib.numbers import short_number
from bkmonitor.lib.units import format_apart, format_value

Params = Mapping[str, Any]

SEVERITIES = {
    1: gettext_lazy("Critical"),
    2: gettext_lazy("Warning"),
    3: gettext_lazy("Info"),
}
REASONS = {
    "fired": gettext_lazy("Firing"),
    "worsened": gettext_lazy("Became more severe"),
    "eased": gettext_lazy("Became less severe"),
    "resolved": gettext_lazy("Resolved"),
    "repeat": gettext_lazy("Still firing"),
    "test": gettext_lazy("Test message"),
}
UNITS = (
    (86400, ngettext_lazy("%(count)d day", "%(count)d days", "count")),
    (3600, ngettext_lazy("%(count)d hour", "%(count)d hours", "count")),
    (60, ngettext_lazy("%(count)d minute", "%(count)d minutes", "count")),
    (1, ngettext_lazy("%(count)d second", "%(count)d seconds", "count")),
)


def severity_word(severity: int) -> str:
    """Return the word for a severity from 1 to 3."""
    return str(SEVERITIES.get(severity, severity))


def reason_word(reason: str) -> str:
    """Return the word for the reason of a message."""
    return str(REASONS.get(reason, reason))


def number(value: object, digits: int = 6) -> str:
    """Return a number as short as it can be; Prometheus' words ("NaN", "+Inf") are numbers too."""
    plain = parse_number(value)
    if plain is None:
        return _("no value") if value is None else str(value) or _("no value")
    if not math.isfinite(plain):
        return _("no value") if math.isnan(plain) else f"{'-' * (plain < 0)}∞"
    return short_number(plain, digits)


def parse_number(value: object) -> float | None:
    """Return what is a number, be it written in a text; None for anything else."""
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None


def quantity(value: object, params: Params) -> str:
    """Return a value in the unit that the parameters name; without one, the number."""
    plain, unit = parse_number(value), str(params.get("unit") or "")
    return number(value) if plain is None or not unit else format_value(plain, unit)


def quantities_apart(value: object, other: object, params: Params) -> tuple[str, str]:
    """Return two values with as many digits as it takes to tell them apart.

    "90 is above the limit of 90" helps nobody.
    """
    plain, second = parse_number(value), parse_number(other)
    unit = str(params.get("unit") or "")
    if unit and plain is not None and second is not None:
        return format_apart(plain, second, unit)
    for digits in (6, 9, 12, 17):
        one, two = number(value, digits), number(other, digits)
        if one != two or value == other:
            break
    return one, two


def duration(length: object) -> str:
    """Return seconds, or a timedelta, in the two largest units that say something."""
    whole = _seconds(length)
    if whole is None:
        return _("an unknown time")
    if whole < 1:
        return _("less than a second")
    parts: list[str] = []
    for size, unit in UNITS:
        count, whole = divmod(whole, size)
        if parts or count:
            parts.append(str(unit % {"count": count}) if count else "")
    return " ".join(part for part in parts[:2] if part)


def _seconds(length: object) -> int | None:
    if isinstance(length, timedelta):
        length = length.total_seconds()
    seconds = parse_number(length)
    if seconds is None or not math.isfinite(seconds):
        return None
    return int(max(seconds, 0))


def moment(at: object) -> str:
    """Return a moment in the active time zone, with its distance from UTC.

    The distance and not the zone's short name: CST is three zones.
    """
    when = parse_moment(at)
    if when is None:
        return str(at) if at else _("never")
    try:
        local = timezone.localtime(when)
    except OverflowError:  # in the first or last hours that there are
        local = when
    # Translators: a format of Django's date filter.
    form = _("j M Y, H:i:s")
    return f"{dateformat.format(local, form)} {_offset(local)}"


def parse_moment(at: object) -> datetime | None:
    """Return an aware datetime for one or for its ISO form, None for anything else."""
    if isinstance(at, str):
        try:
            at = datetime.fromisoformat(at)
        except ValueError:
            return None
    if not isinstance(at, datetime):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _offset(local: datetime) -> str:
    minutes = int((local.utcoffset() or timedelta()).total_seconds() // 60)
    if not minutes:
        return "UTC"
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'+' if minutes > 0 else '-'}{hours}{f':{rest:02}' if rest else ''}"
