"""Detectors over whole views against a loop over points, of the same formula.

    python -m tests.bench.detection [PAIRS [SERIES]]

The loop is what a service does that judges point by point: a detector has parameters
and is asked about each point, with its series and time; history is looked up by both,
in a dict, which is in its favour. It says the same of every point: normal, anomalous,
or why it was not judged; that is made sure of first. An anomaly gets its explanation at
once. Ours keeps what explanations need as arrays, and a sentence is made when somebody
reads one; the last number is the ratio if all sentences are made at once all the same.

20000 points, at 1 % and at 100 % anomalous, as the newest point of 20000 series and as
1000 points of 20; in turn, A B B A. With fewer SERIES there are fewer of both. A goal that
is missed fails the bench.
"""

import sys
from statistics import median
from time import process_time

import numpy as np

from bkmonitor.detection.port import Detector, Findings, Reason, View
from bkmonitor.lib.sentence import Sentence
from tests.bench import loops
from tests.bench.cases import CASES, make_view
from tests.bench.loops import Answer, History, Loop, Point
from tests.bench.ratios import Goals, Measure, compare

SERIES, MOMENTS = 20_000, 1000
GOALS = {0.01: 100, 1.0: 50}
# What most strategies use; the others are measured and told of.
HAVE_GOALS = ("threshold", "ring_ratio", "year_round_advanced")


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
    reasons = {
        Reason.JUDGED: loops.NORMAL,
        Reason.GAP: loops.GAP,
        Reason.NO_HISTORY: loops.NO_HISTORY,
        Reason.TOO_FEW: loops.TOO_FEW,
    }
    ours = [
        loops.ANOMALOUS if hit else reasons[Reason(reason)]
        for hit, reason in zip(
            found.anomalous.ravel().tolist(),
            found.unjudged.ravel().tolist(),
            strict=True,
        )
    ]
    if ours != [answer for answer, _why in answers]:
        sys.exit("the loop and the detector do not agree")


def main(pairs: int = 7, series: int = SERIES) -> None:
    """Print a line for each detector, shape and share of anomalies."""
    print("points a second")
    goals, many = Goals(), max(series * 20 // SERIES, 1)
    for case in CASES:
        for rows, moments in ((series, 1), (many, series // many)):
            for share, goal in GOALS.items():
                view = make_view(case, rows, moments, share)
                found = case.detector.judge(view)
                points, history = points_of(view)
                loop = case.loop(view.step_s)
                loop.prepare(dict(enumerate(view.labels)), history)
                check_same(found, run_loop(loop, points, history))
                theirs = measure_loop(loop, points, history)
                result = compare(measure_ours(case.detector, view), theirs, pairs)
                told = compare(measure_all_told(case.detector, view), theirs, pairs)
                verdict = ""
                if case.kind in HAVE_GOALS:
                    reached = goals.told(median(result.ratios) >= goal)
                    verdict = f", goal {goal} {reached}"
                print(
                    f"{case.kind:20} {rows:5} x {moments:4}"
                    f" {found.anomalous.mean():4.0%} anomalous:"
                    f" {result.told('loop')}{verdict};"
                    f" all told {median(told.ratios):.1f}",
                    flush=True,
                )
    goals.leave()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
