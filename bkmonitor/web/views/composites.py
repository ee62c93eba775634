"""Composite strategies: the page of one, and the editor with its check."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from bkmonitor.accounts.access import Role
from bkmonitor.accounts.models import Space
from bkmonitor.lib.errors import InvalidInput
from bkmonitor.pipeline import sources
from bkmonitor.strategies.composite import check_members, parse_composite
from bkmonitor.strategies.models import Strategy
from bkmonitor.web.access import PageRequest, clock, space_view
from bkmonitor.web.composites import look
from bkmonitor.web.forms.active_time import ActiveTimeForm
from bkmonitor.web.forms.beside import add_errors, errors_beside
from bkmonitor.web.forms.composite import PARTS, CompositeForm
from bkmonitor.web.search import matching

KNOWN = 30


def composite_context(strategy: Strategy) -> dict[str, Any]:
    """Return what the page of a composite shows of its members and combinations."""
    try:
        return {"look": look(parse_composite(strategy.composite), clock())}
    except InvalidInput as error:
        return {"unreadable": str(error)}


@require_http_methods(["GET", "POST"])
@space_view(Role.EDITOR)
def composite_new(request: PageRequest, space: Space) -> HttpResponse:
    """Make a composite strategy."""
    return edit_composite(request, space, None)


def edit_composite(
    request: PageRequest, space: Space, strategy: Strategy | None
) -> HttpResponse:
    """Make a composite strategy, or change one; who calls knows that they may."""
    name = strategy.name if strategy else ""
    form = CompositeForm(request.POST or None, space=space, strategy=strategy)
    stored = strategy.active_time if strategy else None
    active_form = ActiveTimeForm(request.POST, space=space, active_time=stored)
    if all([form.is_valid(), active_form.is_good()]):
        saved, fields = strategy, form.row | active_form.fields_of_strategy()
        with errors_beside(form, PARTS):
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
        "heading": _("Change “%(name)s”") % {"name": name} if strategy else _("New composite strategy"),
        "back": reverse("strategy", args=[space.slug, strategy.pk]) if strategy else reverse("strategies", args=[space.slug]),
    }  # fmt: skip
    return render(request, "strategies/composite_edit.html", context)


@require_POST
@space_view(Role.EDITOR)
def composite_check(request: PageRequest, space: Space) -> HttpResponse:
    """Say what is wrong with what is typed so far, or what it comes to now."""
    form = CompositeForm(request.POST, space=space)
    form.is_valid()
    found = None
    if not _wrong(form):
        try:
            composite = parse_composite(form.composite)
            check_members(composite, space.pk)
            found = look(composite, clock())
        except InvalidInput as error:
            add_errors(form, error, PARTS)
    typed = any(form.composite[part] for part in ("members", "levels"))
    context = {"look": found, "wrong": _wrong(form), "typed": typed}
    return render(request, "strategies/_composite_check.html", context)


def _wrong(form: CompositeForm) -> list[Any]:
    """Return what is wrong with the composite itself, whatever else is missing."""
    return [form.errors[name] for name in set(PARTS.values()) if name in form.errors]


@require_safe
@space_view(Role.EDITOR)
def composite_member(request: PageRequest, space: Space) -> HttpResponse:
    """Answer one more row to type a member into."""
    return render(request, "strategies/_member_row.html", {"name": "members"})


@require_safe
@space_view(Role.EDITOR)
def composite_names(request: PageRequest, space: Space) -> HttpResponse:
    """Answer the names of the strategies that have what is typed in theirs."""
    asked = request.GET.get("members-strategy", "")
    rows = Strategy.objects.filter(space=space, kind=Strategy.Kind.METRIC)
    names = matching(rows, asked).order_by("name").values_list("name", flat=True)
    return render(request, "strategies/_known.html", {"names": names[:KNOWN]})
