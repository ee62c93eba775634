"""Which part of an expression no structured query has."""

import promql_parser as promql

from bkmonitor.strategies.structured import words
from bkmonitor.strategies.structured.single import OVER_TIME, peel
from bkmonitor.strategies.structured.terms import brief
from bkmonitor.strategies.structured.wrong import Wrong, _

COMPARISONS = (">", "<", ">=", "<=", "==", "!=")


def blame(tree: promql.Expr) -> Wrong:
    """Name the part of a tree for which it cannot be a structured query."""
    tree, _functions = peel(tree)
    if isinstance(tree, promql.MatrixSelector):
        tree = tree.vector_selector
    if isinstance(tree, promql.AggregateExpr):
        return _aggregation(tree)
    if isinstance(tree, promql.Call) and tree.func.name in OVER_TIME:
        return _range(tree.args[0])
    return Wrong(_text(tree), part=_part(tree))


def _part(tree: promql.Expr) -> str:
    return str(tree.func.name) if isinstance(tree, promql.Call) else brief(tree)


def _text(tree: promql.Expr) -> str:
    if isinstance(tree, promql.BinaryExpr):
        return _operator(str(tree.op))
    if isinstance(tree, promql.Call):
        return _("the function %(part)s")
    if isinstance(tree, promql.VectorSelector):
        return _selector(tree)
    if isinstance(tree, promql.SubqueryExpr):
        return _("the subquery %(part)s")
    return "%(part)s"


def _operator(operator: str) -> str:
    if operator in COMPARISONS:
        return _("the comparison %(part)s; give the limit to a level instead")
    if operator not in (*words.ARITHMETIC, *words.SETS):
        return _("the operator in %(part)s")
    return _("how the series match in %(part)s")


def _selector(tree: promql.VectorSelector) -> str:
    if tree.at is not None:
        return _("@ in %(part)s")
    if tree.matchers.or_matchers:
        return _("or between conditions: %(part)s")
    if tree.offset is not None:
        return _("the offset of %(part)s")
    return _("a metric that is not named: %(part)s")


def _aggregation(tree: promql.AggregateExpr) -> Wrong:
    operator, modifier = str(tree.op), tree.modifier
    if operator not in (*words.OVER_LABELS, *words.PICKERS):
        return Wrong(_("the aggregation %(part)s"), part=operator)
    if modifier is not None and modifier.type != promql.AggModifierType.By:
        return Wrong(_("without in %(part)s"), part=brief(tree))
    if operator in words.PICKERS:
        return Wrong(_("by or the number in %(part)s"), part=brief(tree))
    inner, functions = peel(tree.expr)
    if functions or isinstance(inner, promql.AggregateExpr | promql.BinaryExpr):
        text = _("an aggregation of more than the samples of one metric: %(part)s")
        return Wrong(text, part=brief(tree))
    return blame(inner)


def _range(samples: promql.Expr) -> Wrong:
    if isinstance(samples, promql.MatrixSelector) and samples.range.microseconds:
        text = _("a window that is no whole seconds: %(part)s")
        return Wrong(text, part=brief(samples))
    return blame(samples)
