"""Values that have stopped moving."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from bkmonitor.detection.middles import QUIET, count_known
from bkmonitor.detection.parameters import Parameter, settle
from bkmonitor.detection.parameters import marked as _
from bkmonitor.detection.past import why_too_few
from bkmonitor.detection.port import Findings, Lookback, Reasons, View
from bkmonitor.detection.slices import judge_in_slices
from bkmonitor.lib.frame import Mask, Values
from bkmonitor.lib.sentence import Sentence, number_param


@dataclass(frozen=True, slots=True, kw_only=True)
class Flatline:
    """Points that differ by no more than a tolerance from those before, and each other.

    max - min <= tolerance over the last `points` points, the judged one included.

    Shapes  (S, T) points, (S, T, points) with those before -> (S, T) findings.
    Units   tolerance is in the unit of the values; scaling both changes nothing.
    Gaps    NaN is not judged, nor is a point with one among the points: what is absent
            is not known to have stayed. An infinity equals itself.
    Errors  InvalidInput naming the parameter and the value.
    Source  the stuck value test of meteorological stations (WMO-No. 8, part V: no
            change of an instantaneous value over a time).
    """

    kind: ClassVar[str] = "flatline"
    title: ClassVar[str] = _("Flat line")
    about: ClassVar[str] = _("The value has not changed for some time.")

    points: Annotated[
        int, Parameter(_("Unchanged for so many points"), "points", low=2, high=10_000)
    ] = 10
    tolerance: Annotated[
        float, Parameter(_("Apart by no more than"), "value", low=0)
    ] = 0.0

    def __post_init__(self) -> None:
        settle(self)

    def lookbacks(self, step_s: int) -> Sequence[Lookback]:
        """Ask for the points before."""
        return (Lookback(1, self.points - 1),)

    def judge(self, view: View) -> Findings:
        """Mark the points since which, and for long before, nothing moved."""
        return judge_in_slices(self._judge, view, self.points)

    @QUIET
    def _judge(self, view: View) -> Findings:
        points = view.back(0, self.points - 1)
        lowest, highest = points[..., 0].copy(), points[..., 0].copy()
        for ago in range(1, self.points):
            np.minimum(lowest, points[..., ago], out=lowest)
            np.maximum(highest, points[..., ago], out=highest)
        flat = (highest - lowest <= self.tolerance) | (highest == lowest)
        return Findings(
            flat,
            self._unjudged(points, ~np.isnan(lowest)),
            {
                "lowest": lowest,
                "highest": highest,
                "for_s": np.array(float((self.points - 1) * view.step_s)),
            },
        )

    def _unjudged(self, points: Values, complete: Mask) -> Reasons:
        before = np.full(complete.shape, self.points - 1)
        if not complete.all():
            before = count_known(points[..., 1:])
        return why_too_few(points[..., 0], before, complete)

    def explain(self, facts: Mapping[str, float]) -> Sentence:
        """Say for how long the value has been within which bounds."""
        names = ("value", "lowest", "highest", "for_s")
        return Sentence(self.kind, {name: number_param(facts[name]) for name in names})
