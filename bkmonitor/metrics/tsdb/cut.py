"""Answers of Prometheus' query API cut apart by their bytes, not read as JSON.

Reading JSON makes a dictionary for each series and two objects for each point, which
takes longer than the store takes to answer. What stores write always has the same
shape, so that the texts between known marks can be used as they are.

That is safe: each mark holds quotes, which within a JSON text are written with a
backslash before them, so that no label can contain one. An answer of another shape
(blanks, another order, escapes in a number) is not cut, and is read as JSON.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from bkmonitor.lib.frame import Times, Values
from bkmonitor.lib.labels import LabelSet
from bkmonitor.metrics.tsdb.interning import Interned

RESULT = b'"result":['
FIRST = RESULT + b'{"metric":{'
NEXT = b',{"metric":{'
VALUE_END = b'"]}'
VALUES_END = b'"]]}'
VECTOR_MARK = re.compile(rb'\},"value":\[[0-9.]+,"')
POINT = b'"],['
IN_NUMBERS = b"0123456789+-.eE,"
# So many points are cut at a time: their pieces fit into the processor's cache.
BLOCK = 20_000

_labels = Interned()


class OtherShape(ValueError):
    """The answer is not written in the way that stores write answers."""


@dataclass(frozen=True, slots=True)
class Rows:
    """The series of an answer, each as the bytes after its first label's quote.

    envelope  the answer without its series
    rows      labels, then the mark between labels and values, then values
    """

    envelope: dict[str, Any]
    rows: list[bytes]


def cut_rows(body: bytes, kind: str, end: bytes) -> Rows:
    """Return the series of an answer apart; `end` is what each of them ends with.

    Errors  OtherShape, also for an answer without series.
    """
    start, stop = body.find(FIRST), body.rfind(end + b"]")
    if start < 0 or stop < start:
        raise OtherShape("there are no series")
    try:
        envelope = orjson.loads(body[: start + len(RESULT)] + body[stop + len(end) :])
        data = envelope["data"]
        if (data["resultType"], data["result"]) != (kind, []):
            raise OtherShape(f"no {kind}")
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise OtherShape("something surrounds the series") from error
    return Rows(envelope, body[start + len(FIRST) : stop].split(end + NEXT))


def cut_vector(rows: Sequence[bytes]) -> tuple[tuple[LabelSet, ...], Values]:
    """Return the label sets and the values (S, 1) of one moment.

    Errors  OtherShape unless all values are of the same moment.
    """
    mark = VECTOR_MARK.search(rows[0])
    if not mark:
        raise OtherShape("a series without a value")
    return _cut_column(rows, mark[0])


def cut_matrix(
    rows: Sequence[bytes], times: Times
) -> tuple[tuple[LabelSet, ...], Values]:
    """Return the label sets and the values (S, T) of a stretch of time.

    Gaps    NaN where a series has no point.
    Errors  OtherShape if a point is none of the `times`.
    """
    if len(times) == 1:
        return _cut_column(rows, b'},"values":[[%d,"' % times[0])
    grid = np.full((len(rows), len(times)), np.nan)
    named: list[bytes] = []
    marks = _Marks(times)
    for first, block in _blocks(rows, len(times)):
        cut = [row.partition(b'},"values":[[') for row in block]
        named += [piece[0] for piece in cut]
        marks.fill(grid[first : first + len(block)], [piece[2] for piece in cut])
    return _named(named), grid


def _cut_column(
    rows: Sequence[bytes], mark: bytes
) -> tuple[tuple[LabelSet, ...], Values]:
    """Cut series of one point each, with the same mark before it."""
    values = np.empty((len(rows), 1))
    named: list[bytes] = []
    for first, block in _blocks(rows, 1):
        cut = [row.partition(mark) for row in block]
        named += [piece[0] for piece in cut]
        values[first : first + len(block), 0] = _numbers([piece[2] for piece in cut])
    return _named(named), values


def _blocks(
    rows: Sequence[bytes], points: int
) -> Iterator[tuple[int, Sequence[bytes]]]:
    size = max(1, BLOCK // points)
    for first in range(0, len(rows), size):
        yield first, rows[first : first + size]


class _Marks:
    """What stands between the values of series on one clock: `],[TIME,`."""

    def __init__(self, times: Times) -> None:
        self._all = [b"],[%d," % time for time in times.tolist()]
        self._columns = {mark: column for column, mark in enumerate(self._all)}

    def fill(self, grid: Values, texts: Sequence[bytes]) -> None:
        """Write the points of some series into their rows of the grid."""
        pieces = (POINT + POINT.join(texts)).split(b'"')
        # An empty piece, then mark and value in turn.
        marks, values = pieces[1::2], _numbers(pieces[2::2])
        counts = [text.count(POINT) + 1 for text in texts]
        if len(marks) != len(values) or sum(counts) != len(values):
            raise OtherShape("a value is no text")
        if all(count == len(self._all) for count in counts) and marks == list(
            chain.from_iterable(repeat(self._all, len(texts)))
        ):
            grid[:] = values.reshape(grid.shape)
            return
        try:
            columns = np.fromiter((self._columns[mark] for mark in marks), np.intp)
        except KeyError as error:
            raise OtherShape("a point is none of the times") from error
        grid[np.repeat(np.arange(len(texts)), counts), columns] = values


def _named(written: Sequence[bytes]) -> tuple[LabelSet, ...]:
    try:
        return _labels.find(written)
    except ValueError as error:
        raise OtherShape(str(error)) from error


def _numbers(texts: Sequence[bytes]) -> NDArray[np.float64]:
    """Return numbers as texts say them; `NaN`, `+Inf` and `-Inf` are numbers too."""
    joined = b",".join(texts)
    try:
        if joined.translate(None, IN_NUMBERS):
            return np.fromiter(map(float, texts), np.float64, len(texts))
        numbers = orjson.loads(b"[" + joined + b"]")
        if len(numbers) != len(texts):
            raise OtherShape("a value is no number")
        return np.fromiter(numbers, np.float64, len(texts))
    except ValueError as error:
        raise OtherShape("a value is no number") from error
