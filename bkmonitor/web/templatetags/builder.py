"""The inputs of the query builder."""

from collections.abc import Mapping
from typing import Any

import orjson
from django import template
from django.forms import BoundField, MultiWidget, Select
from django.forms.utils import flatatt
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bkmonitor.web.forms.inputs import CODE
from bkmonitor.web.templatetags.page import icon

register = template.Library()
KINDS = {
    "q": gettext_lazy("Query"),
    "c": gettext_lazy("Condition"),
    "f": gettext_lazy("Function"),
    "shift": gettext_lazy("Earlier"),
}
# The input of a block that one fills in first.
FIRST = ("metric", "label", "function", "shift")


@register.simple_tag(takes_context=True)
def built(context: Mapping[str, Any], field: BoundField, look: str = "") -> SafeString:
    """Show an input without its label, which stands elsewhere or is said aloud alone."""
    widget = field.field.widget
    if not isinstance(widget, MultiWidget):
        return field.as_widget(attrs=_attributes(context, field, look))
    for part in widget.widgets:
        part.attrs["class"] += " live"
    if _is_focused(context, field):
        widget.widgets[0].attrs["autofocus"] = True
    return format_html('<span class="builder-parts" role="group" aria-label="{}">{}</span>', field.label, field.as_widget())  # fmt: skip


@register.simple_tag(takes_context=True)
def completed(
    context: Mapping[str, Any], field: BoundField, look: str = ""
) -> SafeString:
    """Show a text input whose list of proposals the store fills as one types."""
    proposals = f"{field.id_for_label}_list"
    asks: dict[str, str | bool] = {
        "list": proposals,
        "hx-post": reverse("query_complete", args=[context["space"].slug]),
        "hx-trigger": "focus once, input changed delay:150ms",
        "hx-target": f"#{proposals}",
        "hx-swap": "innerHTML",
        "hx-sync": "this:replace",
        "hx-vals": orjson.dumps({"of": field.html_name}).decode(),
        **CODE,
    }
    shown = field.as_widget(attrs=_attributes(context, field, look) | asks)
    return format_html('<span class="builder-completed">{}<datalist id="{}"></datalist></span>', shown, proposals)  # fmt: skip


@register.simple_tag(takes_context=True)
def add_block(context: Mapping[str, Any], place: str, kind: str) -> SafeString:
    """Show the button that puts a block of a kind into another."""
    verb = {"do": "add", "place": place, "kind": kind}
    inside = format_html("{}{}", icon("plus", "icon-small"), KINDS[kind])
    return _button(context, "btn btn-small", verb, inside)


@register.simple_tag(takes_context=True)
def drop_block(context: Mapping[str, Any], place: str) -> SafeString:
    """Show the button that takes a block out."""
    inside = format_html('{}<span class="unseen">{}</span>', icon("x", "icon-small"), _("Remove"))  # fmt: skip
    verb = {"do": "drop", "place": place}
    return _button(context, "btn btn-plain btn-small builder-drop", verb, inside)


def _button(
    context: Mapping[str, Any], look: str, verb: Mapping[str, str], inside: SafeString
) -> SafeString:
    attributes = {
        "type": "button",
        "class": look,
        "hx-post": reverse("query_builder", args=[context["space"].slug]),
        "hx-target": "#query",
        "hx-swap": "outerHTML",
        "hx-vals": orjson.dumps(verb).decode(),
        "autofocus": context.get("focus") == f"{verb['place']}+{verb.get('kind')}",
    }
    return format_html("<button{}>{}</button>", flatatt(attributes), inside)


def _attributes(
    context: Mapping[str, Any], field: BoundField, look: str
) -> dict[str, str | bool]:
    own = "form-select" if isinstance(field.field.widget, Select) else "form-control"
    return {
        "class": f"{own} live {look}".strip(),
        "aria-label": str(field.label),
        # What is missing is told in one place for all of the builder.
        "aria-describedby": "told",
        "autofocus": _is_focused(context, field),
    }


def _is_focused(context: Mapping[str, Any], field: BoundField) -> bool:
    return field.name in FIRST and context.get("focus") == field.form.prefix
