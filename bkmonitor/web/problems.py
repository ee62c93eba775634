"""What fires of the things on a page, and the alerts of one of them."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, Min, OuterRef, QuerySet
from django.utils.functional import Promise

from bkmonitor.alerts.models import Alert, Severity, SourceKind
from bkmonitor.web import states

NEWEST = 10
# What belongs to a thing beside the alerts of its own kind.
BESIDE = {SourceKind.STRATEGY: [SourceKind.NO_DATA]}


@dataclass(frozen=True, slots=True)
class Problem:
    """How much fires of one thing, and how bad the worst of it is."""

    count: int
    severity: int

    @property
    def icon(self) -> str:
        """Return the shape of the worst severity."""
        return states.SEVERITY[Severity(self.severity)]

    @property
    def label(self) -> str | Promise:
        """Return the word for the worst severity."""
        return Severity(self.severity).label


def problems_of(kind: str, ids: Collection[int]) -> dict[int, Problem]:
    """Return what fires of each of these sources that has something firing."""
    firing = Alert.objects.firing().filter(
        source_kind__in=_kinds(kind), source_id__in=ids
    )
    rows = firing.values("source_id").annotate(n=Count("pk"), worst=Min("severity"))
    return {
        row["source_id"]: Problem(row["n"], row["worst"]) for row in rows.order_by()
    }


def firing_now(kind: str) -> Exists:
    """Return the condition that something of a row fires, for filters and counts."""
    alerts: QuerySet[Any] = Alert.objects.firing()
    return Exists(alerts.filter(source_kind__in=_kinds(kind), source_id=OuterRef("pk")))


def alerts_of(kind: str, source_id: int) -> list[Alert]:
    """Return what fires of one source, the worst first, and the newest that are over."""
    own = Alert.objects.filter(source_kind__in=_kinds(kind), source_id=source_id)
    firing = own.firing().order_by("severity", "-started_at", "-pk")[:50]
    over = own.filter(state=Alert.State.RESOLVED).order_by("-started_at", "-pk")
    return [*firing, *over[:NEWEST]]


def _kinds(kind: str) -> list[str]:
    return [kind, *BESIDE.get(SourceKind(kind), [])]
