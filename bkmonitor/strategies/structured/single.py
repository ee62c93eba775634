"""One query of a structured query, recognised in PromQL."""

from dataclasses import asdict
from datetime import timedelta
from typing import Any

import promql_parser as promql

from bkmonitor.strategies.structured import words
from bkmonitor.strategies.structured.conditions import read_matcher
from bkmonitor.strategies.structured.terms import called

OVER_TIME = {name: word for word, name in words.OVER_TIME.items()}
SIGNS = {
    str(promql.MatchOp.Equal): "=",
    str(promql.MatchOp.NotEqual): "!=",
    str(promql.MatchOp.Re): "=~",
    str(promql.MatchOp.NotRe): "!~",
}
SECOND, NOTHING = timedelta(seconds=1), timedelta(0)
Raw = dict[str, Any]


def read_query(tree: promql.Expr) -> Raw | None:
    """Return the JSON of a query without its alias; None if the tree is not one."""
    inner, functions = peel(tree)
    over_labels = None
    if isinstance(inner, promql.AggregateExpr):
        over_labels = _over_labels(inner)
        if over_labels is None:
            return None
        inner = bare(inner.expr)
    samples = _any_of(inner)
    if samples is None:
        return None
    return samples | {"over_labels": over_labels, "functions": functions}


def peel(tree: promql.Expr) -> tuple[promql.Expr, list[Raw]]:
    """Return what is inside the functions around a tree, and them, innermost first."""
    functions: list[Raw] = []
    tree = bare(tree)
    while (found := _function(tree)) is not None:
        functions.insert(0, found[0])
        tree = bare(found[1])
    return tree, functions


def bare(tree: promql.Expr) -> promql.Expr:
    """Return a tree without the brackets around it."""
    while isinstance(tree, promql.ParenExpr):
        tree = tree.expr
    return tree


def _function(tree: promql.Expr) -> tuple[Raw, promql.Expr] | None:
    """Return a function and what it is applied to."""
    if isinstance(tree, promql.Call) and called(tree) in words.OF_VALUES:
        return {"function": called(tree)}, tree.args[0]
    if isinstance(tree, promql.Call) and tree.func.name == words.QUANTILE:
        name, (number, inner) = words.QUANTILE, tree.args
        number = bare(number)
    elif isinstance(tree, promql.AggregateExpr) and tree.modifier is None:
        name, number, inner = str(tree.op), tree.param, tree.expr
    else:
        return None
    if not isinstance(number, promql.NumberLiteral) or name not in words.FUNCTIONS:
        return None
    return {"function": name, "argument": number.val}, inner


def _over_labels(tree: promql.AggregateExpr) -> Raw | None:
    function, modifier, number = str(tree.op), tree.modifier, tree.param
    if function not in words.OVER_LABELS:
        return None
    if modifier is not None and modifier.type != promql.AggModifierType.By:
        return None
    raw: Raw = {"function": function, "by": modifier.labels if modifier else []}
    if function not in words.QUANTILES:
        return raw
    if not isinstance(number, promql.NumberLiteral):
        return None
    return raw | {"argument": number.val}


def _any_of(tree: promql.Expr) -> Raw | None:
    """Return what is said of one metric by one group of conditions or by several."""
    samples, groups = [], []
    for each in _alternatives(tree):
        found = _samples(each)
        if found is None:
            return None
        samples.append(found)
        groups.append(found.pop("group"))
    if any(each != samples[0] for each in samples):
        return None
    if len(groups) == 1:
        return samples[0] | {"where": [group for group in groups if group]}
    return samples[0] | {"where": groups} if all(groups) else None


def _alternatives(tree: promql.Expr) -> list[promql.Expr]:
    # A row of `or` leans to the left.
    if not isinstance(tree, promql.BinaryExpr) or str(tree.op) != "or":
        return [tree]
    if tree.modifier is not None and tree.modifier.matching is not None:
        return [tree]
    return [*_alternatives(tree.lhs), tree.rhs]


def _samples(tree: promql.Expr) -> Raw | None:
    """Return metric, window and shift of samples, and one group of conditions."""
    over_time = None
    if isinstance(tree, promql.Call) and tree.func.name in OVER_TIME:
        function, tree = OVER_TIME[tree.func.name], tree.args[0]
        if not isinstance(tree, promql.MatrixSelector) or tree.range % SECOND:
            return None
        over_time = {"function": function, "window_s": tree.range // SECOND}
        tree = tree.vector_selector
    if not isinstance(tree, promql.VectorSelector) or tree.at is not None:
        return None
    offset = tree.offset or NOTHING
    if offset < NOTHING or offset % SECOND:
        return None
    selected = _selected(tree)
    if selected is None:
        return None
    return selected | {"over_time": over_time, "shift_s": offset // SECOND}


def _selected(tree: promql.VectorSelector) -> Raw | None:
    name, group = tree.name, []
    for matcher in tree.matchers.matchers:
        sign = SIGNS[str(matcher.op)]
        if matcher.name != "__name__":
            group.append(asdict(read_matcher(matcher.name, sign, matcher.value)))
        elif name is None and sign == "=":
            name = matcher.value
        else:
            return None
    if name is None or tree.matchers.or_matchers:
        return None
    return {"metric": name, "group": group}
