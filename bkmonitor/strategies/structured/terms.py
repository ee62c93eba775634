"""Pieces of PromQL: how tightly each holds together, and what labels it has."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import promql_parser as promql

from bkmonitor.strategies.structured import words
from bkmonitor.strategies.structured.wrong import Wrong

# How tightly operators bind; what binds more loosely than its place needs brackets.
BINDS = {"or": 1, "and": 2, "unless": 2, "+": 4, "-": 4, "*": 5, "/": 5, "%": 5}
BINDS |= {"^": 7}
WHOLE = 9
# Parsers differ in what they take a sign with: it always stands in brackets.
SIGN = 0
NUMBER = re.compile(r"-?[0-9.]+(?:e[+-]?[0-9]+)?\Z")

# The labels its series may have; None for all that their samples have.
LabelSet = tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Term:
    """A piece of PromQL. A number is no vector and has no labels."""

    text: str
    binds: int = WHOLE
    labels: LabelSet = None
    vector: bool = True

    def inside(self, binds: int) -> str:
        """Return the text for a place that needs to be bound so tightly."""
        return self.text if self.binds >= binds else f"({self.text})"


@dataclass(frozen=True, slots=True)
class Matching:
    """Which series meet at an operator: `on` some labels, or on all (None)."""

    labels: LabelSet
    on: LabelSet = None
    group: str = ""

    def __str__(self) -> str:
        if self.on is None:
            return ""
        on = f" on ({', '.join(self.on)})"
        return f"{on} {self.group} ()" if self.group else on


def match(operator: str, left: LabelSet, right: LabelSet) -> Matching | None:
    """Say which series meet at an operator; None if no label set holds the other.

    With the same labels on both sides the series meet one to one. Where the labels
    of one side are among those of the other, each of its series meets all that
    agree with it; the result has the labels of the larger side. A side that is not
    aggregated is taken to have every label.
    """
    if _same(left, right):
        return Matching(left)
    if operator == "or":
        return None
    if _holds(left, right):
        return Matching(left, right, "" if operator in words.SETS else "group_left")
    if _holds(right, left):
        if operator in words.SETS:
            return Matching(left, left)
        return Matching(right, left, "group_right")
    return None


def _same(left: LabelSet, right: LabelSet) -> bool:
    if left is None or right is None:
        return left is right
    return set(left) == set(right)


def _holds(larger: LabelSet, smaller: LabelSet) -> bool:
    return smaller is not None and (larger is None or set(larger) >= set(smaller))


@dataclass(frozen=True, slots=True)
class Walk:
    """The way through an expression: what both directions of translation share.

    leaf    gives the term of a part that is a query, None for any other part
    joined  gives the text between operator and right side
    refuse  makes the error of a part that cannot be
    """

    leaf: Callable[[promql.Expr], Term | None]
    joined: Callable[[promql.BinaryExpr, Matching, Term, Term], str]
    refuse: Callable[[promql.Expr], Wrong]

    def term(self, tree: promql.Expr) -> Term:
        """Return the term of an expression."""
        leaf = self.leaf(tree)
        if leaf is not None:
            return leaf
        if isinstance(tree, promql.ParenExpr):
            return self.term(tree.expr)
        if isinstance(tree, promql.NumberLiteral) and abs(tree.val) < float("inf"):
            return number(tree.val)
        if isinstance(tree, promql.UnaryExpr):
            return _negative(self.term(tree.expr))
        if isinstance(tree, promql.BinaryExpr):
            return self._binary(tree)
        if isinstance(tree, promql.Call) and called(tree) in words.OF_VALUES:
            inner = self.term(tree.args[0])
            return Term(f"{called(tree)}({inner.text})", WHOLE, inner.labels)
        raise self.refuse(tree)

    def _binary(self, tree: promql.BinaryExpr) -> Term:
        operator = str(tree.op)
        if operator not in (*words.ARITHMETIC, *words.SETS):
            raise self.refuse(tree)
        left, right = self.term(tree.lhs), self.term(tree.rhs)
        if left.vector and right.vector:
            matching = match(operator, left.labels, right.labels)
            if matching is None:
                raise self.refuse(tree)
        else:
            matching = Matching(left.labels if left.vector else right.labels)
        between = self.joined(tree, matching, left, right)
        binds = BINDS[operator]
        first, second = left.inside(_left(operator)), right.inside(binds + 1)
        text = f"{first} {operator}{between} {second}"
        return Term(text, binds, matching.labels, left.vector or right.vector)


def _negative(inner: Term) -> Term:
    if NUMBER.match(inner.text) and not inner.vector:
        # A number with its sign is one number.
        return number(-float(inner.text))
    return Term(f"-{inner.inside(WHOLE)}", SIGN, inner.labels, inner.vector)


def _left(operator: str) -> int:
    # Not all parsers read a row of powers, or of different set operators, in one way.
    return BINDS[operator] + (operator in ("^", "and", "unless"))


def called(tree: promql.Call) -> str:
    """Return the name of a function that is called with one argument, else nothing."""
    return str(tree.func.name) if len(tree.args) == 1 else ""


def number(value: float) -> Term:
    """Return a number as PromQL writes it."""
    text = str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)
    return Term(text, SIGN if value < 0 else WHOLE, vector=False)


def apply(function: str, argument: float | None, inner: Term) -> Term:
    """Return a function of a term."""
    if argument is None:
        return Term(f"{function}({inner.text})", WHOLE, inner.labels)
    text = f"{function}({number(argument).text}, {inner.text})"
    if function != words.QUANTILE:
        return Term(text, WHOLE, inner.labels)
    labels = inner.labels and tuple(each for each in inner.labels if each != "le")
    return Term(text, WHOLE, labels)


def brief(tree: promql.Expr, longest: int = 60) -> str:
    """Return a part of an expression, short enough to name it."""
    text = " ".join(tree.prettify().split())
    return text if len(text) <= longest else f"{text[:longest]}…"
