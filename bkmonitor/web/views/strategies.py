"""Strategies: the list, one of them, and the editor with its preview."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from bkmonitor.accounts.access import Role
from bkmonitor.accounts.models import Space
from bkmonitor.lib.errors import InvalidInput
from bkmonitor.metrics.tsdb.current import is_on
from bkmonitor.pipeline import sources
from bkmonitor.strategies.activetime import activity_of
from bkmonitor.strategies.definition import limit_lines
from bkmonitor.strategies.models import Strategy
from bkmonitor.web.access import PageRequest, clock, space_view
from bkmonitor.web.forms.active_time import ActiveTimeForm
from bkmonitor.web.forms.beside import errors_beside
from bkmonitor.web.forms.strategies import BESIDE, StrategyForm
from bkmonitor.web.htmx import respond
from bkmonitor.web.lists import State, keys, listed
from bkmonitor.web.preview import SPANS, show
from bkmonitor.web.problems import alerts_of, firing_now, problems_of
from bkmonitor.web.views.composites import composite_context, edit_composite
from bkmonitor.web.views.levels import levels_part
from bkmonitor.web.views.query_builder import query_part

KIND = "strategy"
SEARCHED = ("name", "expression")
STATES = (
    State("all", gettext_lazy("All"), Q()),
    State("firing", gettext_lazy("Firing"), Q(firing_now(KIND))),
    State(
        "failing",
        gettext_lazy("Evaluation failing"),
        Q(enabled=True, outcome="failing"),
    ),
    State("disabled", gettext_lazy("Off"), Q(enabled=False)),
)


@require_safe
@space_view()
def strategy_list(request: PageRequest, space: Space) -> HttpResponse:
    """Show the strategies that the query of the URL asks for."""
    context = listed(request, _visible(request, space), STATES, SEARCHED)
    context["problems"] = problems_of(KIND, keys(context["page"].rows))
    context["metrics_off"] = not is_on()
    return respond(request, "strategies/list.html", "strategies/_table.html", context)


@require_safe
@space_view()
def strategy_detail(request: PageRequest, space: Space, pk: int) -> HttpResponse:
    """Show how the evaluation of one strategy goes, and its alerts."""
    strategy = _found(request, space, pk)
    context = {
        "strategy": strategy,
        "activity": activity_of(strategy, clock()),
        "alerts": alerts_of(KIND, pk),
        "problem": problems_of(KIND, [pk]).get(pk),
        "spans": _spans(),
        "span": _span(request.GET.get("span", "")),
    }
    if strategy.kind == Strategy.Kind.COMPOSITE:
        context |= composite_context(strategy)
        return respond(
            request, "strategies/composite.html", "strategies/_composite.html", context
        )
    return respond(request, "strategies/detail.html", "strategies/_state.html", context)


@require_safe
@space_view()
def strategy_series(request: PageRequest, space: Space, pk: int) -> HttpResponse:
    """Show the series of a strategy as they are now, and a chart of them."""
    strategy = _found(request, space, pk)
    fields = {
        **strategy.definition,
        "delay_s": strategy.delay_s,
        "no_data": strategy.no_data,
    }
    again = {
        "verb": "get",
        "url": reverse("strategy_series", args=[space.slug, pk]),
        "page": reverse("strategy", args=[space.slug, pk]),
    }
    context = {"again": again, **_previewed(space, fields, request.GET)}
    return render(request, "strategies/_preview.html", context)


@require_http_methods(["GET", "POST"])
@space_view(Role.EDITOR)
def strategy_edit(
    request: PageRequest, space: Space, pk: int | None = None
) -> HttpResponse:
    """Make a strategy, or change one."""
    strategy = _found(request, space, pk) if pk is not None else None
    if strategy and strategy.kind == Strategy.Kind.COMPOSITE:
        return edit_composite(request, space, strategy)
    name = strategy.name if strategy else ""
    form = StrategyForm(request.POST or None, strategy=strategy)
    stored = strategy.active_time if strategy else None
    active_form = ActiveTimeForm(request.POST, space=space, active_time=stored)
    if all([form.is_valid(), active_form.is_good()]):
        saved, fields = strategy, form.cleaned_data | active_form.fields_of_strategy()
        with errors_beside(form, BESIDE):
            saved = sources.save_strategy(
                space, fields, by=request.user, now=clock(), strategy=strategy
            )
        if form.is_valid() and saved is not None:
            messages.success(request, _("“%(name)s” is saved; it is evaluated within seconds.") % {"name": saved.name})  # fmt: skip
            return redirect("strategy", space.slug, saved.pk)
    context = {
        "form": form,
        "active_form": active_form,
        "strategy": strategy,
        "strategy_name": name,
        "heading": _("Change “%(name)s”") % {"name": name} if strategy else _("New strategy"),
        "back": reverse("strategy", args=[space.slug, pk]) if pk else reverse("strategies", args=[space.slug]),
        "spans": _spans(),
        "span": _span(request.POST.get("span", "")),
        **query_part(form),
        **levels_part(form),
    }  # fmt: skip
    return render(request, "strategies/edit.html", context)


@require_POST
@space_view(Role.EDITOR)
def strategy_preview(request: PageRequest, space: Space) -> HttpResponse:
    """Show what the strategy in the editor would have done, as far as it is typed."""
    form = StrategyForm(request.POST)
    fields, problems = form.defining()
    fields["no_data"] = form.cleaned_data.get("no_data") or {}
    again = {"verb": "post", "url": reverse("strategy_preview", args=[space.slug])}
    context = {"again": again, **_previewed(space, fields, request.POST, problems)}
    return render(request, "strategies/_preview.html", context)


@require_POST
@space_view(Role.EDITOR)
def strategy_switch(request: PageRequest, space: Space, pk: int) -> HttpResponse:
    """Switch a strategy on or off."""
    strategy = _found(request, space, pk)
    wanted = {"enabled": not strategy.enabled}
    try:
        sources.save_strategy(
            space, wanted, by=request.user, now=clock(), strategy=strategy
        )
    except InvalidInput as error:
        # A rule that is younger than the strategy; the editor shows which.
        messages.error(request, str(error))
    return redirect("strategy", space.slug, pk)


@require_POST
@space_view(Role.EDITOR)
def strategy_remove(request: PageRequest, space: Space, pk: int) -> HttpResponse:
    """Delete a strategy; its alerts end."""
    strategy = _found(request, space, pk)
    sources.remove(strategy, by=request.user, now=clock())
    messages.success(request, _("“%(name)s” is deleted.") % {"name": strategy.name})
    return redirect("strategies", space.slug)


def _visible(request: PageRequest, space: Space) -> QuerySet[Strategy]:
    return Strategy.objects.visible_to(request.user).filter(space=space)


def _found(request: PageRequest, space: Space, pk: int) -> Strategy:
    found: Strategy = get_object_or_404(_visible(request, space), pk=pk)
    return found


def _previewed(
    space: Space,
    fields: Mapping[str, Any],
    asked: Mapping[str, str],
    problems: Sequence[str] = (),
) -> dict[str, Any]:
    # What a button says comes before what the page had.
    only = asked.get("isolate", asked.get("only", ""))
    span = _span(asked.get("span", ""))
    shown = show(space.slug, fields, span, clock(), only=only, problems=problems)
    lines = [] if not shown.found else limit_lines(fields.get("levels") or ())
    return {
        "preview": shown,
        "focus": (only or asked.get("only", "")) if "isolate" in asked else "",
        "limits": [asdict(line) for line in lines],
        "unit": fields.get("unit", ""),
        "span": span,
        "shorter": [pair for pair in _spans() if SPANS[pair[0]][0] < SPANS[span][0]],
    }


def _span(word: str) -> str:
    return word if word in SPANS else "6h"


def _spans() -> list[tuple[str, Any]]:
    return [(key, label) for key, (_seconds, label) in SPANS.items()]
