"""Users' texts: Jinja without what could run for long or grow large.

A text is rendered in the middle of an evaluation that others wait for, so its cost
is bounded by its length: no loop within a loop, nothing kept in a variable, and no
text made longer by a number.
"""

import re
from collections.abc import Callable
from functools import wraps
from math import isfinite
from typing import Any

from jinja2 import Template, nodes
from jinja2.exceptions import SecurityError
from jinja2.filters import FILTERS as ALL_FILTERS
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from bkmonitor.lib.numbers import short_number
from bkmonitor.strategies.humanize import FILTERS as HUMANIZE

LARGEST = 10_000
MOST_DIGITS = 15
NODES = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const),
    *(nodes.Tuple, nodes.List, nodes.Dict, nodes.Pair, nodes.Keyword, nodes.Slice),
    *(nodes.Filter, nodes.Test, nodes.Call, nodes.Getattr, nodes.Getitem),
    *(nodes.If, nodes.For, nodes.CondExpr, nodes.Compare, nodes.Operand),
    *(nodes.BinExpr, nodes.UnaryExpr, nodes.Concat),
)
FILTERS = (
    *("abs", "capitalize", "count", "d", "default", "dictsort", "filesizeformat"),
    *("first", "float", "format", "int", "items", "join", "last", "length", "list"),
    *("lower", "max", "min", "replace", "round", "sort", "string", "title", "trim"),
    *("truncate", "upper", "urlencode"),
)
METHODS = frozenset(
    {"endswith", "is_integer", "lower", "lstrip", "partition", "removeprefix"}
    | {"removesuffix", "rpartition", "rstrip", "split", "startswith", "strip"}
    | {"title", "upper"}
)
# A width of four digits, or one that is given apart.
WIDE = re.compile(r"\d{4}|\*")


def compile_template(text: str) -> Template:
    """Return the text ready to be filled in.

    Errors  jinja2.TemplateError for what is no template or may not be in one.
    """
    return _ENVIRONMENT.from_string(parse_template(text))


def parse_template(text: str) -> nodes.Template:
    """Return the text as a tree; errors as of `compile_template`."""
    tree = _ENVIRONMENT.parse(text)
    for node in tree.find_all(nodes.Node):
        if not isinstance(node, NODES):
            word = type(node).__name__.lower()
            raise SecurityError(f"{word!r} is not allowed in this text")
    for loop in tree.find_all(nodes.For):
        if loop.recursive or any(loop.find_all(nodes.For)):
            raise SecurityError("a loop within a loop is not allowed in this text")
    return tree


class _Environment(ImmutableSandboxedEnvironment):
    intercepted_binops = frozenset({"*", "**", "%"})

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Calculate with numbers; of texts, only % with a short width."""
        if operator == "%" and isinstance(left, str):
            return _format(left, right)
        if not all(isinstance(each, int | float) for each in (left, right)):
            raise SecurityError(f"{operator} takes numbers")
        if operator == "**":
            return float(left) ** float(right)
        return super().call_binop(context, operator, left, right)

    def wrap_str_format(self, value: Any) -> None:
        """Leave `format` of a text, which takes widths, to the rule below."""

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Leave of texts and numbers the methods that make nothing longer."""
        if isinstance(obj, str | int | float):
            return attr in METHODS
        return super().is_safe_attribute(obj, attr, value)


class _Number(float):
    """A number that `%s` writes as the text around it would."""

    def __str__(self) -> str:
        return str(_shown(float(self)))


def _shown(value: Any) -> Any:
    """Return what stands in the text: 95 for 95.0, and labels as a=b, c=d."""
    if isinstance(value, float) and isfinite(value):
        return short_number(value, MOST_DIGITS + 2)
    if isinstance(value, dict):
        return ", ".join(f"{name}={text}" for name, text in sorted(value.items()))
    return value


def _format(form: str, given: Any) -> str:
    if WIDE.search(form):
        raise SecurityError("a width of more than 999 is not allowed")
    if isinstance(given, tuple):
        given = tuple(_Number(v) if isinstance(v, float) else v for v in given)
    elif isinstance(given, float):
        given = _Number(given)
    return str(form % given)


def _bounded(work: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(work)
    def bounded(*args: Any, **kwargs: Any) -> Any:
        made = work(*args, **kwargs)
        if isinstance(made, str) and len(made) > LARGEST:
            raise SecurityError(f"more than {LARGEST} characters")
        return made

    return bounded


def _format_filter(form: Any, *args: Any, **kwargs: Any) -> str:
    return _format(str(form), kwargs or args)


def _round(value: Any, precision: int = 0, method: Any = "common") -> Any:
    if abs(precision) > MOST_DIGITS:
        raise SecurityError(f"more than {MOST_DIGITS} digits")
    return ALL_FILTERS["round"](value, precision, method)


_ENVIRONMENT = _Environment(autoescape=False, finalize=_shown)
_ENVIRONMENT.globals.clear()
_ENVIRONMENT.filters = {name: _bounded(ALL_FILTERS[name]) for name in FILTERS} | {
    **HUMANIZE,
    "format": _bounded(_format_filter),
    "round": _round,
}
