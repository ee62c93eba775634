"""Long ranges asked for piece by piece, and joined to one answer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from bkmonitor.lib.frame import Frame
from bkmonitor.lib.labels import Labels, LabelSet
from bkmonitor.metrics.tsdb.port import Result

# What Prometheus and its like give at once.
MOST_POINTS = 11_000
MOST_PIECES = 64
# A frame is dense: series that live shortly each cost a whole row. 200 MB.
MOST_CELLS = 25_000_000


class TooMuch(Exception):
    """The store has more to say than it may at once; of less time it might tell."""


@dataclass(frozen=True, slots=True)
class Span:
    """The points first, first + step_s ... last, in Unix seconds."""

    first: int
    last: int
    step_s: int

    def __len__(self) -> int:
        return (self.last - self.first) // self.step_s + 1

    def parts(self, size: int) -> list["Span"]:
        """Return spans of at most `size` points that make up this one, in order."""
        stride = size * self.step_s
        return [
            Span(first, min(first + stride - self.step_s, self.last), self.step_s)
            for first in range(self.first, self.last + 1, stride)
        ]


def ask_in_pieces(
    ask: Callable[[Span], Result], span: Span, *, splittable: bool
) -> Result:
    """Return the answer to a span, asked for in as few pieces as the store lets us.

    Never a part of it: where one piece is not complete, neither is the whole. Each
    point must be the same in whatever span it is asked for, or `splittable` false.

    Errors  those of `ask` but for TooMuch, after which smaller pieces are asked for;
            a failed result when that takes too many of them, or too much memory.
    """
    if len(span) > MOST_POINTS * (MOST_PIECES if splittable else 1):
        return too_many(f"{len(span)} points")
    waiting, frames = span.parts(MOST_POINTS), []
    for asked in range(1, MOST_PIECES + 1):
        piece = waiting.pop(0)
        try:
            result = ask(piece)
        except TooMuch as error:
            waiting = _smaller([piece, *waiting])
            if not splittable or len(piece) == 1 or asked + len(waiting) > MOST_PIECES:
                return Result("failed", None, str(error))
            continue
        if result.outcome != "complete" or result.frame is None:
            return result if piece == span else Result("failed", None, result.reason)
        frames.append(result.frame)
        if not waiting or sum(frame.values.size for frame in frames) > MOST_CELLS:
            break
    return _joined(frames)


def _smaller(pieces: Sequence[Span]) -> list[Span]:
    """Cut pieces so that none is more than half of the first."""
    size = (len(pieces[0]) + 1) // 2
    return [part for piece in pieces for part in piece.parts(size)]


def too_many(what: str) -> Result:
    """Return that a question goes beyond what is answered at once."""
    return Result("failed", None, f"{what} are too many at once; ask for less")


def _joined(frames: Sequence[Frame]) -> Result:
    """Join frames of one stretch of time after the other; NaN where a series is not."""
    if len(frames) == 1:
        return Result("complete", frames[0])
    rows: dict[LabelSet, int] = {}
    places = [
        [rows.setdefault(_hashable(labels), len(rows)) for labels in frame.labels]
        for frame in frames
    ]
    times = np.concatenate([frame.times for frame in frames])
    if len(rows) * len(times) > MOST_CELLS:
        return too_many(f"{len(rows)} series of {len(times)} points")
    values = np.full((len(rows), len(times)), np.nan)
    begin = 0
    for frame, place in zip(frames, places, strict=True):
        end = begin + len(frame.times)
        values[place, begin:end] = frame.values
        begin = end
    return Result("complete", Frame(times, values, tuple(rows)))


def _hashable(labels: Labels) -> LabelSet:
    return labels if isinstance(labels, LabelSet) else LabelSet(labels)
