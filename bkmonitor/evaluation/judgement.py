"""What a strategy's detectors and triggers make of its series."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bkmonitor.detection.port import Findings, Reason, View
from bkmonitor.evaluation.forgetting import Gaps, find_gaps
from bkmonitor.evaluation.levels import (
    ANOMALOUS,
    GAP,
    HOLDS,
    NORMAL_POINT,
    OVER,
    Marks,
    States,
    Trigger,
    judge_level,
    stack_levels,
)
from bkmonitor.evaluation.verdict import Told
from bkmonitor.lib.frame import Mask, Severities, Values
from bkmonitor.lib.labels import Labels, fingerprint, fingerprints
from bkmonitor.lib.sentence import Sentence
from bkmonitor.strategies.definition import ALL, Definition, Level


@dataclass(frozen=True, slots=True)
class LevelMarks:
    """What the detectors of one level say of each point of its own series.

    rows      (S,) int: which series of the judgement each row is
    place     the other way round: the row of each series, -1 for one it lacks
    marks     (S, P) int8: ANOMALOUS, NORMAL_POINT or GAP
    unjudged  (S, P) int8: a `Reason` where the detectors could not judge
    """

    level: Level
    view: View
    rows: NDArray[np.int64]
    place: NDArray[np.int64]
    marks: Marks
    unjudged: Marks
    findings: tuple[Findings, ...]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was found, and what can be told of it.

    labels  S label sets, without the metric's name
    states  (S, K, 3) int8: FIRES, OVER or HOLDS, the worst severity first
    marked  per level, the worst first
    """

    definition: Definition
    labels: Sequence[Labels]
    states: States
    marked: Sequence[LevelMarks]

    def tell(self, row: int, moment: int, severity: int) -> Told:
        """Return the value and the reason of a series at one of the K moments.

        For a problem: the newest anomaly of its severity, or of a worse one, in the
        window. Else the newest value there is.
        """
        for own in reversed(self.marked) if severity else ():
            if own.level.severity <= severity and (told := self._why(own, row, moment)):
                return told
        return Told(self._newest(row, moment), None)

    def tally(self, moments: int) -> Counter[str]:
        """Return how many of the newest points are normal, anomalous or not judged.

        The keys are normal, anomalous, and for each reason that a point was not
        judged its name in lower case.
        """
        shape = (len(self.labels), moments)
        marks = np.zeros(shape, dtype=np.int8)
        reasons = np.zeros(shape, dtype=np.int8)
        for own in self.marked:
            newest, why = own.marks[:, -moments:], own.unjudged[:, -moments:]
            marks[own.rows] = np.maximum(marks[own.rows], newest)
            reasons[own.rows] = np.maximum(reasons[own.rows], why)
        codes = np.where(marks == ANOMALOUS, -1, reasons)
        found, counts = np.unique(codes, return_counts=True)
        pairs = zip(found.tolist(), counts.tolist(), strict=True)
        return Counter({_counted(code): count for code, count in pairs})

    def values(self, moments: int) -> Values:
        """Return the newest values of each series, of the worst level that has them."""
        found = np.full((len(self.labels), moments), np.nan)
        for own in reversed(self.marked):
            values = own.view.values[:, -moments:]
            found[own.rows] = np.where(np.isnan(values), found[own.rows], values)
        return found

    def present(self) -> dict[str, Labels]:
        """Return the series of which one of the newest points is there, by fingerprint.

        The newest are as many as may come late. Only levels count whose expression
        drops no series by itself: where it does, being absent says nothing of the data.
        """
        newest = 1 + self.definition.late_periods
        there = np.zeros(len(self.labels), dtype=np.bool_)
        for own in self.marked:
            if not own.level.filters:
                points = own.view.values[:, -newest:]
                there[own.rows] |= ~np.isnan(points).all(axis=1)
        rows = (int(row) for row in np.flatnonzero(there))
        return {fingerprint(self.labels[row]): self.labels[row] for row in rows}

    def gaps(self, rows: NDArray[np.int64], moments: int) -> Gaps:
        """Return since when these series have no sample at each of the newest moments.

        A series has one where an expression of any level returns it.
        """
        width = min(own.marks.shape[1] for own in self.marked)
        there = np.zeros((len(rows), width), dtype=np.bool_)
        for own in self.marked:
            places = own.place[rows]
            known = places >= 0
            there[known] |= ~np.isnan(own.view.values[places[known], -width:])
        return find_gaps(there, self.marked[0].view.times[-width:])[:, -moments:]

    def points(self) -> Severities:
        """Return what each judged point of each series is found to be by itself.

        Shapes  (S, P) int8, P as many points as every level has: 1..3 the worst
                severity that finds it anomalous, 0 normal, -1 not judged, by any.
        """
        width = min(own.marks.shape[1] for own in self.marked)
        found = np.full((len(self.labels), width), GAP, dtype=np.int8)
        for own in reversed(self.marked):
            marks, before = own.marks[:, -width:], found[own.rows]
            hit = np.where(marks == ANOMALOUS, own.level.severity, marks)
            better = np.where((marks == GAP) | (hit == 0), np.maximum(before, hit), hit)
            found[own.rows] = better
        return found

    def _why(self, own: LevelMarks, row: int, moment: int) -> Told | None:
        at = int(own.place[row])
        if at < 0:
            return None
        points = own.marks.shape[1]
        end = points - self.states.shape[1] + moment + 1
        window = own.marks[at, max(0, end - own.level.window) : end]
        anomalies = np.flatnonzero(window == ANOMALOUS)
        if not len(anomalies):
            return None
        column = end - len(window) + int(anomalies[-1])
        value = float(own.view.values[at, column])
        return Told(value, _sentence(own, at, column, value, self.definition.unit))

    def _newest(self, row: int, moment: int) -> float:
        for own in self.marked:
            at = int(own.place[row])
            if at >= 0:
                end = own.marks.shape[1] - self.states.shape[1] + moment + 1
                values = own.view.values[at, :end]
                there = np.flatnonzero(~np.isnan(values))
                if len(there):
                    return float(values[there[-1]])
        return float("nan")


