"""Which points an evaluation needs, and how they come together from the answers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bkmonitor.detection.port import Lookback, View
from bkmonitor.lib.errors import NotJudged
from bkmonitor.lib.frame import Frame, Mask, Values
from bkmonitor.lib.labels import Labels, fingerprints, identities_of
from bkmonitor.metrics.answers import Question
from bkmonitor.metrics.query import Result
from bkmonitor.strategies.definition import Definition, Level

# Stretches nearer than this are asked for as one: a query costs more than a point.
NEAR = 10

Answers = Mapping[Question, Result]


@dataclass(frozen=True, slots=True)
class Need:
    """What one expression is asked for, up to and with the tick `last`.

    points    how many points are judged, one a step
    stretches the steps before `last` that are needed, as (nearest, farthest); the
              first holds the judged points
    gone      whether series without a judged point are needed as well
    """

    expression: str
    step_s: int
    last: int
    points: int
    stretches: tuple[tuple[int, int], ...]
    gone: bool

    def questions(self, space: str) -> list[Question]:
        """Return a question for each stretch."""
        return [
            Question(
                space,
                self.expression,
                self.last - farthest * self.step_s,
                self.last - nearest * self.step_s,
                self.step_s,
            )
            for nearest, farthest in self.stretches
        ]


def needs(definition: Definition, last: int, moments: int) -> list[Need]:
    """Return what must be known to judge the `moments` ticks up to `last`.

    Levels with the same expression share a need: its history is fetched once.
    """
    # As many for all: a point counts for the levels below its own, too.
    points = (
        moments + max(level.window + level.recovery for level in definition.levels) - 2
    )
    by_expression: dict[str, list[Level]] = {}
    for level in definition.levels:
        by_expression.setdefault(level.expression, []).append(level)
    return [
        _need(expression, levels, definition.interval_s, last, points)
        for expression, levels in by_expression.items()
    ]


def _need(
    expression: str, levels: Sequence[Level], step_s: int, last: int, points: int
) -> Need:
    lookbacks = {
        lookback
        for level in levels
        for detector in level.detectors
        for lookback in detector.lookbacks(step_s)
    }
    gone = any(lookback.gone for lookback in lookbacks)
    return Need(expression, step_s, last, points, _stretches(points, lookbacks), gone)


def _stretches(
    points: int, lookbacks: Iterable[Lookback]
) -> tuple[tuple[int, int], ...]:
    wanted = sorted(
        [(0, points - 1)]
        + [(back.nearest, back.farthest + points - 1) for back in lookbacks]
    )
    merged = [wanted[0]]
    for nearest, farthest in wanted[1:]:
        if nearest <= merged[-1][1] + NEAR:
            merged[-1] = (merged[-1][0], max(merged[-1][1], farthest))
        else:
            merged.append((nearest, farthest))
    return tuple(merged)


def view_of(need: Need, space: str, answers: Answers) -> View:
    """Put the answers to a need together: judged points, and what came before them.

    The rows are the series that have a judged point; the rest is only their past, and
    that of those which are gone if the need is of them, too.

    Errors  NotJudged with the reason when an answer is not complete, or when series
            cannot be told apart.
    """
    frames = [_complete(answers[question]) for question in need.questions(space)]
    judged_from = need.last - (need.points - 1) * need.step_s
    recent, gone = _parted(frames[0], judged_from)
    labels = identities(recent)
    times = np.arange(judged_from, need.last + 1, need.step_s, dtype=np.int64)
    grid = np.concatenate([frame.times for frame in reversed(frames)])
    known = recent.values
    if len(frames) > 1:
        rows = {key: row for row, key in enumerate(fingerprints(labels))}
        past = [_aligned(frame, identities(frame), rows) for frame in frames[:0:-1]]
        known = np.concatenate([*past, known], axis=1)
    view = View(times, labels, need.step_s, grid, known)
    return _with_gone(view, [gone, *frames[1:]]) if need.gone else view


def _complete(result: Result) -> Frame:
    if result.outcome != "complete" or result.frame is None:
        raise NotJudged(result.reason or f"the answer was {result.outcome}")
    return result.frame


def _parted(frame: Frame, since: int) -> tuple[Frame, Frame]:
    """Part the series that have a point since then from the others."""
    recent = frame.values[:, np.searchsorted(frame.times, since) :]
    gone = np.asarray(np.isnan(recent).all(axis=1))
    if not gone.any():
        return frame, Frame(frame.times, frame.values[:0], ())
    return _rows_of(frame, ~gone), _rows_of(frame, gone)


def _rows_of(frame: Frame, wanted: Mask) -> Frame:
    rows = np.flatnonzero(wanted)
    labels = tuple(frame.labels[row] for row in rows)
    return Frame(frame.times, frame.values[rows], labels)


def _with_gone(view: View, frames: Sequence[Frame]) -> View:
    """Return the view with the series of these frames that are none of its rows."""
    found = [identities_of(frame.labels) for frame in frames]
    if not any(found):
        return view
    own = {*fingerprints(view.labels)}
    labels = {
        key: one
        for some in found
        for key, one in zip(fingerprints(some), some, strict=True)
        if key not in own
    }
    rows = {key: row for row, key in enumerate(labels)}
    pairs = list(zip(frames, found, strict=True))
    known = [_aligned(frame, some, rows) for frame, some in reversed(pairs)]
    gone = replace(
        view, labels=tuple(labels.values()), known=np.concatenate(known, axis=1)
    )
    return replace(view, gone=gone)


def _aligned(frame: Frame, labels: Sequence[Labels], rows: Mapping[str, int]) -> Values:
    """Return the frame's values in the order of `rows`, NaN for a series it lacks."""
    values = np.full((len(rows), len(frame.times)), np.nan)
    keys = fingerprints(labels)
    places = np.fromiter((rows.get(key, -1) for key in keys), np.intp, len(keys))
    values[places[places >= 0]] = frame.values[places >= 0]
    return values


def identities(frame: Frame) -> tuple[Labels, ...]:
    """Return the identity of each series; NotJudged if two are the same."""
    stripped = identities_of(frame.labels)
    if len({*fingerprints(stripped)}) < len(stripped):
        raise NotJudged(
            "several series have the same labels once the metric name is taken away; "
            "select one metric or aggregate"
        )
    return stripped
