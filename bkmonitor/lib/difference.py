"""What differs between two texts."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a comparison: "-" was there, "+" is there now, " " is in both.

    The sign "…" stands for lines in both that are left out.
    """

    sign: str
    text: str = ""


def lines_between(before: str, after: str, *, around: int = 3) -> list[Line]:
    """Return the lines that differ, with `around` lines before and after each."""
    return list(_lines(before.splitlines(), after.splitlines(), around))


def _lines(before: list[str], after: list[str], around: int) -> Iterator[Line]:
    matched = SequenceMatcher(None, before, after, autojunk=False)
    for group in matched.get_grouped_opcodes(around):
        if group[0][1] > 0:
            yield Line("…")
        for kind, start, end, new_start, new_end in group:
            if kind == "equal":
                yield from (Line(" ", text) for text in before[start:end])
                continue
            yield from (Line("-", text) for text in before[start:end])
            yield from (Line("+", text) for text in after[new_start:new_end])
