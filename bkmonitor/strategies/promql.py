"""What can be told of a PromQL expression without running it."""

from collections.abc import Iterator

import promql_parser as promql

from bkmonitor.lib.errors import InvalidInput

LONGEST = 10_000
DEEPEST = 250
COMPARISONS = frozenset({">", "<", ">=", "<=", "==", "!="})
SET_FILTERS = frozenset({"and", "unless"})
PICKERS = frozenset({"topk", "bottomk"})
PRESENCE = frozenset({"absent", "absent_over_time"})


def check_expression(expression: str) -> None:
    """Raise InvalidInput unless `expression` is PromQL that gives a vector or scalar.

    Source  the grammar of Prometheus 2.45, by the promql-parser package.
    """
    tree = parse_expression(expression)
    if isinstance(
        tree, promql.MatrixSelector | promql.SubqueryExpr | promql.StringLiteral
    ):
        raise InvalidInput(
            "the expression gives a range or a text, not one value a series",
            {"expression": "gives a range or a text, not one value a series"},
        )


def filters(expression: str) -> bool:
    """Tell whether the expression drops series by itself.

    A series that such an expression does not return is normal: `cpu > 90` says
    nothing of a calm host. Without a filter an absent series is missing data.
    """
    return _filters(parse_expression(expression))


def metric_names(expression: str) -> frozenset[str]:
    """Return the metrics that an expression names; a selector may name none."""
    return frozenset(_metric_names(parse_expression(expression)))


def parse_expression(expression: str) -> promql.Expr:
    """Return the tree of an expression that others can walk down without fear."""
    if not expression.strip():
        raise InvalidInput(
            "the expression is empty", {"expression": "must not be empty"}
        )
    if len(expression) > LONGEST:
        raise InvalidInput(
            f"the expression has {len(expression)} characters, {LONGEST} are allowed",
            {"expression": f"has more than {LONGEST} characters"},
        )
    try:
        tree = promql.parse(expression)
    except ValueError as error:
        raise InvalidInput(
            f"not PromQL: {error}", {"expression": str(error)}
        ) from error
    _check_depth(tree)
    return tree


def _check_depth(tree: promql.Expr) -> None:
    level = [tree]
    for _depth in range(DEEPEST):
        level = [part for each in level for part in _parts(each)]
        if not level:
            return
    raise InvalidInput(
        f"the expression is nested more than {DEEPEST} deep",
        {"expression": f"is nested more than {DEEPEST} deep"},
    )


def _parts(tree: promql.Expr) -> Iterator[promql.Expr]:
    for name in ("lhs", "rhs", "expr"):
        part = getattr(tree, name, None)
        if part is not None:
            yield part
    yield from getattr(tree, "args", ())


def _metric_names(tree: promql.Expr) -> Iterator[str]:
    selector = getattr(tree, "vector_selector", tree)
    if name := getattr(selector, "name", None):
        yield name
    for part in _parts(tree):
        yield from _metric_names(part)


def _filters(tree: promql.Expr) -> bool:
    if isinstance(tree, promql.BinaryExpr):
        return _binary_filters(tree)
    if isinstance(tree, promql.AggregateExpr):
        return str(tree.op) in PICKERS or _filters(tree.expr)
    if isinstance(tree, promql.Call):
        # A scalar is always there, NaN where its vector was empty.
        if tree.func.name == "scalar":
            return False
        return tree.func.name in PRESENCE or any(_filters(arg) for arg in tree.args)
    if isinstance(tree, promql.ParenExpr | promql.UnaryExpr | promql.SubqueryExpr):
        return _filters(tree.expr)
    return False


def _binary_filters(tree: promql.BinaryExpr) -> bool:
    operator = str(tree.op)
    if operator in SET_FILTERS:
        return True
    if operator == "or":
        return _filters(tree.lhs) and _filters(tree.rhs)
    if operator in COMPARISONS:
        returns_bool = tree.modifier is not None and tree.modifier.return_bool
        return not returns_bool
    return _filters(tree.lhs) or _filters(tree.rhs)
