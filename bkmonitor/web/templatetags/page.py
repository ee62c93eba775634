"""Tags and filters of the pages: icons, badges, times, bars, fields, copies."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from django import template
from django.forms import BoundField, CheckboxInput, Select, SelectMultiple
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bkmonitor.accounts.access import Role, allows
from bkmonitor.alerts.models import Severity
from bkmonitor.lib.units import format_value, scale_of
from bkmonitor.notifications.sentences import render
from bkmonitor.web import durations, states

register = template.Library()
SPRITE = "vendor/icons-3.51.0.svg"


@register.simple_tag
def icon(name: str, more: str = "") -> SafeString:
    """Return a picture that says nothing alone: a word stands beside it or hides in it."""
    return format_html(
        '<svg class="icon {}" aria-hidden="true"><use href="{}#{}"/></svg>',
        more,
        static(SPRITE),
        name,
    )


@register.inclusion_tag("parts/severity.html")
def severity(value: int) -> dict[str, Any]:
    """Show a severity: its own shape, its word, its colour."""
    found = Severity(value)
    return {"value": found.value, "label": found.label, "icon": states.SEVERITY[found]}


@register.inclusion_tag("parts/pill.html")
def pill(word: str, label: str = "") -> dict[str, Any]:
    """Show a state of anything by its name in the database: icon and word.

    `label` replaces the word that people read.
    """
    shown = states.state(word)
    return {"look": shown.look, "icon": shown.icon, "label": label or shown.label}


@register.inclusion_tag("parts/field.html")
def field(bound: BoundField, look: str = "") -> dict[str, Any]:
    """Show one field of a form: label, input, help, errors.

    `look` adds classes to the input, such as "mono" or "narrow".
    """
    widget = bound.field.widget
    checkbox = isinstance(widget, CheckboxInput)
    own = "form-check-input" if checkbox else "form-control"
    if isinstance(widget, Select) and not isinstance(widget, SelectMultiple):
        own = "form-select"
    attributes: dict[str, str | bool] = {"class": f"{own} {look}".strip()}
    many = getattr(widget, "use_fieldset", False)
    shown = bound.as_widget() if many else bound.as_widget(attrs=attributes)
    return {"field": bound, "input": shown, "checkbox": checkbox, "many": many}


@register.inclusion_tag("parts/labels.html")
def labels(of: Mapping[str, str], url: str = "", most: int = 0) -> dict[str, Any]:
    """Show labels as pills; with `url`, each leads there with its matcher as `q`.

    Only the first `most` are shown, if it is given.
    """
    shown = [(name, value) for name, value in sorted(of.items()) if name != "space"]
    kept = shown[:most] if most else shown
    return {"labels": kept, "hidden": len(shown) - len(kept), "url": url}


@register.simple_tag
def moment(at: datetime | None, look: str = "full") -> SafeString | str:
    """Show a moment in the reader's zone; look "time" leaves out today's date."""
    if at is None:
        return "–"
    local = timezone.localtime(at)
    today = local.date() == timezone.localdate()
    pattern = "%H:%M:%S" if look == "time" and today else "%Y-%m-%d %H:%M:%S"
    return _time(at, local.strftime(pattern))


@register.simple_tag
def ago(at: datetime | None) -> SafeString | str:
    """Show how long ago a moment was; its date and time are in the tooltip."""
    if at is None:
        return "–"
    gone = (timezone.now() - at).total_seconds()
    words = durations.duration(abs(gone))
    if gone < -1:
        return _time(at, _("in %(duration)s") % {"duration": words})
    return _time(at, _("%(duration)s ago") % {"duration": words})


@register.simple_tag
def since(at: datetime | None, until: datetime | None = None) -> SafeString | str:
    """Show how long something has lasted since `at`, or lasted until `until`."""
    if at is None:
        return "–"
    lasted = ((until or timezone.now()) - at).total_seconds()
    return _time(at, durations.duration(max(0.0, lasted)))


def _time(at: datetime, words: str) -> SafeString:
    local = timezone.localtime(at)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        at.isoformat(),
        local.strftime("%Y-%m-%d %H:%M:%S %Z"),
        words,
    )


@register.filter
def duration(seconds: float | None) -> str:
    """Say a length of time in words, in the reader's language."""
    return "–" if seconds is None else durations.duration(float(seconds))


@register.filter
def words(sentence: Mapping[str, Any]) -> str:
    """Say a sentence {"id", "params"} in the reader's language."""
    return render(sentence) if sentence else ""


