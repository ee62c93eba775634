"""What the chart in a message shows: the series of its alert."""

import math
from datetime import UTC, datetime, timedelta

from bkmonitor.alerts.models import Alert
from bkmonitor.evaluation.strategies import find_series
from bkmonitor.metrics.query import query_range
from bkmonitor.notifications.message import Message
from bkmonitor.notifications.picture import Drawing
from bkmonitor.probes.models import Probe
from bkmonitor.strategies.definition import limit_lines
from bkmonitor.strategies.models import Strategy

BEFORE = timedelta(hours=1)
LONGEST = timedelta(hours=24)
POINTS = 240


def chart_of(message: Message) -> Drawing | None:
    """Return what to draw for a message, or None when there is nothing to see.

    Shows the hour before the alert and all of it, a day at the most. Talks to the
    store, so never call it inside a transaction.
    """
    alert = Alert.objects.select_related("space").filter(pk=message.alert_id).first()
    if alert is None:
        return None
    if alert.source_kind == "strategy":
        return _of_strategy(alert)
    if alert.source_kind == "probe":
        return _of_probe(alert)
    return None


def _of_strategy(alert: Alert) -> Drawing | None:
    strategy = Strategy.objects.filter(pk=alert.source_id).first()
    if strategy is None or strategy.kind == Strategy.Kind.COMPOSITE:
        return None
    end = alert.ended_at or datetime.now(UTC)
    start = max(alert.started_at - BEFORE, end - LONGEST)
    span = (end - start).total_seconds()
    step = max(strategy.interval_s, math.ceil(span / POINTS))
    result = query_range(
        alert.space.slug, strategy.expression, start.timestamp(), end.timestamp(), step
    )
    row = find_series(result.frame, alert.fingerprint) if result.frame else None
    if result.frame is None or row is None:
        return None
    values = [None if math.isnan(v) else float(v) for v in result.frame.values[row]]
    limit = next(
        (
            each.value
            for each in limit_lines(strategy.levels)
            if each.severity == alert.severity
        ),
        None,
    )
    return _drawing(alert, [int(at) for at in result.frame.times], values, limit)


def _of_probe(alert: Alert) -> Drawing | None:
    probe = Probe.objects.filter(pk=alert.source_id).first()
    if probe is None or not probe.results:
        return None
    times = [int(entry[0]) for entry in probe.results]
    values = [entry[2] if entry[1] == 1 else None for entry in probe.results]
    return _drawing(alert, times, values, None)


def _drawing(
    alert: Alert, times: list[int], values: list[float | None], limit: float | None
) -> Drawing:
    return Drawing(
        times=times,
        values=values,
        limit=limit,
        firing_from=alert.started_at.timestamp(),
        firing_to=alert.ended_at.timestamp() if alert.ended_at else None,
    )
