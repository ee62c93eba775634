"""The chart of an alert: its series around the firing, limits and the firing span."""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from bkmonitor.alerts.models import Alert, SourceKind
from bkmonitor.lib.frame import Frame
from bkmonitor.lib.labels import Labels
from bkmonitor.metrics.query import query_range
from bkmonitor.probes.models import Probe
from bkmonitor.strategies.models import Strategy
from bkmonitor.web.charts import chart, result_columns

AROUND = timedelta(hours=1)
LONGEST = timedelta(hours=24)
POINTS = 360
HIDDEN = frozenset({"__name__", "space"})


def chart_marks(alert: Alert) -> dict[str, Any]:
    """Return whether an alert has a chart, its unit, limits and firing span."""
    ended = int(alert.ended_at.timestamp()) if alert.ended_at else None
    marks: dict[str, Any] = {
        "has_chart": alert.source_kind in (SourceKind.STRATEGY, SourceKind.PROBE),
        "spans": [[int(alert.started_at.timestamp()), ended, alert.severity]],
        "limits": [],
        "unit": "s" if alert.source_kind == SourceKind.PROBE else "",
    }
    if alert.source_kind == SourceKind.STRATEGY:
        strategy = Strategy.objects.filter(pk=alert.source_id).only("limits").first()
        marks["limits"] = [
            limit
            for limit in (strategy.limits if strategy else [])
            if limit.get("value") is not None
        ]
    return marks


def alert_chart(alert: Alert, *, now: datetime) -> dict[str, Any]:
    """Return what the chart part fetches: an hour around the firing, a day at most.

    Asks the store, so call it outside transactions; a failure is in the answer.
    """
    if alert.source_kind == SourceKind.PROBE:
        return _of_probe(alert)
    strategy = Strategy.objects.filter(pk=alert.source_id).first()
    if alert.source_kind != SourceKind.STRATEGY or strategy is None:
        return chart("complete", None)
    end = min(alert.ended_at + AROUND, now) if alert.ended_at else now
    start = max(alert.started_at - AROUND, end - LONGEST)
    step = max(
        strategy.interval_s, math.ceil((end - start).total_seconds() / POINTS), 1
    )
    result = query_range(
        alert.space.slug, strategy.expression, start.timestamp(), end.timestamp(), step
    )
    frame = series_of(result.frame, alert.labels) if result.frame else None
    return chart(result.outcome, frame, result.reason)


def series_of(frame: Frame, wanted: Labels) -> Frame:
    """Keep the series of an alert, whose labels are among the alert's own."""
    rows = [row for row, labels in enumerate(frame.labels) if _within(labels, wanted)]
    kept: Sequence[int] = rows[:1]
    values = frame.values[kept] if kept else np.empty((0, len(frame.times)))
    return Frame(frame.times, values, tuple(frame.labels[row] for row in kept))


def _within(labels: Labels, wanted: Labels) -> bool:
    own = {name: value for name, value in labels.items() if name not in HIDDEN}
    return own.items() <= wanted.items()


def _of_probe(alert: Alert) -> dict[str, Any]:
    probe = Probe.objects.filter(pk=alert.source_id).only("results").first()
    columns = result_columns(probe.results) if probe and probe.results else []
    return {
        "outcome": "complete",
        "reason": "",
        "columns": columns,
        "series": [alert.source_name] if columns else [],
        "hidden": 0,
    }
