"""What is said of alerts, in the reader's language and zone.

Nothing here raises for a strange parameter: an odd sentence is better than an alert
that nobody hears of.
"""

from collections.abc import Callable, Mapping

from django.utils.translation import gettext as _

from bkmonitor.notifications.detected import DETECTED
from bkmonitor.notifications.deviations import DEVIATIONS
from bkmonitor.notifications.wording import Params, duration, moment, number, quantity


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


def _composite(params: Params) -> str:
    told = _("The condition “%(condition)s” holds") % {
        "condition": params.get("condition", "")
    }
    if names := _names(params.get("firing")):
        told = _("%(told)s; firing: %(names)s") % {"told": told, "names": names}
    if names := _names(params.get("missing")):
        told = _("%(told)s; without data: %(names)s") % {"told": told, "names": names}
    return told


def _names(names: object) -> str:
    return _(", ").join(map(str, names)) if isinstance(names, list) else ""


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
    return _("The value is back to normal at %(value)s") % {
        "value": quantity(value, params)
    }


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


def _no_data_never(params: Params) -> str:
    return _("No data has ever come; %(missed)s evaluations in a row found none") % {
        "missed": params.get("missed")
    }


def _no_data_back(_params: Params) -> str:
    return _("The data is back")


def _no_data_forgotten(_params: Params) -> str:
    return _("It has been missing for so long that it is expected no more")


def _absent(_params: Params) -> str:
    return _("The condition holds no longer")


def _forgotten(params: Params) -> str:
    return _("No sample for %(time)s; the series is forgotten") % {
        "time": duration(params.get("missing_s"))
    }


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


def _all_of(params: Params) -> str:
    return _("; ").join(clause(one) for one in params.get("sentences", ()))


SENTENCES: Mapping[str, Callable[[Params], str]] = {
    **DETECTED,
    **DEVIATIONS,
    "all_of": _all_of,
    "composite": _composite,
    "probe.down": _probe_down,
    "probe.up": _probe_up,
    "heartbeat.late": _heartbeat_late,
    "heartbeat.failed": _heartbeat_failed,
    "heartbeat.up": _heartbeat_up,
    "no_data.series": _no_data_series,
    "no_data.group": _no_data_group,
    "no_data.source": _no_data_source,
    "no_data.never": _no_data_never,
    "no_data.back": _no_data_back,
    "no_data.forgotten": _no_data_forgotten,
    "resolved.normal": _normal,
    "resolved.absent": _absent,
    "resolved.forgotten": _forgotten,
    "resolved.source_removed": _source_removed,
    "resolved.source_disabled": _source_disabled,
    "resolved.source_changed": _source_changed,
    "query.failed": _query_failed,
    "test": _test,
}
