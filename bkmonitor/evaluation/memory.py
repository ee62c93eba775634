"""What is remembered of each series from one moment to the next, and nothing else."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from bkmonitor.evaluation.levels import FIRES, HOLDS, SEVERITIES, States
from bkmonitor.lib.errors import InvalidInput
from bkmonitor.lib.frame import Severities

# How many changes of a series are remembered: the most a flap rule may count.
KEPT = 20


@dataclass(frozen=True, slots=True)
class Flap:
    """From how many changes within how many seconds on a series counts as flapping.

    A count of 0 switches it off.
    """

    count: int = 0
    window_s: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.count <= KEPT:
            raise InvalidInput(f"a flap counts 0 to {KEPT} changes, not {self.count}")


NO_FLAP = Flap()


@dataclass(frozen=True, slots=True)
class Memory:
    """The state of S series after a moment.

    severity  (S,) int8: 1..3 what the trigger says, 0 for nothing
    shown     (S,) int8: what the alert shows; differs while a flapping series is held
    changes   (S, KEPT) float64: when `severity` last left or reached 0, in Unix
              seconds, from old to new; NaN where there is none
    """

    severity: Severities
    shown: Severities
    changes: NDArray[np.float64]

    @classmethod
    def blank(cls, series: int) -> Self:
        """Return the memory of series never seen before."""
        calm = np.zeros(series, dtype=np.int8)
        return cls(calm, calm.copy(), np.full((series, KEPT), np.nan))


def advance(memory: Memory, states: States, moment: float, flap: Flap) -> Memory:
    """Return the memory after one more moment: the whole life-cycle, as a fold.

    The most severe level that fires decides. A less severe one takes its place only
    when the more severe is over. While a series flaps, the end of its problem is
    held back; it is shown at the severity it last had.

    Shapes  states (S, 3), the worst level first.
    Units   moment in Unix seconds, later than that of `memory`.
    """
    before = memory.severity[:, None]
    at_least = before <= np.array(SEVERITIES, dtype=np.int8)
    stays = (states == HOLDS) & (before > 0) & at_least
    severity = _worst((states == FIRES) | stays)
    changed = (severity > 0) != (memory.severity > 0)
    changes = memory.changes
    if changed.any():
        changes = changes.copy()
        changes[changed, :-1] = changes[changed, 1:]
        changes[changed, -1] = moment
    shown = severity
    if flap.count:
        held = (severity == 0) & (memory.shown > 0) & flapping(changes, moment, flap)
        shown = np.where(held, memory.shown, severity).astype(np.int8)
    return Memory(severity, shown, changes)


def flapping(
    changes: NDArray[np.float64], moment: float, flap: Flap
) -> NDArray[np.bool_]:
    """Tell which series changed as often as the rule says in the time before a moment."""
    recent = np.count_nonzero(changes > moment - flap.window_s, axis=1)
    return np.asarray(recent >= flap.count)


def _worst(on: NDArray[np.bool_]) -> Severities:
    first = np.argmax(on, axis=1) + 1
    return np.where(on.any(axis=1), first, 0).astype(np.int8)
