"""A value of somebody's JSON that knows its place, to name it when it is wrong."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from bkmonitor.lib.errors import InvalidInput

LONGEST = 1_000


def unsound(what: str) -> InvalidInput:
    """Return the error that a structured query does not make sense."""
    return InvalidInput(what, {"query": what})


@dataclass(frozen=True, slots=True)
class Given:
    """A value and its path, as in `queries[0].metric`."""

    value: Any
    path: str = ""

    def wrong(self, what: str) -> InvalidInput:
        """Return the error that names place and value."""
        shown = f"{self.value!r}"
        return unsound(f"{self.path or 'the query'} {what}, not {shown[:100]}")

    def parts(self, known: Collection[str]) -> None:
        """Insist on an object that has no keys but the `known`."""
        if not isinstance(self.value, dict):
            raise self.wrong("must be an object")
        for key in self.value:
            if key not in known:
                raise unsound(f"{self.path or 'the query'} has no part {key!r}")

    def at(self, key: str, default: Any = None) -> "Given":
        """Return one part of an object; null counts as left out."""
        value = self.value.get(key)
        path = f"{self.path}.{key}" if self.path else key
        return Given(default if value is None else value, path)

    def each(self, *, most: int, least: int = 0) -> Iterator["Given"]:
        """Return the entries of a list."""
        if not isinstance(self.value, list | tuple):
            raise self.wrong("must be a list")
        if not least <= len(self.value) <= most:
            what = f"must have {least} to {most} entries, has {len(self.value)}"
            raise unsound(f"{self.path} {what}")
        for number, value in enumerate(self.value):
            yield Given(value, f"{self.path}[{number}]")

    def text(self, *, longest: int = LONGEST) -> str:
        """Return a text that can be stored and sent."""
        if not isinstance(self.value, str):
            raise self.wrong("must be text")
        if len(self.value) > longest:
            raise self.wrong(f"must have at most {longest} characters")
        # Half a character of JSON's \ud800 kind is in no encoding; no database
        # takes the zero character.
        if "\0" in self.value or any("\ud800" <= c <= "\udfff" for c in self.value):
            raise self.wrong("must be text without control characters")
        return self.value

    def one_of(self, words: Sequence[str]) -> str:
        """Return a word out of a list."""
        if self.value not in words:
            raise self.wrong(f"must be one of {', '.join(words)}")
        return str(self.value)

    def whole(self, least: int, most: int) -> int:
        """Return a whole number within bounds."""
        number = self.number(least, most)
        if number != int(number):
            raise self.wrong("must be a whole number")
        return int(number)

    def number(self, least: float, most: float) -> float:
        """Return a number within bounds."""
        value = self.value
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.wrong("must be a number")
        if not isfinite(value) or not least <= value <= most:
            raise self.wrong(f"must be from {least:g} to {most:g}")
        return value
