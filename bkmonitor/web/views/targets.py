"""Scrape targets: where samples are fetched from, and whether they come."""

from typing import Any

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from bkmonitor.accounts.access import Role
from bkmonitor.accounts.models import Space
from bkmonitor.metrics import services
from bkmonitor.metrics.models import ScrapeTarget
from bkmonitor.metrics.tsdb.current import is_on
from bkmonitor.web.access import PageRequest, clock, space_view
from bkmonitor.web.forms.beside import errors_beside
from bkmonitor.web.forms.targets import TargetForm
from bkmonitor.web.htmx import respond
from bkmonitor.web.lists import State, listed

STATES = (
    State("all", gettext_lazy("All"), Q()),
    State("enabled", gettext_lazy("On"), Q(enabled=True)),
    State("disabled", gettext_lazy("Off"), Q(enabled=False)),
)
UNKNOWN = services.TargetHealth("unknown")


@require_safe
@space_view()
def target_list(request: PageRequest, space: Space) -> HttpResponse:
    """Show the targets and how the last scrape of each went."""
    context = listed(request, _visible(request, space), STATES, ("name", "url"))
    rows: Any = context["page"].rows
    health = services.target_health(space, now=clock()) if rows else {}
    context["rows"] = [(row, health.get(row.pk, UNKNOWN)) for row in rows]
    context["metrics_off"] = not is_on()
    return respond(request, "targets/list.html", "targets/_table.html", context)


@sensitive_post_parameters("password", "bearer_token")
@require_http_methods(["GET", "POST"])
@space_view(Role.EDITOR)
def target_edit(
    request: PageRequest, space: Space, pk: int | None = None
) -> HttpResponse:
    """Make a target, or change one."""
    target = _found(request, space, pk) if pk is not None else None
    name = target.name if target else ""
    form = TargetForm(request.POST or None, target=target)
    if form.is_valid():
        with errors_beside(form):
            services.save_target(space, form.fields_of_target(), target=target)
        if form.is_valid():
            saved = form.cleaned_data["name"]
            messages.success(request, _("“%(name)s” is saved; the first samples come within a minute.") % {"name": saved})  # fmt: skip
            return redirect("targets", space.slug)
    context = {
        "form": form,
        "target": target,
        "target_name": name,
        "heading": _("Change “%(name)s”") % {"name": name} if target else _("New scrape target"),
    }  # fmt: skip
    return render(request, "targets/edit.html", context)


@require_POST
@space_view(Role.EDITOR)
def target_remove(request: PageRequest, space: Space, pk: int) -> HttpResponse:
    """Delete a target; its samples stay until they are too old."""
    target = _found(request, space, pk)
    services.delete_target(target)
    messages.success(request, _("“%(name)s” is deleted.") % {"name": target.name})
    return redirect("targets", space.slug)


def _visible(request: PageRequest, space: Space) -> QuerySet[ScrapeTarget]:
    return ScrapeTarget.objects.visible_to(request.user).filter(space=space)


def _found(request: PageRequest, space: Space, pk: int) -> ScrapeTarget:
    found: ScrapeTarget = get_object_or_404(_visible(request, space), pk=pk)
    return found