@register.filter
def number(value: float | None, unit: str = "") -> str:
    """Write a measured value with four digits that count, in its unit if it has one."""
    if value is None:
        return "–"
    return format_value(value, unit) if unit else f"{value:.4g}"


@register.filter
def scale(unit: str) -> list[tuple[float, str]]:
    """Return the symbols of a unit for the axis of a chart."""
    return scale_of(unit)


@register.filter
def json(value: Any) -> str:
    """Write a value as JSON, for a data attribute."""
    return orjson.dumps(value).decode()


@register.filter
def get(mapping: Mapping[Any, Any], key: Any) -> Any:
    """Look up a key that a template has in a variable."""
    return mapping.get(key)


@register.simple_tag(takes_context=True)
def may(context: Mapping[str, Any], role: str) -> bool:
    """Tell whether the reader may do in this space what needs `role`."""
    return allows(context.get("role"), Role(role))


# A bar's width and the gap after it, in the units of the drawing.
BAR, STEP, HIGH = 4, 6, 24
# Told apart by height too: (top, height) of a look that was up, down, not judged.
SHAPES = {"up": (8, 16), "down": (0, 24), "unknown": (16, 8), "none": (20, 4)}


@register.simple_tag
def bars(results: Sequence[Sequence[Any]], severity: int = 1, most: int = 40) -> Any:
    """Draw the newest `most` looks of a probe as bars, oldest at the left.

    One path for each outcome, so that a page of thousands of bars stays light.
    """
    shown = list(results)[-most:]
    names = ["none"] * (most - len(shown)) + [outcome(result) for result in shown]
    paths = format_html_join(
        "",
        '<path class="{}" d="{}"/>',
        ((_look(name, severity), _path(names, name)) for name in SHAPES if name in names),
    )  # fmt: skip
    return format_html(
        '<svg class="bars" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>',
        most * STEP - (STEP - BAR),
        HIGH,
        bars_in_words(shown),
        paths,
    )


@register.simple_tag
def bars_wide(results: Sequence[Sequence[Any]], severity: int = 1, most: int = 90) -> Any:  # fmt: skip
    """Draw the looks as bars across the page, each with its time and answer as a tooltip."""
    shown = list(results)[-most:]
    names = ["none"] * (most - len(shown)) + [outcome(result) for result in shown]
    tips = [""] * (most - len(shown)) + [_tip(result) for result in shown]
    rects = format_html_join(
        "",
        '<rect class="{}" x="{}" y="{}" width="{}" height="{}"><title>{}</title></rect>',
        (
            (_look(name, severity), at * STEP, SHAPES[name][0], BAR, SHAPES[name][1], tip)
            for at, (name, tip) in enumerate(zip(names, tips, strict=True))
        ),
    )  # fmt: skip
    return format_html(
        '<svg class="bars bars-wide" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>',
        most * STEP - (STEP - BAR),
        HIGH,
        bars_in_words(shown),
        rects,
    )


def outcome(result: Sequence[Any]) -> str:
    """Return "up", "down" or "unknown" for one of a probe's results."""
    return {1: "up", 0: "down"}.get(result[1], "unknown")


def bars_in_words(results: Sequence[Sequence[Any]]) -> str:
    """Say what the bars show, for those who do not see them."""
    if not results:
        return _("No results yet")
    names = [outcome(result) for result in results]
    return ngettext(
        "Last look: %(up)d up, %(down)d down",
        "Last %(count)d looks: %(up)d up, %(down)d down",
        len(names),
    ) % {"count": len(names), "up": names.count("up"), "down": names.count("down")}


def _look(name: str, severity: int) -> str:
    return f"{name} sev-{severity}" if name == "down" else name


def _path(names: Sequence[str], wanted: str) -> str:
    top, height = SHAPES[wanted]
    return "".join(
        f"M{at * STEP} {top}h{BAR}v{height}h-{BAR}z"
        for at, name in enumerate(names)
        if name == wanted
    )


def _tip(result: Sequence[Any]) -> str:
    at = datetime.fromtimestamp(int(result[0]), tz=timezone.get_current_timezone())
    took = f"{result[2] * 1000:.0f} ms" if result[2] is not None else ""
    parts = (f"{at:%Y-%m-%d %H:%M:%S}", took, str(result[3] or ""))
    return " · ".join(part for part in parts if part)
