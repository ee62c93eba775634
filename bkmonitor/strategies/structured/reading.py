"""From PromQL to a structured query, where there is one."""

from typing import Any

import promql_parser as promql

from bkmonitor.strategies.promql import check_expression, parse_expression
from bkmonitor.strategies.structured.blame import blame
from bkmonitor.strategies.structured.shape import parse_definition
from bkmonitor.strategies.structured.single import Raw, peel, read_query
from bkmonitor.strategies.structured.terms import LabelSet, Matching, Term, Walk
from bkmonitor.strategies.structured.writing import query_term, write
from bkmonitor.strategies.structured.wrong import Inexpressible, Wrong, _

CARDINALITY = {
    "": (
        promql.VectorMatchCardinality.OneToOne,
        promql.VectorMatchCardinality.ManyToMany,
    ),
    "group_left": (promql.VectorMatchCardinality.ManyToOne,),
    "group_right": (promql.VectorMatchCardinality.OneToMany,),
}


def from_promql(text: str) -> dict[str, Any]:
    """Return a structured query that means what the PromQL does.

    Errors  Inexpressible names the part that no structured query has; InvalidInput
            of `check_expression` where it is no PromQL.
    """
    check_expression(text)
    try:
        definition = parse_definition(_Reading().definition(parse_expression(text)))
        write(definition)
    except Wrong as error:
        raise Inexpressible(error) from error
    return definition.as_json()


class _Reading:
    """One expression on its way, and the queries found in it so far."""

    def __init__(self) -> None:
        self.queries: list[Raw] = []

    def definition(self, tree: promql.Expr) -> Raw:
        """Return the JSON of the whole."""
        functions: list[Raw] = []
        if read_query(tree) is None:
            tree, functions = peel(tree)
        term = Walk(self._leaf, _matched, blame).term(tree)
        if not self.queries:
            raise Wrong(_("an expression without a metric"))
        return {
            "queries": self.queries,
            "expression": term.text,
            "functions": functions,
        }

    def _leaf(self, tree: promql.Expr) -> Term | None:
        raw = read_query(tree)
        if raw is None:
            return None
        raw["alias"] = self._alias(raw)
        if raw not in self.queries:
            self.queries.append(raw)
        (query,) = parse_definition({"queries": [raw]}).queries
        return Term(query.alias, labels=query_term(query).labels)

    def _alias(self, raw: Raw) -> str:
        for known in self.queries:
            if known == raw | {"alias": known["alias"]}:
                return str(known["alias"])
        turn, letter = divmod(len(self.queries), 26)
        return f"{chr(ord('a') + letter)}{turn or ''}"


def _matched(
    tree: promql.BinaryExpr, matching: Matching, left: Term, right: Term
) -> str:
    """Insist that the series meet as they would if nothing were said of it."""
    modifier = tree.modifier
    fits = str(tree.op) in ("and", "or", "unless") or _fits(modifier, matching)
    said = modifier.matching if modifier is not None else None
    every = {*(left.labels or ()), *(right.labels or ())}
    if not fits or not _same_labels(said, matching.on, every, matching.labels):
        raise blame(tree)
    return ""


def _fits(modifier: promql.BinModifier | None, matching: Matching) -> bool:
    if modifier is None:
        return not matching.group
    return modifier.card in CARDINALITY[matching.group] and not modifier.group_labels


def _same_labels(
    said: promql.LabelModifier | None, on: LabelSet, every: set[str], result: LabelSet
) -> bool:
    if said is None:
        return on is None
    meant = on if on is not None else result
    if said.type == promql.LabelModifierType.Include:
        return meant is not None and set(said.labels) == set(meant)
    if meant is None:
        return not said.labels
    return every - set(said.labels) == set(meant)
