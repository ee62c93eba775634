"""What statistical detectors say of an anomaly, in the reader's language.

The parameters are those of the detectors' `explain`, with the strategy's `unit` if it
has one. Nothing here raises for a strange parameter.
"""

from collections.abc import Callable, Mapping

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bkmonitor.notifications.detected import CHANGES_FROM_ZERO
from bkmonitor.notifications.wording import (
    Params,
    duration,
    number,
    parse_number,
    quantities_apart,
    quantity,
)

SEASONS = {
    "week": gettext_lazy("what is usual at this time of the week"),
    "day": gettext_lazy("what is usual at this time of the day"),
}
RATES = {
    "second": gettext_lazy("%(rate)s a second"),
    "minute": gettext_lazy("%(rate)s a minute"),
    "hour": gettext_lazy("%(rate)s an hour"),
}
FORECASTS = {
    ">": gettext_lazy(
        "The value is %(value)s and expected to be above %(limit)s in %(ahead)s"
    ),
    ">=": gettext_lazy(
        "The value is %(value)s and expected to rise to %(limit)s in %(ahead)s"
    ),
    "<": gettext_lazy(
        "The value is %(value)s and expected to be below %(limit)s in %(ahead)s"
    ),
    "<=": gettext_lazy(
        "The value is %(value)s and expected to fall to %(limit)s in %(ahead)s"
    ),
}


def _beyond_band(usual_of: Callable[[Params], str]) -> Callable[[Params], str]:
    """Return how a value outside of a band is told, from what `usual_of` names."""

    def tell(params: Params) -> str:
        value, edge = params.get("value"), params.get("edge")
        shown, limit = quantities_apart(value, edge, params)
        told = {"value": shown, "past": usual_of(params), "limit": limit}
        told["reference"] = quantity(params.get("usual"), params)
        above = (parse_number(value) or 0.0) > (parse_number(edge) or 0.0)
        return str(CHANGES_FROM_ZERO["up" if above else "down"] % told)

    return tell


def _season(params: Params) -> str:
    return str(SEASONS.get(str(params.get("season")), SEASONS["week"]))


def _mean(_params: Params) -> str:
    return _("the mean of the values before")


def _median(_params: Params) -> str:
    return _("the median of the values before")


def _group(params: Params) -> str:
    members, by = number(params.get("members")), params.get("by")
    labels = ", ".join(map(str, by)) if isinstance(by, list | tuple) else ""
    if not labels:
        return _("the median of all %(members)s series") % {"members": members}
    return _("the median of the %(members)s series with the same %(labels)s") % {
        "members": members,
        "labels": labels,
    }


def _rate(params: Params) -> str:
    rate = parse_number(params.get("rate")) or 0.0
    if rate < 0:
        words = _(
            "The value fell from %(before)s to %(value)s within %(over)s,"
            " by %(rate)s; limit %(limit)s"
        )
    else:
        words = _(
            "The value rose from %(before)s to %(value)s within %(over)s,"
            " by %(rate)s; limit %(limit)s"
        )
    return words % {
        "before": quantity(params.get("before"), params),
        "value": quantity(params.get("value"), params),
        "over": duration(params.get("over_s")),
        "rate": _per(abs(rate), params),
        "limit": _per(params.get("limit"), params),
    }


def _per(rate: object, params: Params) -> str:
    percent = params.get("in") == "percent"
    shown = f"{number(rate)} %" if percent else quantity(rate, params)
    words = RATES.get(str(params.get("per")), RATES["minute"])
    return str(words % {"rate": shown})


def _flatline(params: Params) -> str:
    names = ("value", "lowest", "highest")
    told = {name: quantity(params.get(name), params) for name in names}
    told["length"] = duration(params.get("for_s"))
    if params.get("lowest") == params.get("highest"):
        return _("The value has been %(value)s for %(length)s") % told
    words = _("The value has been between %(lowest)s and %(highest)s for %(length)s")
    return words % told


def _forecast(params: Params) -> str:
    words = FORECASTS.get(str(params.get("operator")), FORECASTS[">"])
    value, limit = quantities_apart(params.get("value"), params.get("limit"), params)
    ahead = duration(params.get("in_s"))
    return str(words % {"value": value, "limit": limit, "ahead": ahead})


DEVIATIONS: Mapping[str, Callable[[Params], str]] = {
    "seasonal": _beyond_band(_season),
    "zscore": _beyond_band(_mean),
    "mad": _beyond_band(_median),
    "outlier": _beyond_band(_group),
    "rate_of_change": _rate,
    "flatline": _flatline,
    "forecast": _forecast,
}
