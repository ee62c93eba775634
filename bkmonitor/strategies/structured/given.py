"""A value of somebody's JSON that knows its place, to name it when it is wrong."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from bkmonitor.strategies.structured.wrong import Wrong, _

LONGEST = 1_000


@dataclass(frozen=True, slots=True)
class Given:
    """A value and its path, as in `queries[0].metric`."""

    value: Any
    path: str = "query"

    def wrong(self, text: str, **params: Any) -> Wrong:
        """Return the error that names place and value."""
        value = f"{self.value!r}"[:100]
        return Wrong(text, path=self.path, value=value, **params)

    def parts(self, known: Collection[str]) -> None:
        """Insist on an object that has no keys but the `known`."""
        if not isinstance(self.value, dict):
            raise self.wrong(_("%(path)s must be an object, not %(value)s"))
        for key in self.value:
            if key not in known:
                raise self.wrong(_("%(path)s has no part %(key)r"), key=key)

    def at(self, key: str, default: Any = None) -> "Given":
        """Return one part of an object; null counts as left out."""
        value = self.value.get(key)
        path = key if self.path == "query" else f"{self.path}.{key}"
        return Given(default if value is None else value, path)

    def each(self, *, most: int, least: int = 0) -> Iterator["Given"]:
        """Return the entries of a list."""
        if not isinstance(self.value, list | tuple):
            raise self.wrong(_("%(path)s must be a list, not %(value)s"))
        if not least <= len(self.value) <= most:
            text = _("%(path)s must have %(least)s to %(most)s entries, has %(count)s")
            raise self.wrong(text, least=least, most=most, count=len(self.value))
        for number, value in enumerate(self.value):
            yield Given(value, f"{self.path}[{number}]")

    def text(self, *, longest: int = LONGEST) -> str:
        """Return a text that can be stored and sent."""
        if not isinstance(self.value, str):
            raise self.wrong(_("%(path)s must be text, not %(value)s"))
        if len(self.value) > longest:
            text = _("%(path)s must have at most %(most)s characters, not as %(value)s")
            raise self.wrong(text, most=longest)
        # Half a character of JSON's \ud800 kind is in no encoding; no database
        # takes the zero character.
        if "\0" in self.value or any("\ud800" <= c <= "\udfff" for c in self.value):
            raise self.wrong(
                _("%(path)s must be text without control characters, not %(value)s")
            )
        return self.value

    def one_of(self, words: Sequence[str]) -> str:
        """Return a word out of a list."""
        if self.value not in words:
            text = _("%(path)s must be one of %(words)s, not %(value)s")
            raise self.wrong(text, words=", ".join(words))
        return str(self.value)

    def whole(self, least: int, most: int) -> int:
        """Return a whole number within bounds."""
        number = self.number(least, most)
        if number != int(number):
            raise self.wrong(_("%(path)s must be a whole number, not %(value)s"))
        return int(number)

    def number(self, least: float, most: float) -> float:
        """Return a number within bounds."""
        value = self.value
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.wrong(_("%(path)s must be a number, not %(value)s"))
        if not isfinite(value) or not least <= value <= most:
            text = _("%(path)s must be from %(least)s to %(most)s, not %(value)s")
            raise self.wrong(text, least=f"{least:g}", most=f"{most:g}")
        return value
