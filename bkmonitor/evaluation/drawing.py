"""A replay as a chart shows it: the worst series, thinned to the width of a page."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bkmonitor.evaluation.backtest import Backtest, FiringSpan
from bkmonitor.evaluation.judgement import Judgement
from bkmonitor.evaluation.replay import Part, Replay
from bkmonitor.lib.frame import Severities, Times, Values
from bkmonitor.lib.labels import Labels, fingerprint

# Of one series; more can be told apart by nobody.
MOST_SPANS = 200
# What a detector says of a series besides its value, and a chart can draw.
EDGES = ("lower", "upper", "usual", "reference")


@dataclass(frozen=True, slots=True)
class Drawn:
    """One series as it is shown.

    now       its newest value, NaN for none
    point     what the detectors find of that: 1..3, 0 normal, -1 not judged
    severity  of the alert that would be open, 0 for none
    values    (B,) of each stretch of ticks the worst anomaly or, where all is calm, the
              value that stands out most; NaN for none
    points    (B,) of each stretch the worst finding
    fired     how many alerts it would have had; `spans` are the newest of them
    """

    labels: Labels
    now: float
    point: int
    severity: int
    values: Values
    points: Severities
    fired: int
    spans: Sequence[FiringSpan]

    @property
    def key(self) -> str:
        """Return what names the series in a request."""
        return fingerprint(self.labels)


class Drawing:
    """What is kept of each part of a replay.

    stride  how many ticks are one point of the chart
    only    the key of the one series to show

    A series that is shown alone, or is the only one there is, is shown with what its
    detectors held it against.
    """

    def __init__(self, stride: int, only: str = "") -> None:
        self._stride, self._only = stride, only
        self._times: list[Times] = []
        self._values: list[Values] = []
        self._points: list[Severities] = []
        self._edges: list[Mapping[str, Values]] = []
        self._last: Replay | None = None

    def add(self, part: Part) -> None:
        """Keep what a chart shows of the next part."""
        replay, stride = part.replay, self._stride
        shown = stand_out(replay.values, replay.points, stride)
        self._times.append(replay.ticks[::stride])
        self._values.append(np.take_along_axis(replay.values, shown, axis=1))
        self._points.append(thin_points(replay.points, stride))
        self._last = replay
        alone = fingerprint(replay.labels[0]) if len(replay.labels) == 1 else ""
        self._edges.append(_edges_of(part, self._only or alone, shown))

    def times(self) -> Times:
        """Return the beginning of each stretch, (B,) in Unix seconds."""
        return np.concatenate(self._times)

    def series(self, found: Backtest, most: int) -> list[Drawn]:
        """Return the worst `most` series, or the only one."""
        last = self._last
        if last is None:
            return []
        spans: dict[int, list[FiringSpan]] = {}
        for span in found.all_spans():
            spans.setdefault(span.row, []).append(span)
        rows = self._worst(last, found, spans)
        if self._only:
            rows = [row for row in rows if fingerprint(last.labels[row]) == self._only]
        return [
            Drawn(
                labels=last.labels[row],
                now=float(last.values[row, -1]),
                point=int(last.points[row, -1]),
                severity=int(last.shown[row, -1]),
                values=_row_of(self._values, row, np.nan),
                points=_row_of(self._points, row, -1),
                fired=found.fired_of(row),
                spans=spans.get(row, [])[-MOST_SPANS:],
            )
            for row in rows[:most]
        ]

    def edges(self) -> Mapping[str, Values]:
        """Return by name what the only series was held against, (B,) each."""
        if not self._only and (self._last is None or len(self._last.labels) != 1):
            return {}
        parts = [*zip(self._edges, self._times, strict=True)]
        return {
            name: np.concatenate(
                [part.get(name, np.full(len(times), np.nan)) for part, times in parts]
            )
            for name in EDGES
            if any(name in part for part in self._edges)
        }

    def _worst(
        self, last: Replay, found: Backtest, spans: Mapping[int, Sequence[FiringSpan]]
    ) -> list[int]:
        """Return all rows: those that fire, those that did, those that were anomalous."""
        often = np.zeros(len(last.labels), dtype=np.int64)
        for points in self._points:
            often[: len(points)] += np.count_nonzero(points > 0, axis=1)

        def rank(row: int) -> tuple[Any, ...]:
            now = int(last.shown[row, -1]) or 4
            worst = min((span.worst for span in spans.get(row, ())), default=4)
            names = sorted(last.labels[row].items())
            return now, -found.fired_of(row), worst, -int(often[row]), names

        return sorted(range(len(last.labels)), key=rank)


def stand_out(values: Values, points: Severities, stride: int) -> NDArray[np.intp]:
    """Return of every `stride` points which is shown: the worst anomaly, if there is one.

    Of several, and where all is calm, it is the one farthest from the mean of the
    stretch: a spike of one point is seen in a month, too.

    Shapes  (S, T) -> (S, B), columns; the last stretch may be shorter.
    """
    if stride == 1:
        return np.broadcast_to(np.arange(values.shape[1]), values.shape)
    blocks = _blocks(values, stride, np.nan)
    known = ~np.isnan(blocks)
    count = np.maximum(known.sum(axis=2), 1)
    with np.errstate(invalid="ignore", over="ignore"):
        mean = np.where(known, blocks, 0.0).sum(axis=2) / count
        apart = np.abs(blocks - mean[:, :, None])
    # An infinity is as far as can be; from a mean that is infinite by it nothing else is.
    apart = np.where(np.isfinite(apart), apart, 0.0)
    apart = np.where(np.isinf(blocks), np.inf, np.where(known, apart, -1.0))
    badness = _badness(_blocks(points.astype(np.float64), stride, -1))
    worst = np.maximum(badness.max(axis=2, keepdims=True), 0)
    apart[np.maximum(badness, 0) < worst] = -2.0
    begins = np.arange(blocks.shape[1]) * stride
    return np.asarray(np.argmax(apart, axis=2) + begins)


def thin_points(points: Severities, stride: int) -> Severities:
    """Return of every `stride` points the worst: 1, 2, 3, then 0, then -1."""
    if stride == 1:
        return points
    blocks = _blocks(points.astype(np.float64), stride, -1)
    badness = _badness(blocks).max(axis=2)
    thinned: Severities = np.where(badness > 0, 4 - badness, badness).astype(np.int8)
    return thinned


def _badness(points: Values) -> Values:
    """Return the other way round what is found: 3 for the worst severity, 0, -1."""
    return np.where(points > 0, 4 - points, points)


def _blocks(rows: Values, stride: int, missing: float) -> NDArray[np.float64]:
    series, points = rows.shape
    blocks = -(-points // stride)
    whole = np.full((series, blocks * stride), missing)
    whole[:, :points] = rows
    return whole.reshape(series, blocks, stride)


def _row_of(parts: Sequence[NDArray[Any]], row: int, missing: float) -> NDArray[Any]:
    """Return one row of all parts; a part from before the series came lacks it."""
    return np.concatenate(
        [
            part[row]
            if row < len(part)
            else np.full(part.shape[1], missing, part.dtype)
            for part in parts
        ]
    )


def _edges_of(part: Part, key: str, shown: NDArray[np.intp]) -> Mapping[str, Values]:
    """Return what the detectors held one series against, the worst level's first.

    Shapes  shown (S, B): the columns of each series that are shown; (B,) for each name.
    """
    labels, ticks = part.judgement.labels, len(part.replay.ticks)
    rows = [row for row, one in enumerate(labels) if fingerprint(one) == key]
    found: dict[str, Values] = {}
    for row in rows:
        for name, fact in _facts_of(part.judgement, row):
            found.setdefault(name, fact[-ticks:][shown[part.rows[row]]])
    return found


def _facts_of(judgement: Judgement, row: int) -> Iterator[tuple[str, Values]]:
    for own in judgement.marked:
        at = int(own.place[row])
        for findings in own.findings if at >= 0 else ():
            shape = findings.anomalous.shape
            for name in findings.facts.keys() & set(EDGES):
                yield name, np.broadcast_to(findings.facts[name], shape)[at]
