"""What a level finds anomalous, as one PromQL expression that filters."""

from collections.abc import Sequence

import promql_parser as promql
from django.utils.translation import gettext as _

from bkmonitor.ascode.go_pipelines import Unsupported
from bkmonitor.detection.conditions import Condition
from bkmonitor.detection.port import Detector
from bkmonitor.detection.present import Present
from bkmonitor.detection.threshold import Threshold
from bkmonitor.lib.errors import InvalidInput
from bkmonitor.strategies.definition import ALL, Level
from bkmonitor.strategies.promql import check_expression

# What binds more tightly than any operator.
TIGHT = (promql.VectorSelector, promql.Call, promql.ParenExpr, promql.AggregateExpr)


def firing_expression(level: Level) -> str:
    """Return an expression that returns the anomalous points of a level, and no other.

    Errors  Unsupported for a detector that one expression cannot stand for.
    """
    holds = [_of_detector(level.expression, detector) for detector in level.detectors]
    if level.match == ALL:
        # Being there is asked of every point anyway.
        telling = [each for each in holds if each != level.expression]
        return _combined("and", telling or [level.expression])
    return level.expression if level.expression in holds else _combined("or", holds)


def _of_detector(expression: str, detector: Detector) -> str:
    if isinstance(detector, Present):
        return expression
    if isinstance(detector, Threshold):
        return _combined("or", [_compared(expression, group) for group in detector.any_of])  # fmt: skip
    told = _("the detector “%(kind)s” is not expressible in a rule")
    raise Unsupported(told % {"kind": detector.kind})


def _compared(expression: str, conditions: Sequence[Condition]) -> str:
    """Return the expression held against each limit in turn: load > 4 < 8."""
    limits = "".join(f" {each.operator} {_number(each.value)}" for each in conditions)
    compared = _bracketed(expression) + limits
    try:
        check_expression(compared)
    except InvalidInput:  # a scalar, which compares with another only to 0 or 1
        return f"vector{_in_brackets(expression)}{limits}"
    return compared


def _combined(word: str, parts: Sequence[str]) -> str:
    if len(parts) == 1:
        return parts[0]
    return f" {word} ".join(f"({part})" for part in parts)


def _bracketed(expression: str) -> str:
    try:
        tight = isinstance(promql.parse(expression), TIGHT) and "#" not in expression
    except ValueError:
        tight = False
    return expression if tight else _in_brackets(expression)


def _in_brackets(expression: str) -> str:
    # A remark at the end would take the bracket with it.
    return f"({expression}\n)" if "#" in expression else f"({expression})"


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
