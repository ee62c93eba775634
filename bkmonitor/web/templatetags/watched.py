"""Tags of what is watched: limits, spans of time, problems in short."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from bkmonitor.alerts.models import Severity
from bkmonitor.detection.registry import describe
from bkmonitor.web import states
from bkmonitor.web.level_words import condition_words

register = template.Library()


@register.inclusion_tag("parts/severity.html")
def level(of: Mapping[str, Any], unit: str = "") -> dict[str, Any]:
    """Show a level: its severity's shape and colour, and its detectors in short.

    `unit` is that of the limits.
    """
    found = Severity(of["severity"])
    join = _(" or ") if of.get("match") == "any" else _(" and ")
    words = join.join(_in_short(detector, unit) for detector in of["detectors"])
    return {"value": found.value, "label": words, "icon": states.SEVERITY[found]}


def _in_short(detector: Mapping[str, Any], unit: str) -> str:
    if detector["kind"] == "present":
        return _("any value")
    if detector["kind"] == "threshold":
        return condition_words(detector["any_of"], unit)
    return _(describe(detector["kind"]).title)


# As many as chart.js tells apart before it draws dashes.
SERIES = 6


@register.simple_tag
def series_mark(at: int) -> SafeString:
    """Draw a piece of the line that stands for series `at` in the chart beside."""
    dashes = ' stroke-dasharray="5 3"' if at >= SERIES else ""
    return format_html(
        '<svg class="series-mark series-{}" viewBox="0 0 14 8" aria-hidden="true">'
        '<path d="M0 4h14"{}/></svg>',
        at % SERIES + 1,
        SafeString(dashes),
    )


@register.filter
def join_id(prefix: str, key: int) -> str:
    """Make the id of an element out of what it is for and a row's key."""
    return f"{prefix}{key}"


@register.filter
def percent(share: float | None) -> str:
    """Write a share from 0 to 1 in percent; 100 only for all of it."""
    if share is None:
        return "–"
    if share >= 1:
        return "100 %"
    return f"{min(share * 100, 99.99):.2f}".rstrip("0").rstrip(".") + " %"


@register.filter
def share_up(results: Sequence[Sequence[Any]]) -> str:
    """Write how many of a probe's looks that say something found it up, in percent."""
    judged = [look[1] for look in results if look[1] is not None]
    return percent(sum(judged) / len(judged)) if judged else "–"
