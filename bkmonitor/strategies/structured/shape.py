"""A structured query as values, out of JSON and back."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from bkmonitor.strategies.structured import words
from bkmonitor.strategies.structured.conditions import (
    Condition,
    check_condition,
    check_label,
)
from bkmonitor.strategies.structured.given import Given
from bkmonitor.strategies.structured.wrong import Wrong, _

ALIAS = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]{0,30}\Z")
MOST = 50
YEAR_S = 366 * 86400


@dataclass(frozen=True, slots=True)
class OverTime:
    """What makes one value of all samples of a series within a window."""

    function: str
    window_s: int


@dataclass(frozen=True, slots=True)
class OverLabels:
    """What makes one series of all that agree in the labels `by`."""

    function: str
    by: tuple[str, ...]
    argument: float | None


@dataclass(frozen=True, slots=True)
class Function:
    """What is done with the values, and its number where it takes one."""

    function: str
    argument: float | None


@dataclass(frozen=True, slots=True)
class Query:
    """One metric on its way from samples to a value for each series."""

    alias: str
    metric: str
    where: tuple[tuple[Condition, ...], ...]
    over_time: OverTime | None
    shift_s: int
    over_labels: OverLabels | None
    functions: tuple[Function, ...]


@dataclass(frozen=True, slots=True)
class Definition:
    """Queries, and how they are joined."""

    queries: tuple[Query, ...]
    expression: str
    functions: tuple[Function, ...]
    shift_s: int

    def as_json(self) -> dict[str, Any]:
        """Return the same as JSON, with every part in it."""
        return dict(orjson.loads(orjson.dumps(self)))


def parse_definition(raw: Mapping[str, Any]) -> Definition:
    """Return what the JSON says; InvalidInput names the part that is wrong."""
    given = Given(raw)
    given.parts(("queries", "expression", "functions", "shift_s"))
    queries = tuple(map(_query, given.at("queries", []).each(least=1, most=MOST)))
    aliases = [query.alias for query in queries]
    for alias in aliases:
        if aliases.count(alias) > 1:
            raise Wrong(_("two queries have the alias %(alias)r"), alias=alias)
    expression = given.at("expression", "").text().strip()
    if not expression and len(queries) > 1:
        text = _("expression must join the queries %(aliases)s")
        raise Wrong(text, aliases=", ".join(aliases))
    return Definition(
        queries,
        expression,
        _functions(given.at("functions", [])),
        given.at("shift_s", 0).whole(0, YEAR_S),
    )


def normalized(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return the same JSON with every part in it; InvalidInput names what is wrong."""
    return parse_definition(raw).as_json()


def _query(given: Given) -> Query:
    given.parts(Query.__dataclass_fields__)
    metric = given.at("metric", "").text()
    if not metric:
        raise given.at("metric", "").wrong(
            _("%(path)s must name a metric, not %(value)s")
        )
    groups = given.at("where", []).each(most=MOST)
    return Query(
        alias=_alias(given.at("alias", "")),
        metric=metric,
        where=tuple(
            tuple(map(check_condition, group.each(least=1, most=MOST)))
            for group in groups
        ),
        over_time=_over_time(given.at("over_time")),
        shift_s=given.at("shift_s", 0).whole(0, YEAR_S),
        over_labels=_over_labels(given.at("over_labels")),
        functions=_functions(given.at("functions", [])),
    )


def _alias(given: Given) -> str:
    alias = given.text()
    if not ALIAS.match(alias) or alias.lower() in words.RESERVED:
        raise given.wrong(
            _("%(path)s must be a name of letters, digits and _, not %(value)s")
        )
    return alias


def _over_time(given: Given) -> OverTime | None:
    if given.value is None:
        return None
    given.parts(OverTime.__dataclass_fields__)
    return OverTime(
        given.at("function").one_of(tuple(words.OVER_TIME)),
        given.at("window_s").whole(1, YEAR_S),
    )


def _over_labels(given: Given) -> OverLabels | None:
    if given.value is None:
        return None
    given.parts(OverLabels.__dataclass_fields__)
    function = given.at("function").one_of(words.OVER_LABELS)
    by = [check_label(label) for label in given.at("by", []).each(most=MOST)]
    argument = _argument(function, given.at("argument"))
    return OverLabels(function, tuple(dict.fromkeys(by)), argument)


def _functions(given: Given) -> tuple[Function, ...]:
    return tuple(map(_function, given.each(most=MOST)))


def _function(given: Given) -> Function:
    given.parts(Function.__dataclass_fields__)
    function = given.at("function").one_of(words.FUNCTIONS)
    return Function(function, _argument(function, given.at("argument")))


def _argument(function: str, given: Given) -> float | None:
    if function in words.PICKERS:
        return given.whole(1, 10_000)
    if function in words.QUANTILES:
        return given.number(0, 1)
    if given.value is not None:
        text = _("%(path)s must be left out: %(function)s takes no number")
        raise given.wrong(text, function=function)
    return None
