"""Stretches of time, and what is left of them when they are laid over each other."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple


class Span(NamedTuple):
    """From a moment to another one, which is not in it; both aware."""

    start: datetime
    end: datetime


def union(spans: Iterable[Span]) -> list[Span]:
    """Return the moments that are in any of the spans: in order, apart, none empty."""
    found: list[Span] = []
    for span in sorted(span for span in spans if span.start < span.end):
        if found and span.start <= found[-1].end:
            found[-1] = Span(found[-1].start, max(found[-1].end, span.end))
        else:
            found.append(span)
    return found


def intersection(one: Iterable[Span], other: Iterable[Span]) -> list[Span]:
    """Return the moments that are in both."""
    ones, others = union(one), union(other)
    found, at = [], 0
    for span in ones:
        while at < len(others) and others[at].end <= span.start:
            at += 1
        for beside in others[at:]:
            if beside.start >= span.end:
                break
            found.append(Span(max(span.start, beside.start), min(span.end, beside.end)))
    return found


def difference(spans: Iterable[Span], without: Iterable[Span]) -> list[Span]:
    """Return the moments that are in `spans` and not in `without`."""
    found = []
    gaps = union(without)
    for span in union(spans):
        start = span.start
        for gap in intersection(gaps, [span]):
            found.append(Span(start, gap.start))
            start = gap.end
        found.append(Span(start, span.end))
    return union(found)
