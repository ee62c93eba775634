"""The space at a glance."""

from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db.models import Case, Count, IntegerField, Q, QuerySet, Value, When
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from bkmonitor.accounts.installation import absolute, public_url
from bkmonitor.accounts.models import Space
from bkmonitor.alerts.models import Alert, Severity
from bkmonitor.metrics.query import query_instant
from bkmonitor.probes.models import Heartbeat, Probe
from bkmonitor.strategies.models import Strategy
from bkmonitor.web.access import PageRequest, clock, space_view
from bkmonitor.web.checklist import open_points
from bkmonitor.web.htmx import respond

SHOWN = 8
COUNTED_EVERY_S = 60
# Every series of the space; its number tells whether samples arrive.
SERIES = 'count({__name__!=""})'


@require_safe
@space_view()
def overview(request: PageRequest, space: Space) -> HttpResponse:
    """Show what fires, what is watched, and what is still to set up."""
    alerts = Alert.objects.visible_to(request.user).filter(space=space).firing()
    probes = Probe.objects.visible_to(request.user).filter(space=space)
    heartbeats = Heartbeat.objects.visible_to(request.user).filter(space=space)
    strategies = Strategy.objects.visible_to(request.user).filter(space=space)
    context = {
        "alerts": alerts.select_related("acked_by").order_by(
            "severity", "-started_at", "-pk"
        )[:SHOWN],
        "severities": _by_severity(alerts),
        "probes": _worst_first(probes)[:SHOWN],
        "probe_counts": _by_state(probes),
        "heartbeats": _worst_first(heartbeats)[:SHOWN],
        "heartbeat_counts": _by_state(heartbeats),
        "strategy_counts": _strategies(strategies),
        "points": open_points(space),
        "metrics_on": bool(settings.VM_WRITE_URL),
    }
    return respond(request, "overview/page.html", "overview/_page.html", context)


@require_safe
@space_view()
def ingest(request: PageRequest, space: Space) -> HttpResponse:
    """Show whether samples arrive; asked for by the page, so that a slow store holds nothing up."""
    context = {
        **_series(space.slug),
        "write_url": absolute("/prometheus/api/v1/write")
        if public_url()
        else request.build_absolute_uri("/prometheus/api/v1/write"),
    }
    return render(request, "overview/_ingest.html", context)


def _series(slug: str) -> dict[str, Any]:
    """Count the series of a space at most once a minute: it is dear where there are many."""
    key = f"series:{slug}"
    found: dict[str, Any] | None = cache.get(key)
    if found is None:
        result = query_instant(slug, SERIES, clock().timestamp(), timeout_s=5.0)
        frame = result.frame
        counted = frame is not None and len(frame.values) > 0
        found = {
            "outcome": result.outcome,
            "reason": result.reason,
            "series": int(frame.values[0][0]) if frame and counted else 0,
        }
        cache.set(key, found, COUNTED_EVERY_S if found["series"] else 5)
    return found


def _by_severity(alerts: QuerySet[Alert]) -> list[tuple[int, int]]:
    counted = dict(
        alerts.order_by().values_list("severity").annotate(count=Count("pk"))
    )
    return [(value, counted.get(value, 0)) for value in Severity.values]


def _by_state(rows: QuerySet[Any]) -> dict[str, int]:
    on = rows.filter(enabled=True).order_by()
    counted = dict(on.values_list("state").annotate(count=Count("pk")))
    return {**counted, "all": sum(counted.values())}


def _worst_first(rows: QuerySet[Any]) -> QuerySet[Any]:
    rank = Case(
        When(state="down", then=Value(0)),
        When(state="unknown", then=Value(1)),
        When(state="up", then=Value(2)),
        default=Value(3),
        output_field=IntegerField(),
    )
    return rows.filter(enabled=True).order_by(rank, "name", "pk")


def _strategies(rows: QuerySet[Strategy]) -> dict[str, int]:
    failing = Q(outcome=Strategy.Outcome.FAILING)
    counted: dict[str, int] = rows.filter(enabled=True).aggregate(
        all=Count("pk"), failing=Count("pk", filter=failing)
    )
    return counted