def judge(definition: Definition, views: Mapping[str, View], moments: int) -> Judgement:
    """Judge the last `moments` points of every series of a strategy.

    Pure: the same views give the same judgement. A point counts for the level that
    finds it anomalous and for those less severe; each level has its own trigger.

    Shapes  views: one for each expression of the definition, with at least
            `moments` judged points.
    """
    labels, rows = _union([views[level.expression] for level in definition.levels])
    marked: list[LevelMarks] = []
    states: dict[int, States] = {}
    worse: Mask | None = None
    for level, own_rows in sorted(
        zip(definition.levels, rows, strict=True), key=lambda pair: pair[0].severity
    ):
        own = _mark(level, views[level.expression], own_rows, len(labels))
        whole = _spread(own, len(labels), level.filters)
        if worse is not None:
            width = min(worse.shape[1], whole.shape[1])
            whole[:, -width:][worse[:, -width:]] = ANOMALOUS
        worse = whole == ANOMALOUS
        states[level.severity] = judge_level(
            whole,
            Trigger(level.count, level.window, level.recovery),
            moments,
            still_bad=_still_bad(own, whole),
        )
        marked.append(own)
    return Judgement(definition, labels, stack_levels(states), marked)


def absent_states(definition: Definition) -> tuple[int, ...]:
    """Return the state, for each severity, of a series that no expression returns.

    It is the one that it would have if it were among the others and had no points.
    """
    states = {
        level.severity: np.full((1, 1), OVER if level.filters else HOLDS, dtype=np.int8)
        for level in definition.levels
    }
    return tuple(stack_levels(states)[0, 0].tolist())


