"""The levels in the strategy editor: blocks put in and taken out."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from bkmonitor.accounts.access import Role
from bkmonitor.accounts.models import Space
from bkmonitor.web.access import PageRequest, space_view
from bkmonitor.web.forms.levels import LevelsBlock
from bkmonitor.web.forms.levels_draft import (
    CONDITION,
    DETECTOR,
    FIRST_KIND,
    LEVEL,
    OVER,
    blank_condition,
    blank_level,
    complete,
    read_levels,
)
from bkmonitor.web.forms.query_draft import MOST, Draft
from bkmonitor.web.forms.strategies import StrategyForm


def levels_part(form: StrategyForm) -> dict[str, Any]:
    """Return what the editor shows of a form's levels."""
    return {"levels": form.levels_block}


@require_POST
@space_view(Role.EDITOR)
def strategy_levels(request: PageRequest, space: Space) -> HttpResponse:
    """Put a block in, take one out, or show the inputs of another method."""
    draft, unit = read_levels(request.POST), StrategyForm(request.POST).written_in
    place, verb = request.POST.get("place", ""), request.POST.get("do", "")
    try:
        focus = _changed(draft, verb, place, request.POST.get("kind", ""))
    except KeyError:
        # Two presses of one button: what it was about is gone already.
        focus = ""
    for level in draft.of(LEVEL):
        complete(level, unit)
    context = {"levels": LevelsBlock(draft, unit), "focus": focus}
    answer = render(request, "strategies/_levels.html", context)
    answer["HX-Trigger"] = "query-changed"
    return answer


def _changed(draft: Draft, verb: str, place: str, kind: str) -> str:
    """Change the draft; return the place of what has the focus then."""
    if verb == "drop":
        draft.take_out(place)
        above, _dash, last = place.rpartition("-")
        return f"{above}+{last[:1]}"
    if verb != "add":
        return place
    rows = draft.at(place).of(kind)
    if len(rows) < MOST:
        rows.append(_blank(draft, kind))
    return f"{place}-{kind}{len(rows) - 1}"


def _blank(draft: Draft, kind: str) -> Draft:
    if kind == LEVEL:
        return blank_level([one.typed.get("severity", "") for one in draft.of(LEVEL)])
    if kind == DETECTOR:
        return Draft({"kind": FIRST_KIND})
    if kind in (CONDITION, OVER):
        return blank_condition()
    raise KeyError(kind)
