"""What an expression gives now and gave of late, held against limits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from bkmonitor.detection.port import View
from bkmonitor.evaluation.judgement import judge
from bkmonitor.lib.errors import InvalidInput
from bkmonitor.lib.frame import Frame, Severities, Values
from bkmonitor.lib.labels import Labels, fingerprint
from bkmonitor.metrics.query import query_instant, query_range
from bkmonitor.metrics.tsdb.current import is_on
from bkmonitor.strategies.definition import parse_definition
from bkmonitor.strategies.promql import check_expression, filters
from bkmonitor.web.charts import chart

SPANS: dict[str, tuple[int, str | Promise]] = {
    "1h": (3600, _("1 hour")),
    "6h": (6 * 3600, _("6 hours")),
    "24h": (86400, _("24 hours")),
    "7d": (7 * 86400, _("7 days")),
}
# Enough for a chart across a page; no finer than samples usually come.
POINTS = 240
FINEST_S = 15
MOST_DRAWN = 20


@dataclass(frozen=True, slots=True)
class Line:
    """One series now: its value, None if it has none, and the severity of that."""

    labels: Labels
    value: float | None
    severity: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What to show of an expression.

    outcome      complete, partial or failed, as the store said; "invalid" for what
                 is no PromQL, "empty" for nothing typed yet, "off" without a store
    lines        the series that are shown, the worst first
    total        how many series there are
    filters      the expression drops series by itself
    """

    outcome: str
    reason: str = ""
    lines: Sequence[Line] = ()
    total: int = 0
    filters: bool = False
    chart: dict[str, Any] = field(default_factory=dict)

    @property
    def hidden(self) -> int:
        """Return how many series are not shown."""
        return self.total - len(self.lines)


def preview(
    space_slug: str,
    expression: str,
    levels: Sequence[Mapping[str, Any]],
    span_s: int,
    now: datetime,
) -> Preview:
    """Run an expression over the last `span_s` seconds; never raise."""
    if not expression.strip():
        return Preview("empty")
    try:
        check_expression(expression)
    except InvalidInput as error:
        return Preview("invalid", error.fields.get("expression", str(error)))
    drops = filters(expression)
    if not is_on():
        return Preview("off", filters=drops)
    at = now.timestamp()
    step = max(FINEST_S, -(-span_s // POINTS) // FINEST_S * FINEST_S)
    past = query_range(space_slug, expression, at - span_s, at, step)
    # A range ends at a whole step, which over a week is most of an hour ago.
    present = query_instant(space_slug, expression, at)
    if past.frame is None or present.frame is None:
        return Preview("failed", past.reason or present.reason, filters=drops)
    whole, newest = _joined(past.frame, present.frame)
    judged = _judged(whole, newest, expression, levels)
    shown = _worst(whole, judged)
    drawn = Frame(whole.times, whole.values[shown], _picked(whole.labels, shown))
    outcome = max(past.outcome, present.outcome)  # "partial" comes after "complete"
    reason = past.reason or present.reason
    return Preview(
        outcome,
        reason,
        _lines(drawn.labels, newest[shown], judged[shown, -1]),
        len(whole.labels),
        drops,
        chart(outcome, drawn, reason),
    )


def _joined(past: Frame, present: Frame) -> tuple[Frame, Values]:
    """Return all series of both frames, and the newest value of each, NaN for none."""
    values = {fingerprint(_plain(labels)): (labels, float(row[-1]))
              for labels, row in zip(present.labels, present.values, strict=True)}  # fmt: skip
    newest = [
        values.pop(fingerprint(_plain(labels)), (labels, np.nan))[1]
        for labels in past.labels
    ]
    only_now = tuple(values.values())
    empty = np.full((len(only_now), len(past.times)), np.nan)
    whole = Frame(
        past.times,
        np.vstack([past.values, empty]),
        (*past.labels, *(labels for labels, _value in only_now)),
    )
    return whole, np.array([*newest, *(value for _labels, value in only_now)])


def _judged(
    frame: Frame, newest: Values, expression: str, levels: Sequence[Mapping[str, Any]]
) -> Severities:
    """Return what each point is found to be, and as the last column the newest."""
    if not levels:
        return np.zeros((len(newest), len(frame.times) + 1), dtype=np.int8)
    times = np.arange(len(frame.times) + 1, dtype=np.int64)
    known = np.column_stack([frame.values, newest])
    view = View(times, frame.labels, 1, times, known)
    definition = parse_definition(
        {"expression": expression, "interval_s": 60, "levels": levels}
    )
    return judge(definition, {expression: view}, 1).points()


def _worst(frame: Frame, judged: Severities) -> list[int]:
    """Return the rows to show: those that are bad now, then those that often were."""
    now = judged[:, -1]
    badness = np.where(now > 0, 4 - now, 0)
    often = np.count_nonzero(judged[:, :-1] > 0, axis=1)
    names = [sorted(labels.items()) for labels in frame.labels]
    order = sorted(
        range(len(names)), key=lambda at: (-badness[at], -often[at], names[at])
    )
    return order[:MOST_DRAWN]


def _picked(labels: Sequence[Labels], rows: Sequence[int]) -> tuple[Labels, ...]:
    return tuple(labels[row] for row in rows)


def _lines(labels: Sequence[Labels], newest: Values, marked: Severities) -> list[Line]:
    return [
        Line(
            _telling(one),
            None if np.isnan(value) else float(value),
            max(0, int(mark)),
        )
        for one, value, mark in zip(labels, newest, marked, strict=True)
    ]


def _plain(labels: Labels) -> Labels:
    return {name: value for name, value in labels.items() if name != "space"}


def _telling(labels: Labels) -> Labels:
    """Leave out the metric's name, which all series share, unless there is no more."""
    plain = _plain(labels)
    without = {name: value for name, value in plain.items() if name != "__name__"}
    return without or plain
