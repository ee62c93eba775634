"""Series that have not been there before."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from bkmonitor.detection.parameters import Parameter, settle, wrong
from bkmonitor.detection.parameters import marked as _
from bkmonitor.detection.past import Marked, count_back
from bkmonitor.detection.port import Findings, Lookback, Reason, View
from bkmonitor.lib.frame import Mask
from bkmonitor.lib.sentence import Sentence, number_param

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
            a long outage everything would be new. A series that is gone was there.
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
        farthest = max(int(self.range_s // step_s), nearest)
        return (Lookback(nearest, farthest, gone=True),)

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


def _count(view: View, span: Lookback) -> tuple[Marked, Marked]:
    """Return how often each series was there in the span before each judged time.

    And how often any was, those that are gone included. Shapes (S, T) and (T,). A
    block of series at a time, to need little memory.
    """
    seen = np.empty((len(view.known), len(view.times)), np.int32)
    any_there = np.zeros((1, len(view.grid)), np.bool_)
    for rows, there in _blocks(view):
        any_there |= there.any(axis=0)
        seen[rows] = count_back(there, view, span)
    for _rows, there in _blocks(view.gone) if view.gone else ():
        any_there |= there.any(axis=0)
    return seen, count_back(any_there, view, span)[0]


def _blocks(view: View) -> Iterator[tuple[slice, Mask]]:
    size = max(BLOCK // max(len(view.grid), 1), 1)
    for start in range(0, len(view.known), size):
        rows = slice(start, start + size)
        yield rows, ~np.isnan(view.known[rows])
