"""Sentences, numbers, durations and moments in the reader's language and zone.

The active language and time zone are the reader's. Nothing here raises for a
strange parameter: an odd sentence is better than an alert that nobody hears of.
"""

import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import dateformat, timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

from bkmonitor.lib.numbers import short_number

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
COMPARISONS = {
    ">": gettext_lazy("The value %(value)s is above the limit of %(limit)s"),
    ">=": gettext_lazy("The value %(value)s is at or above the limit of %(limit)s"),
    "<": gettext_lazy("The value %(value)s is below the limit of %(limit)s"),
    "<=": gettext_lazy("The value %(value)s is at or below the limit of %(limit)s"),
    "==": gettext_lazy("The value is %(value)s, which it should not be"),
    "!=": gettext_lazy("The value is %(value)s and should be %(limit)s"),
}
UNITS = (
    (86400, ngettext_lazy("%(count)d day", "%(count)d days", "count")),
    (3600, ngettext_lazy("%(count)d hour", "%(count)d hours", "count")),
    (60, ngettext_lazy("%(count)d minute", "%(count)d minutes", "count")),
    (1, ngettext_lazy("%(count)d second", "%(count)d seconds", "count")),
)


def render(sentence: Params) -> str:
    """Return a sentence {"id", "params"} in words, with its full stop."""
    return _("%(clause)s.") % {"clause": clause(sentence)}


def clause(sentence: Params) -> str:
    """Return a sentence in words, without a full stop."""
    name, params = str(sentence.get("id", "")), sentence.get("params") or {}
    if name in SENTENCES:
        return SENTENCES[name](params)
    told = ", ".join(f"{key} {value}" for key, value in params.items())
    return f"{name}: {told}" if told else name


def severity_word(severity: int) -> str:
    """Return the word for a severity from 1 to 3."""
    return str(SEVERITIES.get(severity, severity))


def reason_word(reason: str) -> str:
    """Return the word for the reason of a message."""
    return str(REASONS.get(reason, reason))


def number(value: object, digits: int = 6) -> str:
    """Return a number as short as it can be; Prometheus' words ("NaN", "+Inf") are numbers too."""
    if value is None:
        return _("no value")
    try:
        plain = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return str(value) or _("no value")
    if not math.isfinite(plain):
        return _("no value") if math.isnan(plain) else f"{'-' * (plain < 0)}∞"
    return short_number(plain, digits)


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
    try:
        seconds = float(length)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None
    return int(max(seconds, 0)) if math.isfinite(seconds) else None


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


def _limit(params: Params) -> str:
    value, limit = params.get("value"), params.get("limit")
    words = COMPARISONS.get(str(params.get("operator")), COMPARISONS["!="])
    # "90 is above the limit of 90" helps nobody: more digits until they differ.
    for digits in (6, 9, 12, 17):
        told = {"value": number(value, digits), "limit": number(limit, digits)}
        if told["value"] != told["limit"] or value == limit:
            break
    return str(words % told)


def _any(params: Params) -> str:
    return _("The condition holds; the value is %(value)s") % {
        "value": number(params.get("value"))
    }


def _probe_down(params: Params) -> str:
    return _("%(target)s failed its %(kind)s probe: %(error)s") % {
        "target": params.get("target", ""),
        "kind": str(params.get("kind", "")).upper(),
        "error": _reason(params.get("error")),
    }


def _probe_up(params: Params) -> str:
    seconds = params.get("seconds")
    if seconds is None:
        return _("It answers again")
    return _("It answers again, within %(seconds)s seconds") % {
        "seconds": number(seconds, 3)
    }


def _heartbeat_late(params: Params) -> str:
    told = {
        "period": duration(params.get("period_s")),
        "grace": duration(params.get("grace_s")),
    }
    last = params.get("last_ping_at")
    if last is None:
        return (
            _(
                "No sign of life has come yet; one is due every %(period)s"
                " and may be %(grace)s late"
            )
            % told
        )
    return _(
        "The last sign of life came on %(last)s; one is due every %(period)s"
        " and may be %(grace)s late"
    ) % {**told, "last": moment(last)}


def _heartbeat_failed(params: Params) -> str:
    status = params.get("exit_status")
    if status is None:
        return _("The job reported that it failed")
    return _("The job failed with exit status %(status)s") % {"status": number(status)}


def _heartbeat_up(_params: Params) -> str:
    return _("The job reported success again")


def _normal(params: Params) -> str:
    value = params.get("value")
    if value is None:
        return _("The value is back to normal")
    return _("The value is back to normal at %(value)s") % {"value": number(value)}


def _no_data_series(params: Params) -> str:
    return _("No data for %(missed)s evaluations in a row") % {
        "missed": params.get("missed")
    }


def _no_data_group(params: Params) -> str:
    return _(
        "No data of any of %(series)s series for %(missed)s evaluations in a row"
    ) % {"series": params.get("series"), "missed": params.get("missed")}


def _no_data_source(params: Params) -> str:
    return _("Source lost: no data of any of %(series)s series") % {
        "series": params.get("series")
    }


def _no_data_back(_params: Params) -> str:
    return _("The data is back")


def _no_data_forgotten(_params: Params) -> str:
    return _("It has been missing for so long that it is expected no more")


def _absent(_params: Params) -> str:
    return _("The condition holds no longer")


def _source_removed(_params: Params) -> str:
    return _("What raised this alert was deleted")


def _source_disabled(_params: Params) -> str:
    return _("What raised this alert was switched off")


def _source_changed(_params: Params) -> str:
    return _("What raised this alert was changed and looks elsewhere now")


def _query_failed(params: Params) -> str:
    return _("The query failed: %(reason)s") % {"reason": _reason(params.get("reason"))}


def _test(_params: Params) -> str:
    return _("This is a test message; messages arrive here")


def _reason(text: object) -> str:
    """Return a reason, translated if the catalogue knows it, without a full stop."""
    plain = str(text or "").strip().rstrip(".")
    return _(plain) if plain else _("no reason was given")


def _limits(params: Params) -> str:
    conditions = _(" and ").join(
        f"{one.get('operator')} {number(one.get('limit'))}"
        for one in params.get("limits", ())
    )
    return _("value %(value)s, limits %(limits)s") % {
        "value": number(params.get("value")),
        "limits": conditions,
    }


def _all_of(params: Params) -> str:
    return _("; ").join(clause(one) for one in params.get("sentences", ()))


SENTENCES: Mapping[str, Callable[[Params], str]] = {
    "limit": _limit,
    "limits": _limits,
    "any": _any,
    "all_of": _all_of,
    "probe.down": _probe_down,
    "probe.up": _probe_up,
    "heartbeat.late": _heartbeat_late,
    "heartbeat.failed": _heartbeat_failed,
    "heartbeat.up": _heartbeat_up,
    "no_data.series": _no_data_series,
    "no_data.group": _no_data_group,
    "no_data.source": _no_data_source,
    "no_data.back": _no_data_back,
    "no_data.forgotten": _no_data_forgotten,
    "resolved.normal": _normal,
    "resolved.absent": _absent,
    "resolved.source_removed": _source_removed,
    "resolved.source_disabled": _source_disabled,
    "resolved.source_changed": _source_changed,
    "query.failed": _query_failed,
    "test": _test,
}
