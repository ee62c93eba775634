"""What detectors say of an anomaly, in the reader's language and zone.

The parameters are those of the detectors' `explain`, with the strategy's `unit` if it
has one. Nothing here raises for a strange parameter.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from bkmonitor.notifications.wording import (
    Params,
    duration,
    number,
    parse_number,
    quantities_apart,
    quantity,
)

DAY_S = 86_400

COMPARISONS = {
    ">": gettext_lazy("The value %(value)s is above the limit of %(limit)s"),
    ">=": gettext_lazy("The value %(value)s is at or above the limit of %(limit)s"),
    "<": gettext_lazy("The value %(value)s is below the limit of %(limit)s"),
    "<=": gettext_lazy("The value %(value)s is at or below the limit of %(limit)s"),
    "==": gettext_lazy("The value is %(value)s, which it should not be"),
    "!=": gettext_lazy("The value is %(value)s and should be %(limit)s"),
}
# What a value is, where several limits are told together.
RELATIONS = {
    ">": gettext_lazy("above %(limit)s"),
    ">=": gettext_lazy("at or above %(limit)s"),
    "<": gettext_lazy("below %(limit)s"),
    "<=": gettext_lazy("at or below %(limit)s"),
    "==": gettext_lazy("equal to %(limit)s"),
    "!=": gettext_lazy("not %(limit)s"),
}
SIGNS = {">=": "≥", "<=": "≤", "==": "="}
CHANGES = {
    "up": gettext_lazy(
        "%(value)s is %(percent)s above %(past)s (%(reference)s); limit %(limit)s"
    ),
    "down": gettext_lazy(
        "%(value)s is %(percent)s below %(past)s (%(reference)s); limit %(limit)s"
    ),
}
# From zero there is no percentage.
CHANGES_FROM_ZERO = {
    "up": gettext_lazy("%(value)s is above %(past)s (%(reference)s); limit %(limit)s"),
    "down": gettext_lazy(
        "%(value)s is below %(past)s (%(reference)s); limit %(limit)s"
    ),
}
LAST_WEEK = (
    gettext_lazy("the same time last Monday"),
    gettext_lazy("the same time last Tuesday"),
    gettext_lazy("the same time last Wednesday"),
    gettext_lazy("the same time last Thursday"),
    gettext_lazy("the same time last Friday"),
    gettext_lazy("the same time last Saturday"),
    gettext_lazy("the same time last Sunday"),
)
PROCESS_PROBLEMS = {
    "missing": gettext_lazy("The process does not run"),
    "closed": gettext_lazy("The process does not listen on all of its ports"),
    "elsewhere": gettext_lazy("The process listens on another address than it should"),
}


def _limit(params: Params) -> str:
    words = COMPARISONS.get(str(params.get("operator")), COMPARISONS["!="])
    value, limit = quantities_apart(params.get("value"), params.get("limit"), params)
    return str(words % {"value": value, "limit": limit})


def _limits(params: Params) -> str:
    told = [
        RELATIONS.get(str(one.get("operator")), RELATIONS["!="])
        % {"limit": quantity(one.get("limit"), params)}
        for one in _entries(params.get("limits"))
    ]
    return _("The value %(value)s is %(limits)s") % {
        "value": quantity(params.get("value"), params),
        "limits": _(" and ").join(told),
    }


def _any(params: Params) -> str:
    return _("The condition holds; the value is %(value)s") % {
        "value": quantity(params.get("value"), params)
    }


def _change(past_of: Callable[[Params], str]) -> Callable[[Params], str]:
    """Return how a change in percent is told, from what `past_of` names."""

    def tell(params: Params) -> str:
        percent = parse_number(params.get("percent"))
        words = CHANGES_FROM_ZERO if percent is None else CHANGES
        return str(words["up" if params.get("direction") == "up" else "down"]) % {
            "value": quantity(params.get("value"), params),
            "percent": _percent(percent),
            "past": past_of(params),
            "reference": quantity(params.get("reference"), params),
            "limit": _percent(parse_number(params.get("limit"))),
        }

    return tell


def _before(_params: Params) -> str:
    return _("the value before")


def _points_before(params: Params) -> str:
    if "ago_s" in params:
        return _("the value %(ago)s before") % {"ago": duration(params["ago_s"])}
    count, known = _count(params, "count"), _count(params, "known")
    if known < count:
        words = _("the mean of %(known)d of the %(count)d values before")
        return words % {"known": known, "count": count}
    return ngettext(
        "the mean of the %(count)d value before",
        "the mean of the %(count)d values before",
        count,
    ) % {"count": count}


def _last_week(params: Params) -> str:
    at = parse_number(params.get("reference_at"))
    try:
        when = timezone.localtime(datetime.fromtimestamp(at or 0, UTC))
    except (OverflowError, ValueError, OSError):
        at = None
    return str(LAST_WEEK[when.weekday()]) if at else _("the same time last week")


def _days_before(params: Params) -> str:
    if "ago_s" in params:
        return _("the same time %(ago)s before") % {"ago": duration(params["ago_s"])}
    count, known = _count(params, "count"), _count(params, "known")
    if known < count:
        words = _("the mean of %(known)d of the last %(count)d days at the same time")
        return words % {"known": known, "count": count}
    return ngettext(
        "the mean of the last %(count)d day at the same time",
        "the mean of the last %(count)d days at the same time",
        count,
    ) % {"count": count}


def _jump(params: Params) -> str:
    return _(
        "%(value)s is %(change)s away from the value before (%(reference)s);"
        " limit %(limit)s"
    ) % _quantities(params, "value", "change", "reference", "limit")


def _jump_of_days(params: Params) -> str:
    return _(
        "The value moved by %(size)s to %(value)s, and by %(reference)s at the same"
        " time %(ago)s before; limit %(limit)s"
    ) % _against_day(params)


def _size_of_days(params: Params) -> str:
    return _(
        "The value is %(value)s, and was %(reference)s at the same time %(ago)s before;"
        " limit %(limit)s"
    ) % _against_day(params)


def _against_day(params: Params) -> dict[str, str]:
    sign = str(params.get("operator", ""))
    told = _quantities(params, "value", "size", "reference", "limit")
    told["limit"] = f"{SIGNS.get(sign, sign)} {told['limit']}"
    return told | {"ago": duration(_count(params, "day") * DAY_S)}


def _unseen(params: Params) -> str:
    return _("A new series, not seen for %(range)s; the value is %(value)s") % {
        "range": duration(params.get("range_s")),
        "value": quantity(params.get("value"), params),
    }


def _partial_probes(params: Params) -> str:
    return _("%(failing)s of %(asked)s vantage points fail; limit %(limit)s") % {
        name: number(params.get(name)) for name in ("failing", "asked", "limit")
    }


def _host_restart(params: Params) -> str:
    return _("The host started %(ago)s ago, after having been up for %(before)s") % {
        "ago": duration(params.get("value")),
        "before": duration(params.get("before")),
    }


def _process_port(params: Params) -> str:
    problem = str(params.get("problem"))
    return str(PROCESS_PROBLEMS.get(problem, PROCESS_PROBLEMS["missing"]))


def _ping_unreachable(_params: Params) -> str:
    return _("No ping is answered: every packet was lost")


def _percent(percent: float | None) -> str:
    """Return a percentage as short as it says enough: 34 %, but 2.5 %."""
    if percent is None or not percent >= 10:
        return f"{number(percent, 2)} %"
    return f"{number(round(percent, 0) if percent < 1e15 else percent)} %"


def _quantities(params: Params, *names: str) -> dict[str, str]:
    return {name: quantity(params.get(name), params) for name in names}


def _count(params: Params, name: str) -> int:
    count = parse_number(params.get(name))
    return int(count) if count is not None and abs(count) < 1e9 else 0


def _entries(limits: object) -> list[Params]:
    whole = limits if isinstance(limits, list | tuple) else []
    return [one for one in whole if isinstance(one, Mapping)]


DETECTED: Mapping[str, Callable[[Params], str]] = {
    "limit": _limit,
    "limits": _limits,
    "any": _any,
    "ring_ratio": _change(_before),
    "ring_ratio_advanced": _change(_points_before),
    "ring_ratio_amplitude": _jump,
    "year_round": _change(_last_week),
    "year_round_advanced": _change(_days_before),
    "year_round_amplitude": _jump_of_days,
    "year_round_range": _size_of_days,
    "new_series": _unseen,
    "partial_probes": _partial_probes,
    "host_restart": _host_restart,
    "process_port": _process_port,
    "ping_unreachable": _ping_unreachable,
}
