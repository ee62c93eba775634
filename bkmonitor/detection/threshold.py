"""Values against fixed limits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from bkmonitor.detection.conditions import Groups, match
from bkmonitor.detection.parameters import Parameter, settle
from bkmonitor.detection.parameters import marked as _
from bkmonitor.detection.port import Findings, Lookback, Reason, View
from bkmonitor.lib.sentence import Sentence, number_param


@dataclass(frozen=True, slots=True)
class Threshold:
    """Values beyond fixed limits: any of several groups, all limits of a group.

    Shapes  (S, T) points -> (S, T) findings; no history.
    Units   values and limits share one unit, any; scaling both changes nothing.
    Gaps    NaN is not judged, by != neither; infinities are compared as they are.
    Errors  InvalidInput for no group, an empty one, a limit that is not finite.
    """

    kind: ClassVar[str] = "threshold"
    title: ClassVar[str] = _("Threshold")
    about: ClassVar[str] = _("The value is beyond a fixed limit, or within a range.")

    any_of: Annotated[Groups, Parameter(_("Limits"), "value")]

    def __post_init__(self) -> None:
        settle(self)

    def lookbacks(self, step_s: int) -> Sequence[Lookback]:
        """Say that no earlier point is needed."""
        return ()

    def judge(self, view: View) -> Findings:
        """Mark the points of which all limits of some group are true."""
        values = view.values
        gap = np.isnan(values)
        return Findings(
            match(values, self.any_of), gap.astype(np.int8) * np.int8(Reason.GAP)
        )

    def explain(self, facts: Mapping[str, float]) -> Sentence:
        """Name the limits of the first group that is true of the value."""
        value = facts["value"]
        true_of_it = (
            group
            for group in self.any_of
            if all(condition.holds(value) for condition in group)
        )
        group = next(true_of_it, self.any_of[0])
        limits = [{"operator": each.operator, "limit": each.value} for each in group]
        if len(limits) == 1:
            return Sentence("limit", {"value": number_param(value), **limits[0]})
        return Sentence("limits", {"value": number_param(value), "limits": limits})
