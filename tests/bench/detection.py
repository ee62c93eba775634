"""Detectors over whole views against a loop over points, of the same formula.

    python -m tests.bench.detection [PAIRS]

The loop is what a service does that judges point by point: a detector has parameters
and is asked about each point, with its series and time; history is looked up by both,
in a dict, which is in its favour. It says the same of every point: normal, anomalous,
or why it was not judged; that is made sure of first. An anomaly gets its explanation at
once. Ours keeps what explanations need as arrays, and a sentence is made when somebody
reads one; the last number is the ratio if all sentences are made at once all the same.

20000 points, at 1 % and at 100 % anomalous, as the newest point of 20000 series and as
1000 points of 20; in turn, A B B A.
"""

import sys
from math import isfinite
from statistics import median
from time import process_time

import numpy as np

from bkmonitor.detection.conditions import OPERATORS
from bkmonitor.detection.port import Detector, Findings, Reason, View
from bkmonitor.detection.registry import parse_detector
from bkmonitor.lib.sentence import Sentence
from tests.bench.ratios import Measure, compare

STEP_S = 60
END = 1_767_614_400
GOALS = {0.01: 100, 1.0: 50}

DAY_S = 86_400
NORMAL, ANOMALOUS, GAP, NO_HISTORY = range(4)

History = dict[tuple[int, int], float]
Point = tuple[int, int, float]
# What is said of a point, and if it is an anomaly, why.
Answer = tuple[int, dict[str, object] | None]


class LoopThreshold:
    """Any of several groups of limits, for one point."""

    def __init__(self, any_of: list[list[tuple[str, float]]]) -> None:
        self.any_of = [
            [(OPERATORS[sign], sign, limit) for sign, limit in group]
            for group in any_of
        ]

    def judge(
        self, _series: int, _time: int, value: float, _history: History
    ) -> Answer:
        """Say what one point is."""
        if value != value:
            return GAP, None
        for group in self.any_of:
            if all(compare(value, limit) for compare, _sign, limit in group):
                limits = [
                    {"operator": sign, "limit": limit}
                    for _compare, sign, limit in group
                ]
                return ANOMALOUS, {"value": value, "limits": limits}
        return NORMAL, None


class LoopChange:
    """A fall or a rise by so many percent from what was, for one point."""

    def __init__(self, fall_percent: float | None, rise_percent: float | None) -> None:
        self.fall_percent = fall_percent
        self.rise_percent = rise_percent

    def past(self, series: int, time: int, history: History) -> float | None:
        """Return what the value is held against."""
        return history.get((series, time - STEP_S))

    def judge(self, series: int, time: int, value: float, history: History) -> Answer:
        """Say what one point is."""
        if value != value:
            return GAP, None
        past = self.past(series, time, history)
        if past is None or not isfinite(past):
            return NO_HISTORY, None
        if value == past:
            return NORMAL, None
        limit = self.fall_percent
        fell = limit is not None and value <= past - abs(past) * limit / 100
        if not fell:
            limit = self.rise_percent
            if limit is None or value < past + abs(past) * limit / 100:
                return NORMAL, None
        percent = abs((value - past) / past * 100) if past else None
        return ANOMALOUS, {
            "value": value,
            "reference": past,
            "percent": percent,
            "direction": "down" if fell else "up",
            "limit": limit,
        }


class LoopDays(LoopChange):
    """The same against the mean of the same time on seven days."""

    def past(self, series: int, time: int, history: History) -> float | None:
        """Return the mean of the days that are known."""
        known = [
            point
            for day in range(1, 8)
            if (point := history.get((series, time - day * DAY_S))) is not None
            and isfinite(point)
        ]
        return sum(known) / len(known) if known else None


Loop = LoopThreshold | LoopChange

PLAIN = [[(">", 90.0)], [("<", 5.0), (">=", 0.0)]]
LIMITS = [
    [{"operator": sign, "value": limit} for sign, limit in group] for group in PLAIN
]
BOTH = {"fall_percent": 30.0, "rise_percent": 30.0}
CASES: list[tuple[Detector, Loop]] = [
    (parse_detector({"kind": "threshold", "any_of": LIMITS}), LoopThreshold(PLAIN)),
    (parse_detector({"kind": "ring_ratio", **BOTH}), LoopChange(30.0, 30.0)),
    (
        parse_detector(
            {"kind": "year_round_advanced", "fall_over": 7, "rise_over": 7, **BOTH}
        ),
        LoopDays(30.0, 30.0),
    ),
]


