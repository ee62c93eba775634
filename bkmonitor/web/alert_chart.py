"""The chart of an alert: its series around the firing, limits and the firing span."""

import math
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from bkmonitor.alerts.models import Alert, SourceKind
from bkmonitor.evaluation.strategies import find_series
from bkmonitor.lib.frame import Frame
from bkmonitor.metrics.query import query_range
from bkmonitor.probes.models import Probe
from bkmonitor.strategies.definition import limit_lines
from bkmonitor.strategies.models import Strategy
from bkmonitor.web.charts import chart, result_columns

AROUND = timedelta(hours=1)
LONGEST = timedelta(hours=24)
POINTS = 360


def chart_marks(alert: Alert) -> dict[str, Any]:
    """Return whether an alert has a chart, its unit, limits and firing span."""
    ended = int(alert.ended_at.timestamp()) if alert.ended_at else None
    marks: dict[str, Any] = {
        "has_chart": alert.source_kind in (SourceKind.STRATEGY, SourceKind.PROBE),
        "spans": [[int(alert.started_at.timestamp()), ended, alert.severity]],
        "limits": [],
        "unit": "seconds" if alert.source_kind == SourceKind.PROBE else "",
    }
    if alert.source_kind == SourceKind.STRATEGY:
        strategy = _watched_metric(alert)
        lines = limit_lines(strategy.levels if strategy else [])
        marks["limits"] = [asdict(line) for line in lines]
        marks["has_chart"] = strategy is not None
        marks["unit"] = strategy.unit if strategy else ""
    return marks


def alert_chart(alert: Alert, *, now: datetime) -> dict[str, Any]:
    """Return what the chart part fetches: an hour around the firing, a day at most.

    Asks the store, so call it outside transactions; a failure is in the answer.
    """
    if alert.source_kind == SourceKind.PROBE:
        return _of_probe(alert)
    strategy = _watched_metric(alert)
    if strategy is None:
        return chart("complete", None)
    end = min(alert.ended_at + AROUND, now) if alert.ended_at else now
    start = max(alert.started_at - AROUND, end - LONGEST)
    step = max(
        strategy.interval_s, math.ceil((end - start).total_seconds() / POINTS), 1
    )
    result = query_range(
        alert.space.slug, strategy.expression, start.timestamp(), end.timestamp(), step
    )
    frame = series_of(result.frame, alert.fingerprint) if result.frame else None
    return chart(result.outcome, frame, result.reason)


def _watched_metric(alert: Alert) -> Strategy | None:
    """Return the strategy of an alert, if it looks at series itself."""
    if alert.source_kind != SourceKind.STRATEGY:
        return None
    metric = Strategy.objects.filter(kind=Strategy.Kind.METRIC)
    return metric.filter(pk=alert.source_id).first()


def series_of(frame: Frame, fingerprint: str) -> Frame:
    """Keep the series of an alert; none if it is not there."""
    row = find_series(frame, fingerprint)
    kept = [] if row is None else [row]
    values = frame.values[kept] if kept else np.empty((0, len(frame.times)))
    return Frame(frame.times, values, tuple(frame.labels[row] for row in kept))


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
