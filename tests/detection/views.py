"""Views made of plain lists, and findings read point by point."""

import numpy as np

from bkmonitor.detection.port import Reason, View
from bkmonitor.detection.registry import parse_detector

STEP_S = 60
DAY_S = 86_400
GAP = float("nan")


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


def verdict(detector, view, row=0, point=-1):
    """Return "anomalous", "normal" or why the point was not judged."""
    found = detector.judge(view)
    if found.anomalous[row, point]:
        return "anomalous"
    reason = Reason(found.unjudged[row, point])
    return "normal" if reason is Reason.JUDGED else reason.name


def explain(detector, view, row=0, point=-1):
    """Return the sentence on one point, as evaluation asks for it."""
    found = detector.judge(view)
    facts = {
        name: float(np.broadcast_to(fact, found.anomalous.shape)[row, point])
        for name, fact in found.facts.items()
    }
    return detector.explain({**facts, "value": float(view.values[row, point])})


def make(kind, **parameters):
    """Return a detector of a kind."""
    return parse_detector({"kind": kind, **parameters})
