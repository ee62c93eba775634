"""From a structured query to PromQL."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import promql_parser as promql

from bkmonitor.lib.errors import InvalidInput
from bkmonitor.lib.quoting import quote
from bkmonitor.strategies.promql import check_expression, parse_expression
from bkmonitor.strategies.structured import words
from bkmonitor.strategies.structured.conditions import Condition, write_matcher
from bkmonitor.strategies.structured.shape import (
    Definition,
    Function,
    Query,
    parse_definition,
)
from bkmonitor.strategies.structured.terms import (
    BINDS,
    WHOLE,
    Matching,
    Term,
    Walk,
    apply,
    brief,
    number,
)
from bkmonitor.strategies.structured.wrong import Wrong, _

PLAIN_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*\Z")
UNITS = (("w", 604_800), ("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))


def to_promql(query: Mapping[str, Any]) -> str:
    """Return the PromQL of a structured query; every sound one has it.

    Units   windows and shifts are seconds.
    Errors  InvalidInput naming the part and its value, for the field `query`.
    """
    text = write(parse_definition(query))
    try:
        check_expression(text)
    except InvalidInput as error:
        raise Wrong("%(error)s", error=error) from error
    return text


def write(definition: Definition) -> str:
    """Return the PromQL of a definition."""
    terms = {
        query.alias: query_term(query, definition.shift_s)
        for query in definition.queries
    }
    expression = definition.expression or definition.queries[0].alias
    joined = _join(expression, terms)
    return _applied(definition.functions, joined, "functions").text


def query_term(query: Query, shift_s: int = 0) -> Term:
    """Return one query's PromQL, as it was `shift_s` before its own time."""
    groups = query.where or ((),)
    ranges = [_range(query, group, query.shift_s + shift_s) for group in groups]
    # Series of one metric are told apart by their labels alone, so that `or` takes
    # one that several groups hold but once.
    term = Term(" or ".join(ranges), BINDS["or"] if len(ranges) > 1 else WHOLE)
    if query.over_labels is not None:
        over = query.over_labels
        by = f" by ({', '.join(over.by)}) " if over.by else ""
        argument = "" if over.argument is None else f"{number(over.argument).text}, "
        term = Term(f"{over.function}{by}({argument}{term.text})", WHOLE, over.by)
    return _applied(query.functions, term, query.alias)


def _range(query: Query, group: Iterable[Condition], shift_s: int) -> str:
    matchers = [write_matcher(condition) for condition in group]
    name = query.metric
    if not PLAIN_NAME.match(name) or name.lower() in words.RESERVED:
        matchers.insert(0, f"__name__={quote(name)}")
        name = ""
    text = f"{name}{{{','.join(matchers)}}}" if matchers else name
    over = query.over_time
    if over is not None:
        text += f"[{_duration(over.window_s)}]"
    if shift_s:
        text += f" offset {_duration(shift_s)}"
    return text if over is None else f"{words.OVER_TIME[over.function]}({text})"


def _duration(seconds: int) -> str:
    unit, length = next(each for each in UNITS if seconds % each[1] == 0)
    return f"{seconds // length}{unit}"


def _applied(functions: Iterable[Function], term: Term, where: str) -> Term:
    for each in functions:
        by = term.labels
        if each.function == words.QUANTILE and by is not None and "le" not in by:
            raise Wrong(
                _("%(where)s: %(function)s needs the label le, not by %(labels)s"),
                where=where,
                function=words.QUANTILE,
                labels=", ".join(by) or "–",
            )
        term = apply(each.function, each.argument, term)
    return term


def _join(expression: str, terms: Mapping[str, Term]) -> Term:
    used = set()

    def leaf(tree: promql.Expr) -> Term | None:
        if not isinstance(tree, promql.VectorSelector):
            return None
        alias = brief(tree)
        if alias not in terms:
            raise Wrong(
                _("expression has %(alias)r, which is none of %(aliases)s"),
                alias=alias,
                aliases=", ".join(terms),
            )
        used.add(alias)
        return terms[alias]

    try:
        tree = parse_expression(expression)
    except InvalidInput as error:
        text = _("expression %(expression)r: %(error)s")
        raise Wrong(text, expression=expression, error=error) from error
    term = Walk(leaf, _matched, _refuse).term(tree)
    for alias in terms:
        if alias not in used:
            text = _("expression %(expression)r does not use the query %(alias)r")
            raise Wrong(text, expression=expression, alias=alias)
    return term


def _refuse(tree: promql.Expr) -> Wrong:
    text = _("expression may not have %(part)r")
    if isinstance(tree, promql.BinaryExpr) and str(tree.op) in BINDS:
        text = _(
            "expression joins the sides of %(part)r, grouped by different labels: "
            "those of one side must be among those of the other"
        )
    return Wrong(text, part=brief(tree))


def _matched(
    tree: promql.BinaryExpr, matching: Matching, left: Term, right: Term
) -> str:
    modifier = tree.modifier
    if modifier is not None and (modifier.matching or modifier.group_labels):
        text = _(
            "expression may not say which labels match: %(part)r; "
            "they follow from the grouping of the queries"
        )
        raise Wrong(text, part=brief(tree))
    return str(matching)
