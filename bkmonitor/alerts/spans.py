"""When the alerts of strategies were open, and at which severity."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from itertools import pairwise
from math import inf
from typing import Any

from django.db.models import Q, QuerySet

from bkmonitor.alerts.models import Alert, SourceKind, Transition
from bkmonitor.evaluation.composite import Span

FIELDS = (
    "pk", "source_kind", "source_id", "labels", "severity", "started_at", "ended_at",
)  # fmt: skip
Moves = dict[int, list[tuple[float, int]]]


def spans_of(strategies: Collection[int], *, since: datetime) -> dict[int, list[Span]]:
    """Return by strategy what is open of its alerts, or was open after `since`.

    An alert whose severity changed after `since` has a span for each.
    """
    own = Alert.objects.filter(
        source_kind__in=(SourceKind.STRATEGY, SourceKind.NO_DATA),
        source_id__in=strategies,
    )
    rows = own.filter(Q(state=Alert.State.FIRING) | Q(ended_at__gt=since))
    moves = _moves(own, since)
    found: dict[int, list[Span]] = defaultdict(list)
    for row in rows.values(*FIELDS).iterator(chunk_size=2000):
        found[row["source_id"]].extend(_spans(row, moves.get(row["pk"], ())))
    return found


def _moves(alerts: QuerySet[Alert], since: datetime) -> Moves:
    """Return the severities of the alerts that changed theirs: from when on, and which."""
    changed = Transition.objects.filter(
        alert__in=alerts,
        at__gt=since,
        kind__in=(Transition.Kind.WORSENED, Transition.Kind.EASED),
    )
    told = Transition.objects.filter(alert__in=changed.values("alert")).exclude(
        kind=Transition.Kind.RESOLVED
    )
    moves: Moves = defaultdict(list)
    for alert, at, severity in told.values_list("alert", "at", "severity").order_by(
        "at", "pk"
    ):
        moves[alert].append((at.timestamp(), severity))
    return moves


def _spans(row: Any, moves: Iterable[tuple[float, int]]) -> Iterator[Span]:
    begin = row["started_at"].timestamp()
    end = row["ended_at"].timestamp() if row["ended_at"] else inf
    steps = [*(moves or [(begin, row["severity"])]), (end, 0)]
    for (start, severity), (stop, _next) in pairwise(steps):
        yield Span(
            strategy=row["source_id"],
            labels=row["labels"],
            severity=severity,
            begin=start,
            end=stop,
            no_data=row["source_kind"] == SourceKind.NO_DATA,
        )
