"""Pages of a list by the row they begin after, so that no page is slow or skips a row."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

import orjson
from django.db.models import Model, Q, QuerySet

Row = TypeVar("Row", bound=Model)
SIZE = 50


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Some rows of a list, and the cursors of what lies before and after them.

    An empty cursor says that there is nothing in that direction.
    """

    rows: Sequence[Row]
    previous: str = ""
    next: str = ""

    def __bool__(self) -> bool:
        return bool(self.rows)


def page(
    rows: QuerySet[Row], order: tuple[str, ...], cursor: str = "", *, size: int = SIZE
) -> Page[Row]:
    """Return one page of `rows` in `order`, which must end in a unique field.

    `order` names fields that are never NULL, "-" for falling. `cursor` is one that
    an earlier page gave; one that is not understood gives the first page. One
    query, however far into the list.
    """
    back, values = _read(cursor, len(order))
    wanted = _turned(order) if back else order
    query = rows.order_by(*wanted)
    if values:
        query = query.filter(_beyond(wanted, values))
    found = list(query[: size + 1])
    more, found = len(found) > size, found[:size]
    if back:
        found.reverse()
    has_previous = more if back else bool(values)
    has_next = True if back else more
    return Page(
        found,
        previous=_write("b", order, found[0]) if found and has_previous else "",
        next=_write("f", order, found[-1]) if found and has_next else "",
    )


def _turned(order: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(
        name.removeprefix("-") if name.startswith("-") else f"-{name}" for name in order
    )


def _beyond(order: tuple[str, ...], values: Sequence[Any]) -> Q:
    """Return the rows after the one with these values: the first field that differs decides."""
    condition, equal = Q(), Q()
    for name, value in zip(order, values, strict=True):
        field = name.removeprefix("-")
        sign = "lt" if name.startswith("-") else "gt"
        condition |= equal & Q(**{f"{field}__{sign}": value})
        equal &= Q(**{field: value})
    return condition


def _write(direction: str, order: tuple[str, ...], row: Model) -> str:
    values = [getattr(row, name.removeprefix("-")) for name in order]
    shown = [v.isoformat() if isinstance(v, datetime) else v for v in values]
    return base64.urlsafe_b64encode(orjson.dumps([direction, *shown])).decode()


def _read(cursor: str, length: int) -> tuple[bool, list[Any]]:
    try:
        direction, *values = orjson.loads(base64.urlsafe_b64decode(cursor))
    except (ValueError, TypeError, binascii.Error):
        return False, []
    if len(values) != length or not all(isinstance(v, int | str) for v in values):
        return False, []
    return direction == "b", values
