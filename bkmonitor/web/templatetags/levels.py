"""The inputs of a strategy's levels, and the buttons of its preview."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django import template
from django.forms import BoundField, HiddenInput, Select
from django.forms.utils import flatatt
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from bkmonitor.evaluation.backtest import FiringSpan
from bkmonitor.evaluation.telling import tell_unjudged
from bkmonitor.lib.units import format_value
from bkmonitor.web.forms.level_inputs import PLAIN_UNITS
from bkmonitor.web.forms.levels import DetectorBlock
from bkmonitor.web.level_words import LevelWords, level_words
from bkmonitor.web.templatetags.page import icon
from bkmonitor.web.templatetags.watched import series_mark

register = template.Library()
# The input of a block that one fills in first.
FIRST = ("severity", "kind", "value")


@register.simple_tag(takes_context=True)
def part(
    context: Mapping[str, Any],
    field: BoundField,
    look: str = "",
    *,
    label: bool = False,
) -> SafeString:
    """Show an input of a level: its label above or only said aloud, and what is wrong."""
    attributes = _attributes(context, field, f"live {look}".strip())
    if not label:
        attributes["aria-label"] = str(field.label)
    errors = field.errors if field.form.is_bound else ()
    told = format_html_join("", '<span class="errors">{}</span>', ((error,) for error in errors))  # fmt: skip
    name = format_html('<label class="part-name" for="{}">{}</label>', field.id_for_label, field.label)  # fmt: skip
    unit = PLAIN_UNITS.get(field.field.widget.attrs.get("data-unit-key", ""), "")
    return format_html(
        '<span class="part{}">{}<span class="part-input">{}{}</span>{}</span>',
        " wide" if "wide" in look else "",
        name if label else "",
        field.as_widget(attrs=attributes),
        format_html('<span class="soft small">{}</span>', unit) if unit else "",
        told,
    )


@register.simple_tag(takes_context=True)
def kind(context: Mapping[str, Any], detector: DetectorBlock) -> SafeString:
    """Show the list of methods; choosing another shows that one's inputs."""
    field = detector.form["kind"]
    asks = _attributes(context, field, "kind") | {
        "aria-label": str(field.label),
        **_asks(context, "kind", detector.place),
        # By the keyboard one passes others on the way to the one that is meant.
        "hx-trigger": "change delay:300ms",
    }
    return field.as_widget(attrs=asks)


@register.simple_tag(takes_context=True)
def add(context: Mapping[str, Any], place: str, letter: str, label: str) -> SafeString:
    """Show the button that puts a block of a kind into another."""
    asks = _asks(context, "add", place, letter)
    asks["autofocus"] = context.get("focus") == f"{place}+{letter}"
    inside = format_html("{}{}", icon("plus", "icon-small"), label)
    return _button("btn btn-small", asks, inside)


@register.simple_tag(takes_context=True)
def drop(context: Mapping[str, Any], place: str) -> SafeString:
    """Show the button that takes a block out."""
    inside = format_html('{}<span class="unseen">{}</span>', icon("x", "icon-small"), _("Remove"))  # fmt: skip
    return _button(
        "btn btn-plain btn-small drop", _asks(context, "drop", place), inside
    )


@register.simple_tag
def all_series(asks: Mapping[str, str], focus: str = "") -> SafeString:
    """Show the button that leads from one series back to all."""
    attributes = _asks_again(asks, "", "all-series") | {"autofocus": bool(focus)}
    return _button("btn btn-small", attributes, format_html("{}", _("All series")))


@register.simple_tag
def isolate(asks: Mapping[str, str], key: str, at: int, focus: str = "") -> SafeString:
    """Show the mark of a series, which one presses to see that series alone.

    `focus` is the key of the series that has the focus.
    """
    attributes = _asks_again(asks, key, f"alone-{key}") | {"autofocus": key == focus}
    told = format_html('{}{}<span class="unseen">{}</span>', series_mark(at), icon("eye", "icon-small"), _("This series alone"))  # fmt: skip
    attributes["title"] = _("This series alone")
    return _button("btn btn-small", attributes, told)


@register.simple_tag
def in_words(level: Mapping[str, Any], unit: str) -> LevelWords:
    """Say a level of a strategy."""
    return level_words(level, unit)


@register.filter
def judged(counts: Mapping[str, int]) -> list[tuple[int, str]]:
    """Return how many points of an evaluation were found to be what, in words."""
    named = {"normal": _("normal"), "anomalous": _("anomalous")}
    found = [(counts[key], word) for key, word in named.items() if counts.get(key)]
    return found + [
        (count, _("not judged, %(why)s") % {"why": why})
        for why, count in tell_unjudged(counts)
    ]


@register.filter
def measured(value: float, unit: str) -> str:
    """Write a value, which may be none, in its unit."""
    if value != value:
        return "–"
    return format_value(value, unit) if unit else f"{value:.4g}"


@register.filter
def grouped(count: int) -> str:
    """Write a count with its thousands apart."""
    return f"{count:,}"


@register.filter
def lasted(span: FiringSpan) -> int:
    """Return how long an alert that is over was open, in seconds."""
    return 0 if span.end is None else span.end - span.start


@register.filter
def unix(moment: int) -> datetime:
    """Return the moment of Unix seconds."""
    return datetime.fromtimestamp(moment, UTC)


def _asks_again(asks: Mapping[str, str], key: str, own_id: str) -> dict[str, Any]:
    # By its id the focus comes back to it when the preview is drawn anew.
    return {
        "id": own_id,
        f"hx-{asks['verb']}": asks["url"],
        "hx-target": "#preview",
        "hx-swap": "innerHTML",
        "hx-sync": "#preview:replace",
        "hx-indicator": "#preview-busy",
        "hx-vals": json.dumps({"isolate": key}),
    }


def _asks(
    context: Mapping[str, Any], verb: str, place: str, letter: str = ""
) -> dict[str, Any]:
    values = {"do": verb, "place": place, "kind": letter}
    return {
        "hx-post": reverse("strategy_levels", args=[context["space"].slug]),
        "hx-target": "#levels",
        "hx-swap": "outerHTML",
        "hx-vals": json.dumps(values),
    }


def _button(look: str, attributes: Mapping[str, Any], inside: SafeString) -> SafeString:
    whole = {"type": "button", "class": look, **attributes}
    return format_html("<button{}>{}</button>", flatatt(whole), inside)


def _attributes(
    context: Mapping[str, Any], field: BoundField, look: str
) -> dict[str, Any]:
    own = "form-select" if isinstance(field.field.widget, Select) else "form-control"
    if isinstance(field.field.widget, HiddenInput):
        own = ""
    focused = field.name in FIRST and context.get("focus") == field.form.prefix
    return {"class": f"{own} {look}".strip(), "autofocus": focused}