def make_view(detector: Detector, series: int, moments: int, share: float) -> View:
    """Return a view of which a share of the points to judge is anomalous.

    A value is about 95 where it is to be an anomaly, else about 50, as all before it.
    """
    times = END + np.arange(moments, dtype=np.int64) * STEP_S
    before = {
        time - back * STEP_S
        for span in detector.lookbacks(STEP_S)
        for back in range(span.nearest, span.farthest + 1)
        for time in times.tolist()
    }
    grid = np.array(sorted(before | {*times.tolist()}), dtype=np.int64)
    thrown = np.random.default_rng(1)
    beyond = thrown.random((series, moments)) < share
    if detector.kind == "ring_ratio" and moments > 1:
        # To be far from the point before, every second one; a peak counts twice.
        beyond &= (np.arange(moments) % 2 == 0) | (share < 1)
    known = thrown.normal(50, 1, (series, len(grid)))
    known[:, np.searchsorted(grid, times)] += np.where(beyond, 45.0, 0.0)
    if share < 1:
        known[thrown.random(known.shape) < 0.01] = np.nan
    labels = tuple({"host": str(row)} for row in range(series))
    return View(times, labels, STEP_S, grid, known)


def measure_ours(detector: Detector, view: View) -> Measure:
    """Return what measures judging the view, the facts of explanations included."""

    def measure() -> tuple[float, float]:
        start = process_time()
        # As long as the loop takes for its one time, about.
        for _time in range(50):
            detector.judge(view)
        spent = (process_time() - start) / 50
        return view.values.size / spent, spent

    return measure


def measure_all_told(detector: Detector, view: View) -> Measure:
    """Return what measures judging the view and telling of every anomaly."""

    def measure() -> tuple[float, float]:
        start = process_time()
        tell_all(detector, view, detector.judge(view))
        spent = process_time() - start
        return view.values.size / spent, spent

    return measure


def tell_all(detector: Detector, view: View, found: Findings) -> list[Sentence]:
    """Return the sentences of all anomalies, made one by one."""
    hits = found.anomalous
    columns = {
        name: np.broadcast_to(fact, hits.shape)[hits].tolist()
        for name, fact in {"value": view.values, **found.facts}.items()
    }
    rows = zip(*columns.values(), strict=True)
    return [detector.explain(dict(zip(columns, row, strict=True))) for row in rows]


def measure_loop(loop: Loop, points: list[Point], history: History) -> Measure:
    """Return what measures the loop over the points."""

    def measure() -> tuple[float, float]:
        start = process_time()
        run_loop(loop, points, history)
        spent = process_time() - start
        return len(points) / spent, spent

    return measure


def run_loop(loop: Loop, points: list[Point], history: History) -> list[Answer]:
    """Return what the loop says of every point."""
    return [loop.judge(series, time, value, history) for series, time, value in points]


def points_of(view: View) -> tuple[list[Point], History]:
    """Return the points to judge, one after the other, and all by series and time."""
    history = {
        (series, time): value
        for series, row in enumerate(view.known.tolist())
        for time, value in zip(view.grid.tolist(), row, strict=True)
    }
    times, series = view.times.tolist(), range(len(view.labels))
    return [
        (row, time, history[row, time]) for row in series for time in times
    ], history


def check_same(found: Findings, answers: list[Answer]) -> None:
    """Stop unless both say the same of every point."""
    reasons = {Reason.JUDGED: NORMAL, Reason.GAP: GAP, Reason.NO_HISTORY: NO_HISTORY}
    ours = [
        ANOMALOUS if hit else reasons[Reason(reason)]
        for hit, reason in zip(
            found.anomalous.ravel().tolist(),
            found.unjudged.ravel().tolist(),
            strict=True,
        )
    ]
    if ours != [answer for answer, _why in answers]:
        sys.exit("the loop and the detector do not agree")


def main() -> None:
    """Print a line for each detector, shape and share of anomalies."""
    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    print("points a second")
    for detector, loop in CASES:
        for series, moments in ((20_000, 1), (20, 1000)):
            for share, goal in GOALS.items():
                view = make_view(detector, series, moments, share)
                found = detector.judge(view)
                points, history = points_of(view)
                check_same(found, run_loop(loop, points, history))
                theirs = measure_loop(loop, points, history)
                result = compare(measure_ours(detector, view), theirs, pairs)
                told = compare(measure_all_told(detector, view), theirs, pairs)
                print(
                    f"{detector.kind:20} {series:5} x {moments:4}"
                    f" {found.anomalous.mean():4.0%} anomalous:"
                    f" {result.told('loop')}, goal {goal};"
                    f" all told {median(told.ratios):.1f}"
                )


if __name__ == "__main__":
    main()
