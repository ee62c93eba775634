"""Values against fixed limits."""

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bkmonitor.lib.errors import InvalidInput
from bkmonitor.lib.frame import Severities, Values

ANY = "any"
OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
}


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
