"""Judging a view in parts that fit into little memory."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from bkmonitor.detection.port import Findings, Lookback, View
from bkmonitor.lib.frame import Values

# What one array over the judged points and their past may take. A kernel holds a few
# of them at once; at this size they stay in the processor's cache.
SLICE_BYTES = 4 * 2**20


def judge_in_slices(
    judge: Callable[[View], Findings],
    view: View,
    points: int,
    *,
    slice_bytes: int = SLICE_BYTES,
) -> Findings:
    """Return what `judge` finds, shown a part of the series and moments at a time.

    Shapes  `points` is how many numbers `judge` holds for each judged point: arrays of
            (s, t, points) float64 of a part of (s, t) take at most `slice_bytes`, or
            what a single point takes.
    Gaps    every point is judged by itself, so it does not matter where the cuts are.
    """
    room = max(slice_bytes // (8 * max(points, 1)), 1)
    moments = min(room, max(len(view.times), 1))
    series = room // moments
    parts = [
        [judge(part) for part in _cut_times(rows, moments)]
        for rows in _cut_series(view, series)
    ]
    if len(parts) == len(parts[0]) == 1:
        return parts[0][0]
    return Findings(
        np.block([[part.anomalous for part in row] for row in parts]),
        np.block([[part.unjudged for part in row] for row in parts]),
        _join_facts(parts),
    )


def copy_past(view: View, lookbacks: Sequence[Lookback]) -> Values:
    """Return the points of all lookbacks in an array of one's own, (S, T, N).

    Gaps    an infinity is one too: nothing can be averaged with it.
    """
    sizes = [span.farthest - span.nearest + 1 for span in lookbacks]
    past = np.empty((len(view.labels), len(view.times), sum(sizes)))
    ends = np.cumsum(sizes)
    for span, end, size in zip(lookbacks, ends, sizes, strict=True):
        past[..., end - size : end] = view.back(span.nearest, span.farthest)
    past[np.isinf(past)] = np.nan
    return past


def _join_facts(parts: list[list[Findings]]) -> Mapping[str, Values]:
    return {
        name: np.block(
            [
                [
                    np.broadcast_to(part.facts[name], part.anomalous.shape)
                    for part in row
                ]
                for row in parts
            ]
        )
        for name in parts[0][0].facts
    }


def _cut_series(view: View, series: int) -> Iterator[View]:
    for start in range(0, max(len(view.labels), 1), series):
        rows = slice(start, start + series)
        yield replace(view, labels=view.labels[rows], known=view.known[rows])


def _cut_times(view: View, moments: int) -> Iterator[View]:
    for start in range(0, max(len(view.times), 1), moments):
        yield replace(view, times=view.times[start : start + moments])
