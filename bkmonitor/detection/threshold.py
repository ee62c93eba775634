"""Values against fixed limits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from bkmonitor.detection.conditions import OPERATORS, Groups, match
from bkmonitor.detection.parameters import Parameter, settle
from bkmonitor.detection.parameters import marked as _
from bkmonitor.detection.port import Findings, Lookback, Reason, View
from bkmonitor.lib.errors import InvalidInput
from bkmonitor.lib.frame import Severities, Values
from bkmonitor.lib.sentence import Sentence, number_param

ANY = "any"


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


@dataclass(frozen=True, slots=True)
class Limit:
    """From where on a value is a problem of a severity (1 critical .. 3 info).

    The operator "any" takes every value there is and has no `value`.
    """

    severity: int
    operator: str
    value: float | None

    def __post_init__(self) -> None:
        if self.severity not in (1, 2, 3):
            raise InvalidInput(f"severity {self.severity!r} is none of 1, 2, 3")
        if self.operator != ANY and self.operator not in OPERATORS:
            raise InvalidInput(
                f"operator {self.operator!r} is none of {', '.join(OPERATORS)}, any"
            )
        if self.operator != ANY and (self.value is None or not np.isfinite(self.value)):
            raise InvalidInput(f"a limit with {self.operator} needs a finite value")


def mark_severities(values: Values, limits: Sequence[Limit]) -> Severities:
    """Say for each value the most severe limit that it is beyond.

    Shapes  values (S, T) -> (S, T) int8: 0 normal, 1..3 the severity, -1 a gap.
    Units   values and limits share one unit, any.
    Gaps    NaN is a gap, never a problem; infinities are compared as they are.
    """
    marked = np.zeros(values.shape, dtype=np.int8)
    present = ~np.isnan(values)
    # The least severe first, so that the most severe is written last.
    for limit in sorted(limits, key=lambda limit: -limit.severity):
        if limit.operator == ANY:
            hit = present
        else:
            hit = OPERATORS[limit.operator](values, limit.value) & present
        marked[hit] = limit.severity
    marked[~present] = -1
    return marked


def limit_of(severity: int, value: float, limits: Sequence[Limit]) -> Limit:
    """Return the limit of this severity that the value is beyond, or the first of it."""
    own = [limit for limit in limits if limit.severity == severity]
    beyond = [
        limit
        for limit in own
        if limit.operator == ANY or OPERATORS[limit.operator](value, limit.value)
    ]
    return (beyond or own)[0]
