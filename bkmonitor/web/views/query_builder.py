"""The query builder of the strategy editor."""

from dataclasses import dataclass
from typing import Any

from django.forms import ValidationError
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from bkmonitor.accounts.access import Role
from bkmonitor.accounts.models import Space
from bkmonitor.lib.errors import InvalidInput
from bkmonitor.metrics import catalogue
from bkmonitor.strategies.structured import from_promql, to_promql
from bkmonitor.strategies.structured.wrong import Inexpressible
from bkmonitor.web.access import PageRequest, clock, space_view
from bkmonitor.web.forms.query_builder import (
    BUILDER,
    PROMQL,
    Block,
    ExpressedForm,
    QueryField,
    blank_draft,
    say,
)
from bkmonitor.web.forms.query_draft import (
    Draft,
    blank_query,
    draft_of,
    read_draft,
)


@dataclass(frozen=True, slots=True)
class Told:
    """The PromQL of what stands in the builder, or what is missing."""

    expression: str
    problems: list[str]


def query_part(form: ExpressedForm) -> dict[str, Any]:
    """Return what the editor shows of a form's query: built or written."""
    draft = form.draft
    return _built(draft) if draft is not None else {"mode": PROMQL}


@require_POST
@space_view(Role.EDITOR)
def query_builder(request: PageRequest, space: Space) -> HttpResponse:
    """Change the builder, switch between it and PromQL, or tell what was built."""
    draft, verb = read_draft(request.POST), request.POST.get("do", "")
    if verb == "tell":
        return render(request, "strategies/_builder_told.html", {"told": _told(draft)})
    if verb == "to-builder":
        shown = _to_builder(request.POST.get("expression", ""))
    elif verb == "to-promql":
        shown = _to_promql(draft)
    else:
        kind = request.POST.get("kind", "") if verb == "add" else ""
        shown = _changed(draft, request.POST.get("place", ""), kind)
    answer = render(request, "strategies/_query.html", shown)
    answer["HX-Trigger"] = "query-changed"
    return answer


@require_POST
@space_view(Role.EDITOR)
def query_complete(request: PageRequest, space: Space) -> HttpResponse:
    """Propose how to go on with what stands in one input of the builder."""
    place, _dash, name = request.POST.get("of", "").rpartition("-")
    try:
        draft = read_draft(request.POST)
        block, query = draft.at(place), draft.at(place.rpartition("-c")[0] or place)
    except KeyError:
        return HttpResponse()
    found = _proposals(space, name, block, query)
    return render(request, "strategies/_proposals.html", {"proposals": found})


def _built(draft: Draft, **more: Any) -> dict[str, Any]:
    return {"mode": BUILDER, "builder": Block(draft), "told": _told(draft)} | more


def _told(draft: Draft) -> Told:
    try:
        query = QueryField().clean(draft)
    except ValidationError as error:
        return Told("", list(error.messages))
    return Told(to_promql(query) if query is not None else "", [])


def _to_builder(expression: str) -> dict[str, Any]:
    if not expression.strip():
        return _built(blank_draft(), switched=True)
    try:
        return _built(draft_of(from_promql(expression)), switched=True)
    except Inexpressible as error:
        part = say(error.reason)
    except InvalidInput as error:
        part = str(error)
    note = _("This expression stays PromQL. The builder has no place for: %(part)s")
    return _written(expression) | {"note": note % {"part": part}}


def _to_promql(draft: Draft) -> dict[str, Any]:
    told = _told(draft)
    if told.expression or draft.is_blank:
        return _written(told.expression)
    note = _("What stands in the builder has no PromQL yet; this is missing:")
    return _built(draft, note=note, switched=True)


def _written(expression: str) -> dict[str, Any]:
    form = ExpressedForm(initial={"expression": expression})
    return {"mode": PROMQL, "form": form, "switched": True}


def _changed(draft: Draft, place: str, kind: str) -> dict[str, Any]:
    """Put a block of a kind into the one at the place; without a kind, take it out.

    What one does next has the focus: the new block, or the button for another.
    """
    try:
        if not kind:
            draft.take_out(place)
            above, _dash, last = place.rpartition("-")
            return _built(draft, focus=f"{above}+{last[:1]}")
        block = draft.at(place)
    except KeyError:
        return _built(draft)
    if kind == "shift":
        block.typed |= {"shift_0": "1", "shift_1": "86400"}
        return _built(draft, focus=place)
    rows = block.of(kind)
    aliases = [row.typed.get("alias", "") for row in rows]
    rows.append(blank_query(aliases) if kind == "q" else Draft())
    return _built(draft, focus=f"{place}-{kind}{len(rows) - 1}")


def _proposals(space: Space, name: str, block: Draft, query: Draft) -> list[str]:
    typed, metric, now = block.typed.get(name, ""), query.typed.get("metric", ""), clock()  # fmt: skip
    if name == "metric":
        return catalogue.metric_names(space.slug, typed.strip(), now)
    # Of a row of labels or values, the last is being typed.
    before, comma, part = typed.rpartition(",")
    before, part = f"{before}{comma} ".lstrip(), part.strip()
    if name in ("by", "label"):
        found = catalogue.label_names(space.slug, metric, part, now)
    else:
        label = block.typed.get("label", "")
        found = catalogue.label_values(space.slug, metric, label, part, now)
    return [before + each for each in found]
