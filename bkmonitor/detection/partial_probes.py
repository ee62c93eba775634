"""Targets that fail from several of the places that look at them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from bkmonitor.detection.conditions import Condition, Groups, match
from bkmonitor.detection.groups import number_groups, sum_by
from bkmonitor.detection.parameters import Parameter, settle, wrong
from bkmonitor.detection.parameters import marked as _
from bkmonitor.detection.past import count_back
from bkmonitor.detection.port import Findings, Lookback, Reason, View
from bkmonitor.lib.sentence import Sentence, number_param


@dataclass(frozen=True, slots=True)
class PartialProbes:
    """Vantage points that fail together: at least `count` of those of one target.

    The series that share the labels `by` are the vantage points of one target. Those
    that fail are the anomalies, once there are enough of them.

    A place without a point is missing for `known_s` seconds after its last one; then it
    is none of the target's any more.

    Shapes  (S, T) points, and those of all places before them -> (S, T) findings.
    Units   values and the limits of `fails_when` share one unit, any; by default they
            are 1 for success and 0 for failure.
    Gaps    NaN is not judged and counts neither way; TOO_FEW where fewer than `count`
            fail, and those that are missing could make up the number.
    Errors  InvalidInput for no label, a count below 1, a limit that is not finite.
    Source  bk-monitor's partial nodes: N of M, with the M that could be asked.
    """

    kind: ClassVar[str] = "partial_probes"
    title: ClassVar[str] = _("Several vantage points fail")
    about: ClassVar[str] = _(
        "At least so many of the series that share some labels fail at the same time."
    )

    by: Annotated[tuple[str, ...], Parameter(_("Labels of one target"))]
    count: Annotated[int, Parameter(_("Failing vantage points"), low=1, high=1000)]
    fails_when: Annotated[Groups, Parameter(_("A point fails when"), unit="value")] = (
        (Condition("==", 0.0),),
    )
    known_s: Annotated[
        float, Parameter(_("Seen before within"), unit="seconds", above=0, high=86_400)
    ] = 600.0

    def __post_init__(self) -> None:
        settle(self)
        if not self.by:
            raise wrong("by", "must name at least one label")

    def lookbacks(self, step_s: int) -> Sequence[Lookback]:
        """Say that the points of `known_s` seconds tell which places there are."""
        return (Lookback(1, max(round(self.known_s / step_s), 1), gone=True),)

    def judge(self, view: View) -> Findings:
        """Mark the failing points of every target that fails from enough places."""
        own, view = slice(len(view.labels)), view.whole
        values = view.values
        gap = np.isnan(values)
        (span,) = self.lookbacks(view.step_s)
        known = count_back(~np.isnan(view.known), view, span) > 0
        fails = match(values, self.fails_when)
        target = number_groups(view.labels, self.by)
        failing = sum_by(target, fails)[own]
        missing = sum_by(target, gap & known)[own]
        asked = sum_by(target, ~gap)[own]
        reasons = np.zeros(failing.shape, np.int8)
        reasons[(failing < self.count) & (failing + missing >= self.count)] = (
            Reason.TOO_FEW
        )
        reasons[gap[own]] = Reason.GAP
        return Findings(
            fails[own] & (failing >= self.count),
            reasons,
            {"failing": failing, "asked": asked},
        )

    def explain(self, facts: Mapping[str, float]) -> Sentence:
        """Say how many of how many fail, and how many are needed."""
        told = {name: number_param(fact) for name, fact in facts.items()}
        return Sentence(self.kind, told | {"limit": self.count})