def _mark(level: Level, view: View, rows: NDArray[np.int64], series: int) -> LevelMarks:
    findings = tuple(detector.judge(view) for detector in level.detectors)
    unjudged = [found.unjudged != Reason.JUDGED for found in findings]
    anomalous = [found.anomalous for found in findings]
    if level.match == ALL:
        bad = np.logical_and.reduce(anomalous)
        normal = np.logical_or.reduce(
            [
                ~hit & ~not_judged
                for hit, not_judged in zip(anomalous, unjudged, strict=True)
            ]
        )
    else:
        bad = np.logical_or.reduce(anomalous)
        normal = ~bad & ~np.logical_or.reduce(unjudged)
    marks = np.where(bad, ANOMALOUS, np.where(normal, NORMAL_POINT, GAP)).astype(
        np.int8
    )
    if level.filters:
        # What such an expression does not return is normal.
        marks[np.isnan(view.values)] = NORMAL_POINT
    reasons = np.maximum.reduce([found.unjudged for found in findings])
    place = np.full(series, -1, dtype=np.int64)
    place[rows] = np.arange(len(rows))
    why = np.where(marks == GAP, reasons, 0).astype(np.int8)
    return LevelMarks(level, view, rows, place, marks, why, findings)


def _spread(own: LevelMarks, series: int, filters: bool) -> Marks:
    """Return the marks of all series of the judgement; those not the level's own too."""
    fill = NORMAL_POINT if filters else GAP
    if len(own.rows) == series:
        whole = np.empty_like(own.marks)
    else:
        whole = np.full((series, own.marks.shape[1]), fill, dtype=np.int8)
    whole[own.rows] = own.marks
    return whole


def _still_bad(own: LevelMarks, marks: Marks) -> Mask | None:
    """Return where a point is not yet what the recovery condition asks for.

    Where being there is all that makes a problem, being away is what ends it. A
    point that is not there fulfils nothing, unless the expression left it out.
    """
    condition = own.level.over_when
    if condition is None:
        return marks == ANOMALOUS if own.level.only_present else None
    found = condition.judge(own.view)
    whole = np.full(marks.shape, not own.level.filters)
    left_out = own.level.filters & (found.unjudged != Reason.JUDGED)
    whole[own.rows] = ~found.anomalous & ~left_out
    return whole


def _union(views: Sequence[View]) -> tuple[Sequence[Labels], list[NDArray[np.int64]]]:
    """Return all series of the views, and which of them each view's rows are."""
    if all(view is views[0] for view in views):
        rows = np.arange(len(views[0].labels), dtype=np.int64)
        return views[0].labels, [rows] * len(views)
    labels: dict[str, Labels] = {}
    keys = [fingerprints(view.labels) for view in views]
    for view, own in zip(views, keys, strict=True):
        labels |= {
            key: one
            for key, one in zip(own, view.labels, strict=True)
            if key not in labels
        }
    place = {key: at for at, key in enumerate(labels)}
    return (
        tuple(labels.values()),
        [np.array([place[key] for key in own], dtype=np.int64) for own in keys],
    )


def _sentence(
    own: LevelMarks, row: int, column: int, value: float, unit: str
) -> Sentence:
    told = []
    for detector, found in zip(own.level.detectors, own.findings, strict=True):
        if found.anomalous[row, column]:
            shape = found.anomalous.shape
            facts = {
                name: float(np.broadcast_to(fact, shape)[row, column])
                for name, fact in found.facts.items()
            }
            told.append(detector.explain(facts | {"value": value}))
    if unit:
        told = [Sentence(one.id, {**one.params, "unit": unit}) for one in told]
    if len(told) == 1:
        return told[0]
    parts = [{"id": one.id, "params": dict(one.params)} for one in told]
    return Sentence("all_of", {"sentences": parts})


def _counted(code: int) -> str:
    if code < 0:
        return "anomalous"
    return Reason(code).name.lower() if code else "normal"
