"""Conditions on a value: OR over groups, AND within one."""

import operator
from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np

from bkmonitor.lib.errors import InvalidInput
from bkmonitor.lib.frame import Mask, Values

OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
}
# A rule of more conditions than this is read by nobody.
MOST = 100


@dataclass(frozen=True, slots=True)
class Condition:
    """An operator and the limit it holds a value against."""

    operator: str
    value: float

    def __post_init__(self) -> None:
        if self.operator not in OPERATORS:
            raise InvalidInput(
                f"operator {self.operator!r} is none of {', '.join(OPERATORS)}"
            )
        if not isfinite(self.value):
            raise InvalidInput(f"a limit must be finite, not {self.value}")

    def holds(self, value: float) -> bool:
        """Tell whether the condition is true of one value; never of NaN."""
        return value == value and bool(OPERATORS[self.operator](value, self.value))


# Any of the groups; all of the conditions in one.
Groups = tuple[tuple[Condition, ...], ...]


def match(values: Values, groups: Groups) -> Mask:
    """Mark the values of which all conditions of some group are true.

    Shapes  values of any shape -> a mask of the same.
    Units   values and limits share one unit, any.
    Gaps    NaN fulfils nothing, not even !=; infinities are compared as they are.
    """
    matched = _match_all(values, groups[0])
    for group in groups[1:]:
        matched |= _match_all(values, group)
    return matched


def _match_all(values: Values, group: tuple[Condition, ...]) -> Mask:
    matched: Mask = OPERATORS[group[0].operator](values, group[0].value)
    for condition in group[1:]:
        matched &= OPERATORS[condition.operator](values, condition.value)
    # NaN is unequal to every number: the one comparison that a gap would pass.
    if all(condition.operator == "!=" for condition in group):
        matched &= ~np.isnan(values)
    return matched


def parse_groups(raw: object) -> Groups:
    """Return the groups of [[{"operator", "value"}, AND ...], OR ...].

    Errors  InvalidInput naming what is wrong and where.
    """
    if not isinstance(raw, list | tuple) or not raw:
        raise InvalidInput("must be a list of at least one group of conditions")
    groups = tuple(_parse_group(group, at) for at, group in enumerate(raw, start=1))
    if sum(map(len, groups)) > MOST:
        raise InvalidInput(f"must be at most {MOST} conditions")
    return groups


def _parse_group(raw: object, at: int) -> tuple[Condition, ...]:
    if not isinstance(raw, list | tuple) or not raw:
        raise InvalidInput(f"group {at} must be a list of at least one condition")
    return tuple(_parse_condition(condition, at) for condition in raw)


def _parse_condition(raw: object, at: int) -> Condition:
    if isinstance(raw, Condition):
        return raw
    if not isinstance(raw, dict) or set(raw) != {"operator", "value"}:
        raise InvalidInput(f"group {at}: {raw!r} must have operator and value, no more")
    value = raw["value"]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidInput(f"group {at}: the limit {value!r} must be a number")
    try:
        return Condition(str(raw["operator"]), float(value))
    except (InvalidInput, OverflowError) as error:
        raise InvalidInput(f"group {at}: {error}") from error


def dump_groups(groups: Groups) -> list[list[dict[str, Any]]]:
    """Return the groups as they are stored."""
    return [
        [{"operator": each.operator, "value": each.value} for each in group]
        for group in groups
    ]
