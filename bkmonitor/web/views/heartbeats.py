"""Heartbeats: signs of life that jobs send."""

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
from bkmonitor.pipeline import sources
from bkmonitor.probes.models import Heartbeat
from bkmonitor.probes.services import standing_of
from bkmonitor.web.access import PageRequest, clock, space_view
from bkmonitor.web.forms.beside import errors_beside
from bkmonitor.web.forms.probes import HeartbeatForm
from bkmonitor.web.htmx import respond
from bkmonitor.web.lists import State, keys, listed
from bkmonitor.web.paging import page
from bkmonitor.web.pings import newest_pings
from bkmonitor.web.problems import alerts_of, problems_of
from bkmonitor.web.snippets import ping_snippets
from bkmonitor.web.views.tokens import root_of

KIND = "heartbeat"


def _states() -> tuple[State, ...]:
    bad = Q(last_failed=True) | Q(deadline_at__lte=clock())
    fine = Q(last_failed=False) & (Q(deadline_at=None) | Q(deadline_at__gt=clock()))
    on = Q(enabled=True)
    return (
        State("all", gettext_lazy("All"), Q()),
        State("up", gettext_lazy("On time"), on & fine & Q(last_ping_at__isnull=False)),
        State("down", gettext_lazy("Late or failed"), on & bad),
        State("new", gettext_lazy("Waiting"), on & fine & Q(last_ping_at=None)),
        State("disabled", gettext_lazy("Off"), Q(enabled=False)),
    )


@require_safe
@space_view()
def heartbeat_list(request: PageRequest, space: Space) -> HttpResponse:
    """Show the heartbeats that the query of the URL asks for, with their newest pings."""
    context, now = listed(request, _visible(request, space), _states()), clock()
    shown: Any = context["page"].rows
    problems, pings = problems_of(KIND, keys(shown)), newest_pings(keys(shown))
    context["rows"] = [
        (beat, _standing(beat, now), problems.get(beat.pk), pings.get(beat.pk, []))
        for beat in shown
    ]
    return respond(request, "heartbeats/list.html", "heartbeats/_table.html", context)


@require_safe
@space_view()
def heartbeat_detail(request: PageRequest, space: Space, pk: int) -> HttpResponse:
    """Show how a job does, its pings, and how it sends them."""
    beat, now = _found(request, space, pk), clock()
    ping_url = f"{root_of(request)}/ping/{beat.uuid}"
    shown: Any = page(
        beat.pings.all(), ("-at", "-pk"), request.GET.get("cursor", ""), size=20
    )
    context = {
        "beat": beat,
        "standing": _standing(beat, now),
        "problem": problems_of(KIND, [pk]).get(pk),
        "alerts": alerts_of(KIND, pk),
        "results": newest_pings([pk]).get(pk, []),
        "page": shown,
        "ping_url": ping_url,
        "snippets": ping_snippets(ping_url),
    }
    return respond(request, "heartbeats/detail.html", "heartbeats/_state.html", context)


@require_http_methods(["GET", "POST"])
@space_view(Role.EDITOR)
def heartbeat_edit(
    request: PageRequest, space: Space, pk: int | None = None
) -> HttpResponse:
    """Make a heartbeat, or change one."""
    beat = _found(request, space, pk) if pk is not None else None
    name = beat.name if beat else ""
    form = HeartbeatForm(request.POST or None, heartbeat=beat)
    if form.is_valid():
        saved = beat
        with errors_beside(form, {"": "name"}):
            saved = sources.save_heartbeat(
                space, form.cleaned_data, by=request.user, now=clock(), heartbeat=beat
            )
        if form.is_valid() and saved is not None:
            messages.success(request, _("“%(name)s” is saved.") % {"name": saved.name})
            return redirect("heartbeat", space.slug, saved.pk)
    context = {
        "form": form,
        "beat": beat,
        "beat_name": name,
        "heading": _("Change “%(name)s”") % {"name": name} if beat else _("New heartbeat"),
        "back": reverse("heartbeat", args=[space.slug, pk]) if pk else reverse("heartbeats", args=[space.slug]),
    }  # fmt: skip
    return render(request, "heartbeats/edit.html", context)


@require_POST
@space_view(Role.EDITOR)
def heartbeat_switch(request: PageRequest, space: Space, pk: int) -> HttpResponse:
    """Switch a heartbeat on or off."""
    beat = _found(request, space, pk)
    wanted = {"enabled": not beat.enabled}
    try:
        sources.save_heartbeat(
            space, wanted, by=request.user, now=clock(), heartbeat=beat
        )
    except InvalidInput as error:
        # A rule that is younger than the heartbeat; the form shows which.
        messages.error(request, str(error))
    return redirect("heartbeat", space.slug, pk)


@require_POST
@space_view(Role.EDITOR)
def heartbeat_remove(request: PageRequest, space: Space, pk: int) -> HttpResponse:
    """Delete a heartbeat; its alert ends."""
    beat = _found(request, space, pk)
    sources.remove(beat, by=request.user, now=clock())
    messages.success(request, _("“%(name)s” is deleted.") % {"name": beat.name})
    return redirect("heartbeats", space.slug)


def _visible(request: PageRequest, space: Space) -> QuerySet[Heartbeat]:
    return Heartbeat.objects.visible_to(request.user).filter(space=space)


def _found(request: PageRequest, space: Space, pk: int) -> Heartbeat:
    found: Heartbeat = get_object_or_404(_visible(request, space), pk=pk)
    return found


def _standing(beat: Heartbeat, now: Any) -> str:
    """Return the word of the state that a page shows."""
    if not beat.enabled:
        return "disabled"
    words = {"up": "on_time", "late": "late", "failed": "failed", "new": "new"}
    return words[standing_of(beat, now)]
