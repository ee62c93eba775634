"""Which part of an expression no structured query has."""

import promql_parser as promql

from bkmonitor.strategies.structured import words
from bkmonitor.strategies.structured.single import OVER_TIME, peel
from bkmonitor.strategies.structured.terms import brief

COMPARISONS = (">", "<", ">=", "<=", "==", "!=")


def blame(tree: promql.Expr) -> str:
    """Name the part of a tree for which it cannot be a structured query."""
    tree, _functions = peel(tree)
    if isinstance(tree, promql.BinaryExpr):
        return _operator(tree)
    if isinstance(tree, promql.AggregateExpr):
        return _aggregation(tree)
    if isinstance(tree, promql.Call):
        return _call(tree)
    if isinstance(tree, promql.MatrixSelector):
        return blame(tree.vector_selector)
    if isinstance(tree, promql.VectorSelector):
        return _selector(tree)
    if isinstance(tree, promql.SubqueryExpr):
        return f"the subquery {brief(tree)}"
    return brief(tree)


def _operator(tree: promql.BinaryExpr) -> str:
    operator = str(tree.op)
    if operator in COMPARISONS:
        return f"the comparison {brief(tree)}; give the limit to a level instead"
    if operator not in (*words.ARITHMETIC, *words.SETS):
        return f"the operator {operator} in {brief(tree)}"
    return f"how series match at {operator} in {brief(tree)}"


def _aggregation(tree: promql.AggregateExpr) -> str:
    operator, modifier = str(tree.op), tree.modifier
    if operator not in (*words.OVER_LABELS, *words.PICKERS):
        return f"the aggregation {operator}"
    if modifier is not None and modifier.type != promql.AggModifierType.By:
        return f"without in {brief(tree)}"
    if operator in words.PICKERS:
        return f"by in {brief(tree)}"
    inner, functions = peel(tree.expr)
    if functions or isinstance(inner, promql.AggregateExpr | promql.BinaryExpr):
        return f"{operator} over more than the samples of one metric: {brief(tree)}"
    return blame(inner)


def _call(tree: promql.Call) -> str:
    name = str(tree.func.name)
    if name not in OVER_TIME:
        return f"the function {name}"
    (samples,) = tree.args
    if isinstance(samples, promql.MatrixSelector) and samples.range.microseconds:
        return f"a window that is no whole seconds: {brief(samples)}"
    return blame(samples)


def _selector(tree: promql.VectorSelector) -> str:
    if tree.at is not None:
        return f"@ in {brief(tree)}"
    if tree.matchers.or_matchers:
        return f"or between conditions: {brief(tree)}"
    if tree.offset is not None:
        return f"the offset of {brief(tree)}"
    return f"a metric that is not named: {brief(tree)}"
