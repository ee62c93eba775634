"""N of M at each severity, and how it ends."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bkmonitor.lib.errors import InvalidInput
from bkmonitor.lib.frame import Mask

# What a severity's trigger says at one moment. HOLDS: neither fires nor is over, so
# that what was there before stays.
FIRES, OVER, HOLDS = 1, 0, -1
# A mark: what a severity's detectors say of one point.
ANOMALOUS, NORMAL_POINT, GAP = 1, 0, -1
SEVERITIES = (1, 2, 3)

Marks = NDArray[np.int8]
States = NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Trigger:
    """How many of how many points make a problem, and how many windows end it."""

    count: int = 1
    window: int = 1
    recovery: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.count <= self.window or self.recovery < 1:
            raise InvalidInput(
                f"need 1 <= count <= window and recovery >= 1, got {self.count} "
                f"of {self.window}, recovery {self.recovery}"
            )

    @property
    def points(self) -> int:
        """Return how many points one moment's answer depends on."""
        return self.window + self.recovery - 1


def judge_level(
    marks: Marks,
    trigger: Trigger,
    moments: int,
    *,
    still_bad: Mask | None = None,
) -> States:
    """Say for each series and each of the last moments whether the trigger is met.

    It FIRES when the last `window` points hold `count` anomalies. It is OVER when
    none of the last `recovery` windows, each one point further back, does. In
    between it HOLDS.

    Shapes  marks (S, P) -> (S, K), K = moments; the last K points are the moments.
            Points before the first are normal.
    Gaps    a place in the window, never an anomaly; a moment whose own point is a
            gap HOLDS: who did not look has seen neither a problem nor its end.
    Params  still_bad (S, P): a recovery condition of its own. It is OVER then when
            no point of the last `recovery` is bad by it, and it does not fire.
    Errors  InvalidInput for more moments than points.
    """
    points = marks.shape[1]
    if moments > points:
        raise InvalidInput(f"{moments} moments, but {points} points")
    ends = np.arange(points - moments, points) + 1
    hits = _running(marks == ANOMALOUS)
    fires = _between(hits, ends - trigger.window, ends) >= trigger.count
    if still_bad is None:
        bad = np.zeros_like(fires)
        for back in range(trigger.recovery):
            older = ends - back
            bad |= _between(hits, older - trigger.window, older) >= trigger.count
    else:
        bad = _between(_running(still_bad), ends - trigger.recovery, ends) > 0
    states = np.where(fires, FIRES, np.where(bad, HOLDS, OVER)).astype(np.int8)
    states[marks[:, ends - 1] == GAP] = HOLDS
    return states


def stack_levels(levels: Mapping[int, States]) -> States:
    """Put the severities side by side: (S, K) each -> (S, K, 3), the worst first.

    A severity that the strategy does not have is over, unless nothing could be said
    at that moment: what was open at it then stays.
    """
    some = next(iter(levels.values()))
    silent = np.logical_and.reduce([states == HOLDS for states in levels.values()])
    absent = np.where(silent, HOLDS, OVER).astype(np.int8)
    whole = np.empty((*some.shape, len(SEVERITIES)), dtype=np.int8)
    for at, severity in enumerate(SEVERITIES):
        whole[:, :, at] = levels.get(severity, absent)
    return whole


def _running(hit: Mask) -> NDArray[np.int32]:
    before = np.zeros((len(hit), hit.shape[1] + 1), dtype=np.int32)
    np.cumsum(hit, axis=1, out=before[:, 1:])
    return before


def _between(
    running: NDArray[np.int32], starts: NDArray[np.int64], ends: NDArray[np.int64]
) -> NDArray[np.int32]:
    return np.asarray(
        running[:, np.maximum(ends, 0)] - running[:, np.maximum(starts, 0)]
    )
