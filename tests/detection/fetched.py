"""Views as evaluation fetches them: the judged points, and what the lookbacks name."""

import numpy as np

from bkmonitor.detection.port import View

STEP_S = 60


def fetch(detector, times, *series, step_s=STEP_S, labels=None):
    """Return the view of series that are functions of an array of times."""
    times = np.array(times, dtype=np.int64)
    wanted = [times] + [
        (times[:, None] - np.arange(span.nearest, span.farthest + 1) * step_s).ravel()
        for span in detector.lookbacks(step_s)
    ]
    grid = np.unique(np.concatenate(wanted))
    known = [np.broadcast_to(one(grid), grid.shape) for one in series]
    return View(
        times=times,
        labels=labels or tuple({"host": str(row)} for row in range(len(series))),
        step_s=step_s,
        grid=grid,
        known=np.array(known, dtype=float).reshape(len(series), len(grid)),
    )
