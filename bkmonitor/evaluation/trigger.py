"""N of M, and how it ends."""

import numpy as np

from bkmonitor.evaluation.verdict import HELD, NORMAL
from bkmonitor.lib.errors import InvalidInput
from bkmonitor.lib.frame import Severities

# A point that was not there, or that nobody could judge.
GAP = -1
LEVELS = (1, 2, 3)


def points_needed(*, window: int, recovery: int) -> int:
    """Return how many points `judge` looks at: the oldest window of the recovery."""
    return window + recovery - 1


def judge(
    severities: Severities,
    *,
    count: int,
    window: int,
    recovery: int = 1,
    gap_is_normal: bool = False,
) -> Severities:
    """Tell what each series' newest points amount to: firing, over, or neither.

    A series fires at the most severe level of which its last `window` points hold
    `count` hits; a point counts for its own level and for those less severe. It is
    over when none of the last `recovery` windows, each one point further back,
    holds `count` hits. Between the two it is HELD: no alert opens, none closes.

    Shapes  severities (S, P) -> (S,), points from old to new; a shorter history
            than `points_needed` is used as it is.
    Units   0 for a normal point, 1..3 for an anomaly, GAP for no point; the answer
            is 1..3, NORMAL or HELD. Counts are points, one per interval.
    Gaps    never an anomaly, and a place in the window all the same. A series whose
            newest point is a gap is HELD, unless a gap means normal.
    Errors  InvalidInput unless 1 <= count <= window and recovery >= 1.
    """
    if not 1 <= count <= window or recovery < 1:
        raise InvalidInput(
            f"need 1 <= count <= window and recovery >= 1, "
            f"got {count} of {window}, recovery {recovery}"
        )
    verdict = np.full(len(severities), HELD, dtype=np.int8)
    if not severities.shape[1]:
        return verdict
    verdict[~_still_bad(severities, count, window, recovery)] = NORMAL
    newest = severities[:, -window:]
    # From the least severe to the most: the last one written stands.
    for level in reversed(LEVELS):
        hits = np.count_nonzero((newest > 0) & (newest <= level), axis=1)
        verdict[hits >= count] = level
    if not gap_is_normal:
        verdict[severities[:, -1] == GAP] = HELD
    return verdict


def _still_bad(
    severities: Severities, count: int, window: int, recovery: int
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Tell per series whether any of the last `recovery` windows holds `count` hits."""
    points = severities.shape[1]
    hits_before = np.zeros((len(severities), points + 1), dtype=np.int32)
    np.cumsum(severities > 0, axis=1, out=hits_before[:, 1:])
    ends = np.maximum(points - np.arange(recovery), 0)
    starts = np.maximum(ends - window, 0)
    return np.asarray(
        (hits_before[:, ends] - hits_before[:, starts] >= count).any(axis=1)
    )
