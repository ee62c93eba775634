"""Which points an evaluation needs, and how they come together from the answers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bkmonitor.detection.port import Lookback, View
from bkmonitor.lib.errors import NotJudged
from bkmonitor.lib.frame import Frame
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
    """

    expression: str
    step_s: int
    last: int
    points: int
    stretches: tuple[tuple[int, int], ...]

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
    return Need(expression, step_s, last, points, _stretches(points, lookbacks))


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

    The rows are the series that have a judged point; the rest is only their past.

    Errors  NotJudged with the reason when an answer is not complete, or when series
            cannot be told apart.
    """
    frames = [_complete(answers[question]) for question in need.questions(space)]
    judged_from = need.last - (need.points - 1) * need.step_s
    recent = _present(frames[0], judged_from)
    labels = identities(recent)
    times = np.arange(judged_from, need.last + 1, need.step_s, dtype=np.int64)
    if len(frames) == 1:
        return View(times, labels, need.step_s, recent.times, recent.values)
    rows = {key: row for row, key in enumerate(fingerprints(labels))}
    past = [_aligned(frame, rows) for frame in reversed(frames[1:])]
    grid = np.concatenate(
        [*(frame.times for frame in reversed(frames[1:])), recent.times]
    )
    known = np.concatenate([*past, recent.values], axis=1)
    return View(times, labels, need.step_s, grid, known)


def _complete(result: Result) -> Frame:
    if result.outcome != "complete" or result.frame is None:
        raise NotJudged(result.reason or f"the answer was {result.outcome}")
    return result.frame


def _present(frame: Frame, since: int) -> Frame:
    """Keep the series that have a point since then."""
    recent = frame.values[:, np.searchsorted(frame.times, since) :]
    there = ~np.isnan(recent).all(axis=1)
    if there.all():
        return frame
    kept = np.flatnonzero(there)
    labels = tuple(frame.labels[row] for row in kept)
    return Frame(frame.times, frame.values[kept], labels)


def _aligned(
    frame: Frame, rows: Mapping[str, int]
) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Return the frame's values in the order of `rows`, NaN for a series it lacks."""
    values = np.full((len(rows), len(frame.times)), np.nan)
    keys = fingerprints(identities(frame))
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
