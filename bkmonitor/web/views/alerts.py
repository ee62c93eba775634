"""Alerts: the list, one of them, and what people do to them."""

from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import Http404, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from bkmonitor.accounts.access import Role
from bkmonitor.accounts.models import Space
from bkmonitor.alerts import services
from bkmonitor.alerts.models import Alert, Severity
from bkmonitor.lib.errors import Conflict
from bkmonitor.routing.timeline import timeline_of
from bkmonitor.web.access import PageRequest, clock, space_view
from bkmonitor.web.alert_chart import alert_chart, chart_marks
from bkmonitor.web.alert_search import find_alerts, in_state, read_search
from bkmonitor.web.composites import alerts_behind
from bkmonitor.web.htmx import go_to, respond, wants_fragment
from bkmonitor.web.paging import page
from bkmonitor.web.timeline import messages_in, story
from bkmonitor.web.told import messages_by_alert, who_was_told
from bkmonitor.web.views.session import wanted

LONGEST_COMMENT = 5000


@require_safe
@space_view()
def alert_list(request: PageRequest, space: Space) -> HttpResponse:
    """Show the alerts that the query of the URL asks for; the table refreshes itself."""
    search = read_search(request.GET.dict())
    rows = Alert.objects.visible_to(request.user).filter(space=space)
    found = find_alerts(rows, search).select_related("acked_by", "group")
    shown = page(found, search.order, request.GET.get("cursor", ""))
    told = messages_by_alert(shown.rows)
    context = {
        "page": shown,
        "alerts": [(alert, told[alert.pk]) for alert in shown.rows],
        "search": search,
        "counts": _counts(find_alerts(rows, replace(search, state="all"))),
        "severities": Severity.choices,
    }
    return respond(request, "alerts/list.html", "alerts/_table.html", context)


def _counts(rows: Any) -> dict[str, int]:
    """Return how many alerts there are in each state that is worth a number."""
    firing = Q(state=Alert.State.FIRING)
    counted: dict[str, int] = in_state(rows, "firing").aggregate(
        firing=Count("pk", filter=firing),
        open=Count("pk", filter=firing & Q(acked_at=None)),
    )
    return counted


def find_alert(request: PageRequest, space: Space, pk: int) -> Alert:
    """Return an alert of the space; 404 for one of another."""
    alert: Alert | None = (
        Alert.objects.visible_to(request.user)
        .filter(space=space, pk=pk)
        .select_related("acked_by", "space", "group")
        .first()
    )
    if alert is None:
        raise Http404(pk)
    return alert


@require_safe
@space_view()
def alert_detail(request: PageRequest, space: Space, pk: int) -> HttpResponse:
    """Show the whole story of one alert; it refreshes itself while it fires."""
    alert = find_alert(request, space, pk)
    entries = timeline_of(alert)
    group = getattr(alert, "group", None)
    muted = bool(group and group.muted_until and alert.state == Alert.State.FIRING)
    context = {
        "alert": alert,
        "entries": story(entries),
        "told": who_was_told(alert, messages_in(entries), muted=muted),
        "group": group,
        "muted": muted,
        "behind": alerts_behind(alert),
        **chart_marks(alert),
    }
    return respond(request, "alerts/detail.html", "alerts/_detail.html", context)


@require_safe
@space_view()
def chart(request: PageRequest, space: Space, pk: int) -> JsonResponse:
    """Answer the series of an alert around its firing."""
    return JsonResponse(alert_chart(find_alert(request, space, pk), now=clock()))


@require_POST
@space_view(Role.RESPONDER)
def acknowledge(request: PageRequest, space: Space, pk: int) -> HttpResponse:
    """Take an alert; the repeats stop."""
    alert = find_alert(request, space, pk)
    try:
        services.acknowledge(alert, by=request.user, at=clock())
    except Conflict:
        return _changed(request, alert, problem=_("The alert is over, or somebody has it already."))  # fmt: skip
    return _changed(request, alert)


@require_POST
@space_view(Role.RESPONDER)
def unacknowledge(request: PageRequest, space: Space, pk: int) -> HttpResponse:
    """Give an alert back; the repeats go on."""
    alert = find_alert(request, space, pk)
    try:
        services.unacknowledge(alert, by=request.user, at=clock())
    except Conflict:
        return _changed(request, alert, problem=_("The alert is over, or nobody has it."))  # fmt: skip
    return _changed(request, alert)


@require_POST
@space_view(Role.RESPONDER)
def comment(request: PageRequest, space: Space, pk: int) -> HttpResponse:
    """Add words to the story of an alert."""
    alert = find_alert(request, space, pk)
    text = request.POST.get("text", "").strip()[:LONGEST_COMMENT]
    if text:
        services.comment(alert, by=request.user, at=clock(), text=text)
    return go_to(request, "alert", space.slug, pk)


def _changed(request: PageRequest, alert: Alert, problem: str = "") -> HttpResponse:
    """Lead back to where the button was; htmx is told to fetch that part anew."""
    if wants_fragment(request):
        return HttpResponse(status=204, headers={"HX-Trigger": "alerts-changed"})
    if problem:
        messages.error(request, problem)
    if request.POST.get("next"):
        return go_to(request, wanted(request))
    return go_to(request, "alert", alert.space.slug, alert.pk)
