"""Probes: looks at targets from outside."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpResponse, JsonResponse
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
from bkmonitor.probes.models import Probe
from bkmonitor.web.access import PageRequest, clock, space_view
from bkmonitor.web.forms.beside import errors_beside
from bkmonitor.web.forms.probes import FORMS
from bkmonitor.web.htmx import respond
from bkmonitor.web.lists import State, keys, listed
from bkmonitor.web.probe_series import OF, SPANS, probe_chart, uptimes
from bkmonitor.web.problems import alerts_of, problems_of

KIND = "probe"
STATES = (
    State("all", gettext_lazy("All"), Q()),
    State("up", gettext_lazy("Up"), Q(enabled=True, state="up")),
    State("down", gettext_lazy("Down"), Q(enabled=True, state="down")),
    State("unknown", gettext_lazy("Not judged"), Q(enabled=True, state="unknown")),
    State("new", gettext_lazy("Waiting"), Q(enabled=True, state="new")),
    State("disabled", gettext_lazy("Off"), Q(enabled=False)),
)
NEWEST = 20
YOUNG = timedelta(hours=6)
SPAN_WORDS = (
    ("1h", gettext_lazy("1 hour")),
    ("24h", gettext_lazy("24 hours")),
    ("7d", gettext_lazy("7 days")),
    ("30d", gettext_lazy("30 days")),
)


@require_safe
@space_view()
def probe_list(request: PageRequest, space: Space) -> HttpResponse:
    """Show the probes that the query of the URL asks for, with their newest looks."""
    rows = _visible(request, space).defer("settings")
    context = listed(request, rows, STATES, ("name", "target"))
    shown: Any = context["page"].rows
    problems = problems_of(KIND, keys(shown))
    context["rows"] = [(row, problems.get(row.pk), _newest(row)) for row in shown]
    return respond(request, "probes/list.html", "probes/_table.html", context)


@require_safe
@space_view()
def probe_detail(request: PageRequest, space: Space, pk: int) -> HttpResponse:
    """Show how a target does: newest looks, response times, certificate, alerts."""
    probe, now = _found(request, space, pk), clock()
    judged = [look for look in probe.results if look[1] is not None]
    expires = probe.certificate_expires_at
    context = {
        "probe": probe,
        "problem": problems_of(KIND, [pk]).get(pk),
        "alerts": alerts_of(KIND, pk),
        "newest": _newest(probe),
        "looks": [_look(look) for look in reversed(probe.results[-NEWEST:])],
        "share_up": sum(look[1] for look in judged) / len(judged) if judged else None,
        "days_left": (expires - now).days if expires else None,
        "settings_given": _shown_settings(probe),
        "span_choices": SPAN_WORDS,
        "span": _span(request, probe),
        "metrics_off": not is_on(),
    }
    return respond(request, "probes/detail.html", "probes/_state.html", context)


@require_safe
@space_view()
def chart(request: PageRequest, space: Space, pk: int) -> JsonResponse:
    """Answer response times, or their parts, over a span of time."""
    probe = _found(request, space, pk)
    of = request.GET.get("of", OF[0])
    if of not in OF:
        raise Http404(of)
    return JsonResponse(probe_chart(probe, SPANS[_span(request, probe)], of, clock()))


@require_safe
@space_view()
def uptime(request: PageRequest, space: Space, pk: int) -> HttpResponse:
    """Show how often the target was up over a day, a week and a month."""
    shares = uptimes(_found(request, space, pk), clock())
    words = (("1d", _("1 day")), ("7d", _("7 days")), ("30d", _("30 days")))
    context = {"shares": [(word, shares.get(span)) for span, word in words]}
    return render(request, "probes/_uptime.html", context)


@require_http_methods(["GET", "POST"])
@space_view(Role.EDITOR)
def probe_edit(
    request: PageRequest, space: Space, pk: int | None = None
) -> HttpResponse:
    """Make a probe, or change one."""
    probe = _found(request, space, pk) if pk is not None else None
    kind = probe.kind if probe else request.GET.get("kind", "http")
    if kind not in FORMS:
        raise Http404(kind)
    name = probe.name if probe else ""
    form = FORMS[kind](request.POST or None, probe=probe)
    if form.is_valid():
        saved = probe
        with errors_beside(form, {"": "name"}):
            saved = sources.save_probe(
                space, form.fields_of_probe(), by=request.user, now=clock(), probe=probe
            )
        if form.is_valid() and saved is not None:
            messages.success(request, _("“%(name)s” is saved; the first look comes within seconds.") % {"name": saved.name})  # fmt: skip
            return redirect("probe", space.slug, saved.pk)
    context = {
        "form": form,
        "probe": probe,
        "probe_name": name,
        "kind": kind,
        "kinds": Probe.Kind.choices,
        "heading": _("Change “%(name)s”") % {"name": name} if probe else _("New probe"),
        "back": reverse("probe", args=[space.slug, pk]) if pk else reverse("probes", args=[space.slug]),
    }  # fmt: skip
    return render(request, "probes/edit.html", context)


@require_POST
@space_view(Role.EDITOR)
def probe_run(request: PageRequest, space: Space, pk: int) -> HttpResponse:
    """Have the target looked at now instead of at the next turn."""
    _change(request, space, _found(request, space, pk), {})
    messages.info(request, _("The look comes within seconds."))
    return redirect("probe", space.slug, pk)


@require_POST
@space_view(Role.EDITOR)
def probe_switch(request: PageRequest, space: Space, pk: int) -> HttpResponse:
    """Switch a probe on or off."""
    probe = _found(request, space, pk)
    _change(request, space, probe, {"enabled": not probe.enabled})
    return redirect("probe", space.slug, pk)


@require_POST
@space_view(Role.EDITOR)
def probe_remove(request: PageRequest, space: Space, pk: int) -> HttpResponse:
    """Delete a probe; its alert ends."""
    probe = _found(request, space, pk)
    sources.remove(probe, by=request.user, now=clock())
    messages.success(request, _("“%(name)s” is deleted.") % {"name": probe.name})
    return redirect("probes", space.slug)


def _visible(request: PageRequest, space: Space) -> QuerySet[Probe]:
    return Probe.objects.visible_to(request.user).filter(space=space)


def _found(request: PageRequest, space: Space, pk: int) -> Probe:
    rows = _visible(request, space).select_related("space")
    found: Probe = get_object_or_404(rows, pk=pk)
    return found


def _change(
    request: PageRequest, space: Space, probe: Probe, fields: dict[str, Any]
) -> None:
    try:
        sources.save_probe(space, fields, by=request.user, now=clock(), probe=probe)
    except InvalidInput as error:
        # A rule that is younger than the probe; the form shows which.
        messages.error(request, str(error))


def _span(request: PageRequest, probe: Probe) -> str:
    """Return the span that was asked for; of a young probe a day would be a dot."""
    asked = request.GET.get("span", "")
    usual = "1h" if clock() - probe.created_at < YOUNG else "24h"
    return asked if asked in SPANS else usual


def _newest(probe: Probe) -> dict[str, Any] | None:
    return _look(probe.results[-1]) if probe.results else None


def _look(look: list[Any]) -> dict[str, Any]:
    outcome = {1: "up", 0: "down"}.get(look[1], "unknown")
    at = datetime.fromtimestamp(look[0], UTC)
    return {"at": at, "outcome": outcome, "seconds": look[2], "text": look[3]}


def _shown_settings(probe: Probe) -> list[tuple[str, str]]:
    """Return the settings of the kind, without what may be a secret."""
    shown = dict(probe.settings)
    if "headers" in shown:
        shown["headers"] = ", ".join(shown["headers"])
    if "body" in shown:
        shown["body"] = "…"
    return sorted((name, str(value)) for name, value in shown.items())
