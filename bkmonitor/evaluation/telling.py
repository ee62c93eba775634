"""Replays and counts in words, in the reader's language."""

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from bkmonitor.detection.port import Reason
from bkmonitor.evaluation.backtest import Summary
from bkmonitor.lib.units import format_value
from bkmonitor.strategies.no_data import IGNORE

REASONS = {
    Reason.GAP: gettext_lazy("no sample at that moment"),
    Reason.NO_HISTORY: gettext_lazy("nothing earlier to compare with"),
    Reason.TOO_FEW: gettext_lazy("too few points to say what is usual"),
}


def tell_length(seconds: float) -> str:
    """Say a length of time: "6 min", "3 h 20 min"."""
    return format_value(seconds, "seconds")


def tell_summary(summary: Summary, length: Callable[[float], str] = tell_length) -> str:
    """Say it in a sentence: "Would have fired 14 times, 3 critical, median 6 min, 9 flaps".

    `length` says lengths of time, where the reader has own words for them.
    """
    if not summary.fired:
        return _("Would not have fired")
    parts = [
        ngettext(
            "Would have fired %(n)s time", "Would have fired %(n)s times", summary.fired
        ) % {"n": f"{summary.fired:,}"}
    ]  # fmt: skip
    if critical := summary.by_severity.get(1, 0):
        parts.append(_("%(n)s critical") % {"n": f"{critical:,}"})
    if summary.median_s is not None:
        parts.append(_("median %(time)s") % {"time": length(summary.median_s)})
    if summary.flaps:
        flaps = ngettext("%(n)s flap", "%(n)s flaps", summary.flaps)
        parts.append(flaps % {"n": f"{summary.flaps:,}"})
    if summary.firing_now:
        parts.append(_("%(n)s still open") % {"n": f"{summary.firing_now:,}"})
    return _(", ").join(parts)


def tell_not_replayed(no_data: Mapping[str, Any]) -> list[str]:
    """Say what of a strategy no replay shows: nothing, unless it watches for missing data.

    `no_data` is the policy of the strategy's row.
    """
    if no_data.get("policy", IGNORE) == IGNORE:
        return []
    return [_("Alerts for missing data, and of composite strategies, are not part of it.")]  # fmt: skip


def tell_unjudged(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """Return how many points were not judged, by why in words, the most first."""
    words = {reason.name.lower(): str(told) for reason, told in REASONS.items()}
    found = [
        (words[reason], count) for reason, count in counts.items() if reason in words
    ]
    return sorted(found, key=lambda pair: -pair[1])
