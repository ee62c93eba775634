"""Judge a strategy: query, detect, trigger."""

from datetime import datetime
from typing import Protocol

import numpy as np

from bkmonitor.detection.threshold import ANY, Limit, limit_of, mark_severities
from bkmonitor.evaluation.trigger import judge, points_needed
from bkmonitor.evaluation.verdict import Sentence, Source, Verdicts
from bkmonitor.lib.errors import NotJudged
from bkmonitor.lib.frame import Frame, Severities, Values
from bkmonitor.lib.labels import Labels, fingerprint
from bkmonitor.metrics.query import Result
from bkmonitor.strategies.models import Strategy
from bkmonitor.strategies.schema import parse_limits

# Labels that say nothing of which series it is: the metric's name goes when a
# function is applied, and the space is the same for all.
HIDDEN = frozenset({"__name__", "space"})


class Query(Protocol):
    """The two questions that an evaluation asks of the store; times in Unix seconds."""

    def query_instant(self, space: str, promql: str, at: float, /) -> Result:
        """Return the newest value of each series."""

    def query_range(
        self, space: str, promql: str, start: float, end: float, step_s: int, /
    ) -> Result:
        """Return the values of each series over a span."""


def evaluate(strategy: Strategy, at: datetime, *, store: Query) -> Verdicts:
    """Return what the strategy says of each series at a tick.

    Pure but for the query: the same samples give the same verdicts, whenever it
    runs. Raises NotJudged with the reason when the answer is not
    complete; nothing may be concluded then.
    """
    frame = fetch(strategy, at, store=store)
    limits = parse_limits(strategy.limits)
    marked = mark_severities(frame.values, limits)
    severity = judge(
        marked,
        count=strategy.trigger_count,
        window=strategy.trigger_window,
        recovery=strategy.recovery_window,
        gap_is_normal=strategy.filters,
    )
    values = _telling_values(frame.values, marked, severity)
    changed_at = strategy.changed_at
    return Verdicts(
        source=source_of(strategy),
        # A tick from before the change says what the new expression says, so it
        # begins with the change: else an alert of the new one would count as old.
        at=max(at, changed_at) if changed_at else at,
        labels=_identities(frame),
        severity=severity,
        values=values,
        sentences=_sentences(severity, values, limits),
        absent_is_normal=strategy.filters,
        changed_at=changed_at,
    )


def fetch(strategy: Strategy, at: datetime, *, store: Query) -> Frame:
    """Return the samples that one evaluation needs: an instant, or a window."""
    points = points_needed(
        window=strategy.trigger_window, recovery=strategy.recovery_window
    )
    slug = strategy.space.slug
    if points == 1:
        result = store.query_instant(slug, strategy.expression, at.timestamp())
    else:
        end = at.timestamp()
        start = end - strategy.interval_s * (points - 1)
        result = store.query_range(
            slug, strategy.expression, start, end, strategy.interval_s
        )
    if result.outcome != "complete" or result.frame is None:
        raise NotJudged(result.reason or f"the answer was {result.outcome}")
    return result.frame


def source_of(strategy: Strategy) -> Source:
    """Return the strategy as a source of alerts."""
    return Source(
        kind="strategy",
        id=strategy.pk,
        name=strategy.name,
        space_id=strategy.space_id,
        labels=strategy.labels,
        summary=strategy.summary,
        description=strategy.description,
        runbook_url=strategy.runbook_url,
    )


def find_series(frame: Frame, wanted: str) -> int | None:
    """Return the row whose series has this fingerprint, as its alert has it."""
    for row, labels in enumerate(frame.labels):
        if fingerprint(_identity(labels)) == wanted:
            return row
    return None


def _identity(labels: Labels) -> Labels:
    return {name: value for name, value in labels.items() if name not in HIDDEN}


def _identities(frame: Frame) -> tuple[Labels, ...]:
    stripped = tuple(_identity(labels) for labels in frame.labels)
    seen = {tuple(sorted(labels.items())) for labels in stripped}
    if len(seen) < len(stripped):
        raise NotJudged(
            "several series have the same labels once the metric name is taken away; "
            "select one metric or aggregate"
        )
    return stripped


def _telling_values(values: Values, marked: Severities, severity: Severities) -> Values:
    """Return per series the newest value that made it fire, else the newest there is."""
    if not values.shape[1]:
        return np.full(len(values), np.nan)
    level = severity[:, None]
    telling = np.where(level > 0, (marked > 0) & (marked <= level), marked >= 0)
    newest = values.shape[1] - 1 - np.argmax(telling[:, ::-1], axis=1)
    picked = values[np.arange(len(values)), newest]
    return np.where(telling.any(axis=1), picked, np.nan)


def _sentences(
    severity: Severities, values: Values, limits: tuple[Limit, ...]
) -> dict[int, Sentence]:
    sentences = {}
    for row in np.flatnonzero(severity > 0):
        value = float(values[row])
        limit = limit_of(int(severity[row]), value, limits)
        shown: dict[str, object] = {
            "value": value if np.isfinite(value) else str(value)
        }
        if limit.operator != ANY:
            shown |= {"operator": limit.operator, "limit": limit.value}
        name = "any" if limit.operator == ANY else "limit"
        sentences[int(row)] = Sentence(name, shown)
    return sentences
