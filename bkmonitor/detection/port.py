"""What a detector is given, and what it answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import ClassVar, Protocol, Self

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from bkmonitor.lib.errors import InvalidInput
from bkmonitor.lib.frame import Mask, Times, Values
from bkmonitor.lib.labels import Labels
from bkmonitor.lib.sentence import Sentence

Reasons = NDArray[np.int8]


class Reason(IntEnum):
    """Why a point was not judged; JUDGED where it was."""

    JUDGED = 0
    GAP = 1
    NO_HISTORY = 2
    TOO_FEW = 3


@dataclass(frozen=True, slots=True)
class Lookback:
    """The points from `nearest` to `farthest` steps before each judged one.

    With `gone`, those of series without a judged point are needed, too.
    """

    nearest: int
    farthest: int
    gone: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.nearest <= self.farthest:
            raise InvalidInput(
                f"a lookback from {self.nearest} to {self.farthest} steps is none"
            )


@dataclass(frozen=True, slots=True)
class View:
    """The points to judge, and every point known before them.

    times   (T,)    int64, Unix seconds, ascending, `step_s` apart
    labels  S label sets, one per row
    grid    (C,)    int64, ascending: the judged times and those of the lookbacks
    known   (S, C)  float64, NaN where a series has no sample
    gone    the series that have earlier points and no judged one, at the same times;
            only where a lookback asks for them. Which ones these are depends on how
            many points are judged together, so a detector that holds series against
            each other has to find the same with a series here and in a row of its own.
    """

    times: Times
    labels: Sequence[Labels]
    step_s: int
    grid: Times
    known: Values
    gone: Self | None = None

    @property
    def whole(self) -> Self:
        """Return a view of all series, its own first and then those that are gone."""
        if self.gone is None:
            return self
        return replace(
            self,
            labels=(*self.labels, *self.gone.labels),
            known=np.concatenate([self.known, self.gone.known]),
            gone=None,
        )

    @property
    def values(self) -> Values:
        """Return the points to judge, (S, T)."""
        return self.at(0)

    def at(self, steps: int) -> Values:
        """Return the points `steps` before each judged one, (S, T); NaN if unknown."""
        return self._pick(self.times - steps * self.step_s)

    def back(self, nearest: int, farthest: int) -> Values:
        """Return all points from `nearest` to `farthest` steps back, (S, T, N).

        The nearest comes first; NaN where a point is unknown. Read only: neighbours
        share their points, so that this takes no more memory than (S, T + N).
        """
        points = farthest - nearest + 1
        if not len(self.times):
            return np.empty((len(self.labels), 0, points))
        first = self.times[0] - farthest * self.step_s
        stretch = first + np.arange(len(self.times) + points - 1) * self.step_s
        windows = sliding_window_view(self._pick(stretch), points, axis=1)
        return np.asarray(windows[..., ::-1])

    def _pick(self, wanted: Times) -> Values:
        if not len(self.grid) or not len(wanted):
            return np.full((len(self.labels), len(wanted)), np.nan)
        first = int(np.searchsorted(self.grid, wanted[0]))
        last = first + len(wanted)
        if len(wanted) > 1 and np.array_equal(self.grid[first:last], wanted):
            # Neighbours are copied in one go, which is several times faster.
            return self.known[:, first:last].copy()
        columns = np.searchsorted(self.grid, wanted)
        np.minimum(columns, len(self.grid) - 1, out=columns)
        picked = np.asarray(self.known[:, columns])
        unknown = self.grid[columns] != wanted
        if unknown.any():
            picked[:, unknown] = np.nan
        return picked


@dataclass(frozen=True, slots=True)
class Findings:
    """What a detector says of each judged point.

    anomalous  (S, T)  bool; never where a point was not judged
    unjudged   (S, T)  int8, a `Reason`; 0 where the point was judged
    facts      what an explanation needs, by name: (S, T), or what broadcasts to it
    """

    anomalous: Mask
    unjudged: Reasons
    facts: Mapping[str, Values] = field(default_factory=dict)


class Detector(Protocol):
    """A rule that holds each point of each series against a limit or its past.

    An implementation is a frozen dataclass: its fields are the parameters a user
    sets, each with its `Parameter` in the annotation, checked when it is made
    (`parameters.settle`: InvalidInput names the field and the value).
    """

    kind: ClassVar[str]
    # What a person is shown of the kind; marked for translation.
    title: ClassVar[str]
    about: ClassVar[str]

    def lookbacks(self, step_s: int) -> Sequence[Lookback]:
        """Say which earlier points it needs, in steps of `step_s` seconds."""

    def judge(self, view: View) -> Findings:
        """Judge every point of every series; never raise for data.

        The order of the series does not matter, a gap is never an anomaly, and
        zero is a value.
        """

    def explain(self, facts: Mapping[str, float]) -> Sentence:
        """Say why one point is an anomaly; `facts` are its own, and its `value`."""
