"""Series that have not been there before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray

from bkmonitor.detection.parameters import Parameter, settle, wrong
from bkmonitor.detection.parameters import marked as _
from bkmonitor.detection.port import Findings, Lookback, Reason, View
from bkmonitor.lib.frame import Mask
from bkmonitor.lib.sentence import Sentence, number_param

Counts = NDArray[np.int32]
Columns = NDArray[np.intp]
# Points that are counted at a time: 4 MiB of numbers.
BLOCK = 2**20


@dataclass(frozen=True, slots=True)
class UnseenSeries:
    """Series that have points now and had none in the time before.

    What was there is what the store says was there: nothing is remembered elsewhere
    that could be lost. A series counts as new for `new_for_s` seconds from its first
    point, so that a trigger of several points can see it.

    Shapes  (S, T) points and all of `range_s` before them -> (S, T) findings.
    Units   any: the value is not looked at, 0 is a value.
    Gaps    NaN is not judged. NO_HISTORY while no series at all has been there before,
            TOO_FEW while any was at fewer than `learn` points in time: after a start or
            a long outage everything would be new.
    Errors  InvalidInput unless range_s is longer than new_for_s.
    Source  bk-monitor's new series, with the store in place of its list of those seen.
    """

    kind: ClassVar[str] = "new_series"
    title: ClassVar[str] = _("New series")
    about: ClassVar[str] = _("A series appears that was not there for some time.")

    range_s: Annotated[
        float,
        Parameter(_("Not there for"), unit="seconds", low=60, high=31 * 86_400),
    ] = 86_400.0
    new_for_s: Annotated[
        float, Parameter(_("New for"), unit="seconds", low=0, high=86_400)
    ] = 600.0
    learn: Annotated[
        int, Parameter(_("Points to learn from"), unit="points", low=1, high=1000)
    ] = 5

    def __post_init__(self) -> None:
        settle(self)
        if self.range_s <= self.new_for_s:
            raise wrong("range_s", f"must be more than new_for_s, {self.new_for_s:g}")

    def lookbacks(self, step_s: int) -> Sequence[Lookback]:
        """Say that every point is needed from `range_s` back to `new_for_s`."""
        nearest = int(self.new_for_s // step_s) + 1
        return (Lookback(nearest, max(int(self.range_s // step_s), nearest)),)

    def judge(self, view: View) -> Findings:
        """Mark the points of series that were not there before."""
        gap = np.isnan(view.values)
        (span,) = self.lookbacks(view.step_s)
        seen, learnt = _count(view, span)
        enough = min(self.learn, span.farthest - span.nearest + 1)
        reasons = np.zeros(gap.shape, np.int8)
        reasons[:, learnt < enough] = Reason.TOO_FEW
        reasons[:, learnt == 0] = Reason.NO_HISTORY
        reasons[gap] = Reason.GAP
        return Findings((seen == 0) & (reasons == Reason.JUDGED), reasons)

    def explain(self, facts: Mapping[str, float]) -> Sentence:
        """Say how long the series was not there."""
        value = number_param(facts["value"])
        return Sentence(self.kind, {"value": value, "range_s": self.range_s})


def _count(view: View, span: Lookback) -> tuple[Counts, Counts]:
    """Return how often each series was there in the span before each judged time.

    And how often any was. Shapes (S, T) and (T,). As much work as there are points,
    however long the span; a block of series at a time, to need little memory.
    """
    edges = (
        np.searchsorted(view.grid, view.times - span.farthest * view.step_s),
        np.searchsorted(view.grid, view.times - (span.nearest - 1) * view.step_s),
    )
    seen = np.empty((len(view.known), len(view.times)), np.int32)
    any_there = np.zeros((1, len(view.grid)), np.bool_)
    rows = max(BLOCK // max(len(view.grid), 1), 1)
    for start in range(0, len(seen), rows):
        there = ~np.isnan(view.known[start : start + rows])
        any_there |= there.any(axis=0)
        seen[start : start + rows] = _count_between(there, *edges)
    return seen, _count_between(any_there, *edges)[0]


def _count_between(there: Mask, first: Columns, end: Columns) -> Counts:
    until = np.zeros((len(there), there.shape[1] + 1), np.int32)
    np.cumsum(there, axis=1, out=until[:, 1:])
    return np.asarray(until[:, end] - until[:, first])
