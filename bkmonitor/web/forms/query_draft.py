"""What was typed into the query builder so far, sense or not, as blocks in blocks.

An input is named after its place: `b-q0-c1-label` is the label of the second condition
(`c`) of the first query (`q`); `f` are functions. A draft is such names and texts in the
order of the page, so that blocks can be put in and taken out.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from bkmonitor.lib.errors import InvalidInput
from bkmonitor.web.forms.inputs import UNITS

ROOT = "b"
PLACE = re.compile(r"([a-z])([0-9]{1,3})")
WRITTEN = frozenset({"metric", "label", "values", "by", "expression"})
# One of several values in a line: in quotes, or up to the next comma.
VALUE = re.compile(r'\s*(?:("(?:[^"]|"")*")\s*(?:,|\Z)|([^,]+))')
PLAIN = re.compile(r'[^\s",](?:[^",]*[^\s",])?')
# No page has room for more; a request that names more is not from ours.
MOST = 50


@dataclass
class Draft:
    """One block: the texts of its inputs, and the blocks in it by their letter."""

    typed: dict[str, str] = field(default_factory=dict)
    blocks: dict[str, list["Draft"]] = field(default_factory=dict)

    @property
    def is_blank(self) -> bool:
        """Tell whether nothing was written; what is chosen from lists counts not."""
        texts = self.flat()
        return not any(texts[name].strip() for name in texts if name.split("-")[-1] in WRITTEN)  # fmt: skip

    def of(self, letter: str) -> list["Draft"]:
        """Return the blocks of one kind, to look at or to change."""
        return self.blocks.setdefault(letter, [])

    def at(self, place: str) -> "Draft":
        """Return the block of a place such as `b-q0-c1`; KeyError if there is none."""
        block = self
        for letter, number in PLACE.findall(place):
            if int(number) >= len(block.of(letter)):
                raise KeyError(place)
            block = block.of(letter)[int(number)]
        return block

    def take_out(self, place: str) -> None:
        """Remove the block of a place; KeyError if there is none."""
        above, _dash, last = place.rpartition("-")
        rows = self.at(above).of(last[:1])
        if not last[1:].isdecimal() or int(last[1:]) >= len(rows):
            raise KeyError(place)
        del rows[int(last[1:])]

    def flat(self, prefix: str = ROOT) -> dict[str, str]:
        """Return the texts by the names of their inputs, numbered as they stand now."""
        flat = {f"{prefix}-{name}": text for name, text in self.typed.items()}
        for letter, blocks in self.blocks.items():
            for number, block in enumerate(blocks):
                flat |= block.flat(f"{prefix}-{letter}{number}")
        return flat


def read_draft(data: Mapping[str, str], name: str = ROOT, *, deep: int = 3) -> Draft:
    """Return what a form sent of the draft of that name, so many blocks deep."""
    root = Draft()
    places: dict[str, Draft] = {name: root}
    for field_name in data:
        *path, last = field_name.split("-")
        if path and path[0] == name and len(path) <= deep:
            block = _placed(places, path)
            if block is not None:
                block.typed[last] = data[field_name]
    return root


def _placed(places: dict[str, Draft], path: Sequence[str]) -> Draft | None:
    place = "-".join(path)
    if place not in places:
        found = PLACE.fullmatch(path[-1])
        above = _placed(places, path[:-1]) if found and len(path) > 1 else None
        if above is None or found is None or len(above.of(found[1])) >= MOST:
            return None
        places[place] = Draft()
        above.of(found[1]).append(places[place])
    return places[place]


def blank_query(aliases: Sequence[str] = ()) -> Draft:
    """Return the block of a query about which nothing has been said."""
    letters = (chr(ord("a") + number % 26) + str(number // 26 or "") for number in range(MOST + 1))  # fmt: skip
    alias = next(each for each in letters if each not in aliases)
    return Draft({"alias": alias, **_length("window", 300)})


def draft_of(query: Mapping[str, Any]) -> Draft:
    """Return a structured query as somebody would have typed it."""
    root = Draft({"expression": query["expression"], **_length("shift", query["shift_s"])})  # fmt: skip
    if root.typed["expression"] == query["queries"][0]["alias"]:
        root.typed["expression"] = ""
    root.of("q").extend(_query(each) for each in query["queries"])
    root.of("f").extend(_function(each) for each in query["functions"])
    return root


def _query(query: Mapping[str, Any]) -> Draft:
    time = query["over_time"] or {"function": "", "window_s": 0}
    labels = query["over_labels"] or {"function": "", "by": [], "argument": None}
    draft = Draft(
        {
            "alias": query["alias"],
            "metric": query["metric"],
            "over_time": time["function"],
            **_length("window", time["window_s"]),
            **_length("shift", query["shift_s"]),
            "over_labels": labels["function"],
            "by": ", ".join(labels["by"]),
            "argument": _number(labels["argument"]),
        }
    )
    for at, group in enumerate(query["where"]):
        for row, condition in enumerate(group):
            join = "or" if at and not row else "and"
            draft.of("c").append(_condition(condition, join))
    draft.of("f").extend(_function(each) for each in query["functions"])
    return draft


def _condition(condition: Mapping[str, Any], join: str) -> Draft:
    values = write_values(condition["values"], condition["operator"])
    if "\n" in values or "\r" in values:
        raise InvalidInput(_("a value of several lines has no place in the builder"))
    return Draft(
        {
            "join": join,
            "label": condition["label"],
            "operator": condition["operator"],
            "values": values,
        }
    )


def _function(function: Mapping[str, Any]) -> Draft:
    return Draft(
        {
            "function": function["function"],
            "argument": _number(function["argument"]),
        }
    )


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.15g}"


def _length(name: str, seconds: int) -> dict[str, str]:
    if not seconds:
        return {}
    unit = max(size for size, _name in UNITS if seconds % size == 0)
    return {f"{name}_0": str(seconds // unit), f"{name}_1": str(unit)}


def read_values(text: str, operator: str) -> list[str]:
    """Return the values that are typed into one line, with commas between.

    A regular expression is one value, whatever is in it. Quotes hold together what
    has a comma in it, and are how one types a value that is empty.
    """
    if operator in ("=~", "!~"):
        return [text] if text else []
    values = []
    for quoted, plain in VALUE.findall(text):
        if quoted:
            values.append(quoted[1:-1].replace('""', '"'))
        elif plain.strip():
            values.append(plain.strip())
    return values


def write_values(values: Sequence[str], operator: str) -> str:
    """Return values as somebody would type them."""
    if operator in ("=~", "!~"):
        several = "|".join(f"(?:{value})" for value in values)
        return several if len(values) > 1 else values[0]
    return ", ".join(value if PLAIN.fullmatch(value) else _quoted(value) for value in values)  # fmt: skip


def _quoted(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'
