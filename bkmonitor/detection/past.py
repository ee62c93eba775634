"""Earlier points: how far back they lie, and what several of them come to."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bkmonitor.detection.middles import Counts
from bkmonitor.detection.port import Lookback, Reason, Reasons, View
from bkmonitor.lib.frame import Mask, Values

DAY_S = 86_400
Marked = NDArray[np.int32]


def steps_of(days: int, step_s: int) -> int:
    """Return how many steps back the point lies that is nearest to so many days ago.

    Days are of 24 hours: where clocks change, the same time is an hour off for as
    long as the days looked back on lie on the other side of the change.
    """
    return max(round(days * DAY_S / step_s), 1)


def days_back(days: int, step_s: int) -> list[int]:
    """Return how many steps back the same time of each of the last days lies."""
    return [steps_of(day, step_s) for day in range(1, days + 1)]


def lookbacks_of(steps: Iterable[int]) -> tuple[Lookback, ...]:
    """Return the lookbacks that hold these points and no others."""
    return tuple(Lookback(each, each) for each in sorted({*steps}))


def rows_of(view: View, rows: NDArray[np.int64]) -> View:
    """Return a view of some of the series."""
    labels = [view.labels[int(row)] for row in rows]
    return replace(view, labels=labels, known=view.known[rows])


def mean_of(view: View, steps: Sequence[int]) -> tuple[Values, Values]:
    """Return the mean of the points so many steps back, and how many of them are known.

    Shapes  (S, T), (S, T) or (). One earlier point after the other, so that memory
            does not grow with their number, and a mean does not depend on what else
            is judged.
    Units   those of the points.
    Gaps    NaN and infinities do not count, 0 does; where none counts the mean is NaN.
    """
    total = view.at(steps[0])
    with np.errstate(over="ignore", invalid="ignore"):
        for back in steps[1:]:
            total += view.at(back)
        whole = np.isfinite(total)
        if whole.all():
            total /= len(steps)
            return total, np.array(float(len(steps)))
        known = np.full(total.shape, float(len(steps)))
        rows = np.flatnonzero(~whole.all(axis=1))
        part = rows_of(view, rows)
        total[rows], known[rows] = _sum_known(part, steps)
        return total / known, known


def _sum_known(view: View, steps: Sequence[int]) -> tuple[Values, Values]:
    """Return the sum of the points that are finite, and their number."""
    total, known = np.zeros((2, len(view.labels), len(view.times)))
    for back in steps:
        points = view.at(back)
        finite = np.isfinite(points)
        total += np.where(finite, points, 0.0)
        known += finite
    return total, known


def count_back(marks: Mask, view: View, span: Lookback) -> Marked:
    """Return how many points of the span before each judged one are marked.

    Shapes  marks (S, C) over the view's grid -> (S, T). As much work as there are
            points, however long the span.
    """
    first = np.searchsorted(view.grid, view.times - span.farthest * view.step_s)
    end = np.searchsorted(view.grid, view.times - (span.nearest - 1) * view.step_s)
    until = np.zeros((len(marks), marks.shape[1] + 1), np.int32)
    np.cumsum(marks, axis=1, out=until[:, 1:])
    return np.asarray(until[:, end] - until[:, first])


def why_unjudged(values: Values, no_history: Mask) -> Reasons:
    """Return the reason of each point: a gap, no history, or JUDGED."""
    reasons = no_history * np.int8(Reason.NO_HISTORY)
    reasons[np.isnan(values)] = Reason.GAP
    return reasons


def why_too_few(values: Values, known: Counts, enough: Mask) -> Reasons:
    """Return the reason of each point: a gap, no history, too little, or JUDGED.

    Shapes  (S, T) each; `known` is how many points there are to compare with.
    """
    reasons = ~enough * np.int8(Reason.TOO_FEW)
    reasons[~enough & (known == 0)] = Reason.NO_HISTORY
    reasons[np.isnan(values)] = Reason.GAP
    return reasons
