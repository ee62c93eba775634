"""Views made of plain lists."""

import numpy as np

from bkmonitor.detection.port import View

STEP_S = 60


def make_view(*rows, judged=None, step_s=STEP_S, labels=None, end=None):
    """Return a view of rows of values, one point a step; the last `judged` are judged.

    The points before them are the history; without `judged`, all are judged.
    """
    known = np.array(rows, dtype=float).reshape(len(rows), -1)
    points = known.shape[1]
    end = (points - 1) * step_s if end is None else end
    grid = end - np.arange(points, dtype=np.int64)[::-1] * step_s
    return View(
        times=grid[points - (points if judged is None else judged) :],
        labels=labels or tuple({"host": str(row)} for row in range(len(rows))),
        step_s=step_s,
        grid=grid,
        known=known,
    )
