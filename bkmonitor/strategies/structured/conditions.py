"""Conditions on labels, and the matchers of PromQL that hold the same."""

import re
from dataclasses import dataclass

import promql_parser as promql

from bkmonitor.lib.labels import LABEL_NAME
from bkmonitor.lib.quoting import literal, quote
from bkmonitor.strategies.structured import words
from bkmonitor.strategies.structured.given import Given
from bkmonitor.strategies.structured.wrong import _

MOST_VALUES = 200
PART = re.compile(r"\.\*(?:\(\?:(?P<several>.+)\)|(?P<one>.+))\.\*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Condition:
    """What a label must be, or must not be."""

    label: str
    operator: str
    values: tuple[str, ...]


def check_label(given: Given) -> str:
    """Return the name of a label."""
    label = given.text()
    if not LABEL_NAME.match(label) or label == "__name__":
        raise given.wrong(_("%(path)s must be the name of a label, not %(value)s"))
    return label


def check_condition(given: Given) -> Condition:
    """Return what the JSON of a condition says; InvalidInput names what is wrong."""
    given.parts(Condition.__dataclass_fields__)
    label = check_label(given.at("label", ""))
    operator = given.at("operator", "").one_of(words.OPERATORS)
    values = []
    for value in given.at("values", []).each(least=1, most=MOST_VALUES):
        text = value.text()
        if operator in ("include", "exclude") and not text:
            raise value.wrong(_("%(path)s must have a text to look for"))
        if operator in ("=~", "!~"):
            _check_pattern(value)
        values.append(text)
    return Condition(label, operator, tuple(dict.fromkeys(values)))


def write_matcher(condition: Condition) -> str:
    """Return the matcher of PromQL that holds a condition."""
    label, values = condition.label, condition.values
    if condition.operator in ("=", "!=") and len(values) == 1:
        return f"{label}{condition.operator}{quote(values[0])}"
    sign = "=~" if condition.operator in ("=", "=~", "include") else "!~"
    return f"{label}{sign}{quote(_pattern(condition))}"


def read_matcher(label: str, sign: str, value: str) -> Condition:
    """Return the condition that a matcher holds, in the plainest words that fit."""
    as_given = Condition(label, sign, (value,))
    if sign not in ("=~", "!~"):
        return as_given
    same, part = ("=", "include") if sign == "=~" else ("!=", "exclude")
    found = PART.fullmatch(value)
    alternatives = (found["several"] or found["one"]) if found else value
    plain = Condition(label, part if found else same, _texts(alternatives))
    # Only what says the very same again may stand for it.
    return plain if write_matcher(plain) == write_matcher(as_given) else as_given


def _pattern(condition: Condition) -> str:
    if condition.operator in ("=~", "!~"):
        if len(condition.values) == 1:
            return condition.values[0]
        return "|".join(f"(?:{pattern})" for pattern in condition.values)
    either = "|".join(map(literal, condition.values))
    if condition.operator in ("=", "!="):
        return either
    return f".*(?:{either}).*" if len(condition.values) > 1 else f".*{either}.*"


def _texts(alternatives: str) -> tuple[str, ...]:
    """Return the texts of `a|b\\.c`, as they were before they were escaped."""
    texts = [""]
    for piece in re.findall(r"\\.|.", alternatives, re.DOTALL):
        if piece == "|":
            texts.append("")
        else:
            texts[-1] += piece[-1]
    return tuple(dict.fromkeys(texts))


def _check_pattern(given: Given) -> None:
    try:
        promql.parse(f"metric{{label=~{quote(given.text())}}}")
    except ValueError as error:
        text = _("%(path)s must be a regular expression, not %(value)s: %(error)s")
        raise given.wrong(text, error=error) from error
