"""Conditions over strategies: `cpu and not (deploy or disk.critical)`.

    or     "or" or "||"      binds loosest
    and    "and" or "&&"
    not    "not" or "!"      binds tightest
    member an alias, or alias.critical | .warning | .info | .no_data

Words are read in any case. A severity means "at least that severe".
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

LONGEST = 1_000
DEEPEST = 50
ALIAS = re.compile(r"[a-z][a-z0-9_]{0,29}")
WORDS = frozenset({"and", "or", "not"})
PREDICATES = ("critical", "warning", "info", "no_data")

SPACE = re.compile(r"\s*")
TOKEN = re.compile(r"&&|\|\||[!()]|[a-z][a-z0-9_]*(?:\.[a-z0-9_]*)?", re.IGNORECASE)
SPELLINGS = {"&&": "and", "||": "or", "!": "not"}


@dataclass(frozen=True, slots=True)
class Member:
    """A strategy by its alias, and what is asked of it: "" for any severity."""

    alias: str
    predicate: str = ""


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of a condition."""

    of: "Condition"


@dataclass(frozen=True, slots=True)
class And:
    """All of the parts."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one of the parts."""

    parts: tuple["Condition", ...]


Condition = Member | Not | And | Or


class UnreadableCondition(ValueError):
    """A text is no condition: what is wrong with it, where, and what stands there.

    `problem` is "long", "deep", "character", "member", "operator", "unclosed" or
    "predicate"; `at` counts characters from 0; `found` is "" at the end.
    """

    def __init__(self, problem: str, at: int, found: str = "") -> None:
        super().__init__(f"{problem} at {at}: {found!r}")
        self.problem, self.at, self.found = problem, at, found


@dataclass(frozen=True, slots=True)
class Level:
    """The condition for one severity, and how its user wrote it."""

    severity: int
    condition: Condition
    text: str = ""


@dataclass(frozen=True, slots=True)
class Composite:
    """What a composite strategy says.

    members  the strategies by their aliases
    levels   a condition for each severity
    on       the labels that have to be the same in the members' alerts
    hold_s   how long a condition holds before it counts, and how long it is over
    """

    members: Mapping[str, int]
    levels: tuple[Level, ...]
    on: tuple[str, ...] = ()
    hold_s: int = 0


def parse_condition(text: str) -> Condition:
    """Return the condition that a text says; UnreadableCondition names the place."""
    if len(text) > LONGEST:
        raise UnreadableCondition("long", LONGEST)
    tokens = _Tokens(text)
    condition = _either(tokens, 0)
    if tokens.word:
        raise UnreadableCondition("operator", tokens.at, tokens.word)
    return condition


def members_of(condition: Condition) -> Iterator[Member]:
    """Yield every member that a condition asks for, as often as it does."""
    if isinstance(condition, Member):
        yield condition
    elif isinstance(condition, Not):
        yield from members_of(condition.of)
    else:
        for part in condition.parts:
            yield from members_of(part)


def holds_of_nothing(condition: Condition) -> bool:
    """Tell whether a condition holds while none of its members fires."""
    if isinstance(condition, Member):
        return False
    if isinstance(condition, Not):
        return not holds_of_nothing(condition.of)
    parts = [holds_of_nothing(part) for part in condition.parts]
    return all(parts) if isinstance(condition, And) else any(parts)


class _Tokens:
    """The words of a condition; `word` is the one to be read, "" at the end."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._end = 0
        self.at = 0
        self.word = ""
        self.advance()

    def advance(self) -> None:
        """Go on to the next word."""
        found = SPACE.match(self._text, self._end)
        self.at = found.end() if found else self._end
        token = TOKEN.match(self._text, self.at)
        if token is None and self.at < len(self._text):
            raise UnreadableCondition("character", self.at, self._text[self.at])
        plain = token.group().lower() if token else ""
        self.word = SPELLINGS.get(plain, plain)
        self._end = token.end() if token else self.at

    def take(self, word: str) -> bool:
        """Go on if `word` is the next one, and tell whether it was."""
        if self.word != word:
            return False
        self.advance()
        return True


def _either(tokens: _Tokens, depth: int) -> Condition:
    parts = [_both(tokens, depth)]
    while tokens.take("or"):
        parts.append(_both(tokens, depth))
    return parts[0] if len(parts) == 1 else Or(tuple(parts))


def _both(tokens: _Tokens, depth: int) -> Condition:
    parts = [_one(tokens, depth)]
    while tokens.take("and"):
        parts.append(_one(tokens, depth))
    return parts[0] if len(parts) == 1 else And(tuple(parts))


def _one(tokens: _Tokens, depth: int) -> Condition:
    if depth > DEEPEST:
        raise UnreadableCondition("deep", tokens.at, tokens.word)
    if tokens.take("not"):
        return Not(_one(tokens, depth + 1))
    begin = tokens.at
    if tokens.take("("):
        inner = _either(tokens, depth + 1)
        if not tokens.take(")"):
            problem = "operator" if tokens.word else "unclosed"
            at = tokens.at if tokens.word else begin
            raise UnreadableCondition(problem, at, tokens.word or "(")
        return inner
    return _member(tokens)


def _member(tokens: _Tokens) -> Member:
    word, at = tokens.word, tokens.at
    if not word or word in WORDS or word == ")":
        raise UnreadableCondition("member", at, word)
    alias, dot, predicate = word.partition(".")
    if alias in WORDS:
        raise UnreadableCondition("member", at, alias)
    if dot and predicate not in PREDICATES:
        raise UnreadableCondition("predicate", at + len(alias) + 1, predicate)
    tokens.advance()
    return Member(alias, predicate)
