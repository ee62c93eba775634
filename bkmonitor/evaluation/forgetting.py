"""When a series has had no sample for so long that nothing is concluded of it any more."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bkmonitor.evaluation.levels import HOLDS, OVER, States
from bkmonitor.lib.frame import Mask, Times

# For each series and moment, when the gap began that the moment is in, in Unix seconds:
# the first place without a sample. NaN where there is a sample; BEFORE where the gap
# began before anything that was asked for.
Gaps = NDArray[np.float64]
BEFORE = -np.inf


@dataclass(frozen=True, slots=True)
class Forgetting:
    """When the series of an evaluation are forgotten, and where they have samples.

    after_s  how long a series must have been without a sample
    begins   the first point that was asked for, in Unix seconds; None for the newest
    keeps_s  a gap that is longer is not seen as a whole by the next evaluation
    gaps     (R,) rows of the verdicts -> (R, K) `Gaps` at their moments
    """

    after_s: float
    begins: float | None
    keeps_s: float
    gaps: Callable[[NDArray[np.int64]], Gaps]


NEVER = Forgetting(np.inf, None, np.inf, lambda rows: np.full((len(rows), 1), np.nan))


def find_gaps(there: Mask, times: Times) -> Gaps:
    """Return the gap that each point is in.

    Shapes  there (S, P), whether a point is there; times (P,) -> (S, P).
    """
    last = np.maximum.accumulate(np.where(there, np.arange(len(times)), -1), axis=1)
    following = times[np.minimum(last + 1, len(times) - 1)].astype(np.float64)
    return np.where(there, np.nan, np.where(last < 0, BEFORE, following))


def forgotten(gaps: Gaps, moments: NDArray[np.float64], after_s: float) -> Mask:
    """Tell at which moments a series has been without a sample for so long.

    Shapes  gaps (S, K), none BEFORE; moments (K,), Unix seconds -> (S, K).
    """
    return np.asarray(moments - gaps >= after_s)


def let_go(states: States, gone: Mask) -> States:
    """Return the states where what is only held at a forgotten series is over.

    Shapes  states (S, K, 3), gone (S, K).
    """
    return np.where(gone[..., None] & (states == HOLDS), OVER, states).astype(np.int8)
