"""Answers of Prometheus' query API cut apart by their bytes, not read as JSON.

Reading JSON makes a dictionary for each series and two objects for each point, which
takes longer than the store takes to answer. What stores write always has the same
shape, so that the texts between known marks can be used as they are.

That is safe. The marks hold quotes, which within a JSON text are written with a
backslash before them, so that no label can contain one. The braces by which series are
cut first may stand in a label; then something that is no number turns up among the
values, and the series are cut by marks. An answer of another shape (blanks, another
order, escapes in a number) is not cut at all, and is read as JSON.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, count
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from bkmonitor.lib.frame import Times, Values
from bkmonitor.lib.labels import LabelSet
from bkmonitor.metrics.tsdb.interning import Interned

RESULT = b'"result":['
METRIC = b'{"metric":{'
NEXT = b"}," + METRIC
FIRST_POINT = b'"]|['
IN_NUMBERS = b"0123456789+-.eE,"
# So many points are cut at a time: their pieces fit into the processor's cache.
BLOCK = 20_000

_labels = Interned()


class OtherShape(ValueError):
    """The answer is not written in the way that stores write answers."""


@dataclass(frozen=True, slots=True)
class Rows:
    """The series of an answer.

    envelope  the answer without them
    names     `,{"metric":{` and the labels
    values    `,"value":` and a value, or `,"values":` and some
    """

    envelope: dict[str, Any]
    names: Sequence[bytes]
    values: Sequence[bytes]


@dataclass(frozen=True, slots=True)
class Shape:
    """How the values of a series begin and end, in an answer of a kind."""

    kind: str
    begin: bytes
    end: bytes


VECTOR = Shape("vector", b',"value":[', b'"]')
MATRIX = Shape("matrix", b',"values":[[', b'"]]')
Cut = Callable[[bytes, Shape], tuple[Sequence[bytes], Sequence[bytes]]]


def cuts(body: bytes, shape: Shape) -> Iterator[Rows]:
    """Return the series of an answer cut in the quick way, and if that is no good, well.

    Errors  OtherShape, also for an answer without series.
    """
    start, stop = body.find(RESULT + METRIC), body.rfind(shape.end + b"}]")
    if start < 0 or stop < start:
        raise OtherShape("there are no series")
    begin, end = start + len(RESULT), stop + len(shape.end)
    envelope = _read_envelope(body[:begin] + body[end + 1 :], shape.kind)
    text = b"," + body[begin:end]
    for cut in (_by_braces, _by_marks):
        names, values = cut(text, shape)
        if len(names) == len(values):
            yield Rows(envelope, names, values)


def _read_envelope(text: bytes, kind: str) -> dict[str, Any]:
    try:
        envelope: dict[str, Any] = orjson.loads(text)
        data = envelope["data"]
        if (data["resultType"], data["result"]) == (kind, []):
            return envelope
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise OtherShape("something surrounds the series") from error
    raise OtherShape(f"no {kind}")


def _by_braces(text: bytes, _shape: Shape) -> tuple[Sequence[bytes], Sequence[bytes]]:
    pieces = text.split(b"}")
    return pieces[0::2], pieces[1::2]


def _by_marks(text: bytes, shape: Shape) -> tuple[Sequence[bytes], Sequence[bytes]]:
    names, values = [], []
    for row in text.split(shape.end + NEXT):
        name, mark, rest = row.partition(b"}" + shape.begin)
        names.append(b"," + METRIC + name)
        values.append(mark[1:] + rest + shape.end)
    # The first has what the others were cut at, the last its own end.
    names[0] = names[0][len(METRIC) + 1 :]
    values[-1] = values[-1].removesuffix(shape.end)
    return names, values


def cut_vector(rows: Rows) -> tuple[tuple[LabelSet, ...], Values]:
    """Return the label sets and the values (S, 1) of one moment.

    Errors  OtherShape unless all values are of the same moment.
    """
    moment, quote, _ = rows.values[0].removeprefix(VECTOR.begin).partition(b'"')
    if moment.translate(None, b"0123456789.") != b"," or not quote:
        raise OtherShape("a series without a moment")
    return _cut_column(rows, VECTOR.begin + moment + quote, VECTOR.end)


def cut_matrix(rows: Rows, times: Times) -> tuple[tuple[LabelSet, ...], Values]:
    """Return the label sets and the values (S, T) of a stretch of time.

    Gaps    NaN where a series has no point.
    Errors  OtherShape if a point is none of the `times`.
    """
    if len(times) == 1:
        return _cut_column(rows, MATRIX.begin + b'%d,"' % times[0], MATRIX.end)
    grid = np.full((len(rows.names), len(times)), np.nan)
    marks = _Marks(times)
    for first, texts in _blocks(rows.values, len(times)):
        marks.fill(grid[first : first + len(texts)], texts)
    return _named(rows.names), grid


def _cut_column(
    rows: Rows, begin: bytes, end: bytes
) -> tuple[tuple[LabelSet, ...], Values]:
    """Cut series of one value each, between the same two marks."""
    values = np.empty((len(rows.names), 1))
    for first, texts in _blocks(rows.values, 1):
        joined = _between(b"".join(texts), begin, end).replace(end + begin, b",")
        values[first : first + len(texts), 0] = _numbers(joined, len(texts))
    return _named(rows.names), values


def _blocks(
    rows: Sequence[bytes], points: int
) -> Iterator[tuple[int, Sequence[bytes]]]:
    size = max(1, BLOCK // points)
    for first in range(0, len(rows), size):
        yield first, rows[first : first + size]


class _Marks:
    """What stands before the values of series on one clock.

    That is `],[TIME,`, and before the first value of a series `]|[TIME,`.
    """

    def __init__(self, times: Times) -> None:
        moments = times.tolist()
        firsts = [b"]|[%d," % moment for moment in moments]
        others = [b"],[%d," % moment for moment in moments]
        self._all = [firsts[0], *others[1:]]
        self._firsts = frozenset(firsts)
        self._columns = dict(chain(zip(firsts, count()), zip(others, count())))

    def fill(self, grid: Values, texts: Sequence[bytes]) -> None:
        """Write the points of some series into their rows of the grid."""
        points = _between(b"".join(texts), MATRIX.begin, MATRIX.end)
        points = points.replace(MATRIX.end + MATRIX.begin, FIRST_POINT)
        # An empty piece, then mark and value in turn.
        pieces = (FIRST_POINT + points).split(b'"')
        marks, written = pieces[1::2], pieces[2::2]
        values = _numbers(b",".join(written), len(marks))
        if len(values) == grid.size and marks == self._all * len(grid):
            grid[:] = values.reshape(grid.shape)
        else:
            self._fill_in(grid, marks, values)

    def _fill_in(
        self, grid: Values, marks: Sequence[bytes], values: NDArray[np.float64]
    ) -> None:
        """Write points one by one, where series have gaps."""
        try:
            columns = np.fromiter((self._columns[mark] for mark in marks), np.intp)
        except KeyError as error:
            raise OtherShape("a point is none of the times") from error
        is_first = np.fromiter((mark in self._firsts for mark in marks), np.bool_)
        rows = np.cumsum(is_first) - 1
        if rows[-1] + 1 != len(grid):
            raise OtherShape("a series without points")
        grid[rows, columns] = values


def _between(text: bytes, begin: bytes, end: bytes) -> bytes:
    if not (text.startswith(begin) and text.endswith(end)):
        raise OtherShape("values begin or end in another way")
    return text[len(begin) : -len(end)]


def _named(written: Sequence[bytes]) -> tuple[LabelSet, ...]:
    try:
        return _labels.find(written)
    except ValueError as error:
        raise OtherShape(str(error)) from error


def _numbers(joined: bytes, number: int) -> NDArray[np.float64]:
    """Return numbers that are written with commas between them.

    `NaN`, `+Inf` and `-Inf` are numbers too.
    """
    try:
        if joined.translate(None, IN_NUMBERS):
            numbers: Any = list(map(float, joined.split(b",")))
        else:
            numbers = orjson.loads(b"[" + joined + b"]")
        if len(numbers) != number:
            raise OtherShape("a value is no number")
        return np.fromiter(numbers, np.float64, number)
    except ValueError as error:
        raise OtherShape("a value is no number") from error
