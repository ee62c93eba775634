"""Statistical detectors over whole views against a loop over points, of the same formula.

    python -m tests.bench.detection_statistics [PAIRS]

The loop is what a service does that judges point by point: history is looked up by
series and time (in a dict, which is in its favour), gaps are skipped, the formula is
plain Python, and an anomaly is noted with its numbers. As the newest point of 20000
series and as 1000 points of 20; processor time, A B B A.
"""

import statistics
import sys
from collections.abc import Callable, Sequence
from itertools import combinations
from time import process_time

import numpy as np

from bkmonitor.detection.flatline import Flatline
from bkmonitor.detection.forecast import Forecast
from bkmonitor.detection.outlier import Outlier
from bkmonitor.detection.port import Detector, View
from bkmonitor.detection.rate import RateOfChange
from bkmonitor.detection.seasonal import Seasonal
from bkmonitor.detection.spread import Mad, ZScore
from tests.bench.ratios import Measure, compare

STEP_S = 60
END = 1_767_614_400
# What a loop is given to do at once; the rate does not depend on it.
LOOP_POINTS = 100

Formula = Callable[[float, list[float]], bool]


def main(pairs: int = 5) -> None:
    """Print how many points a second each kind judges, and the loop of the same formula."""
    for name, detector, formula in CASES:
        for series, moments in ((20_000, 1), (20, 1000)):
            if name == "forecast, holt_winters":
                series = max(series // 20, 1)
            view = make_view(detector, series, moments)
            told = compare(judge(detector, view), loop(formula, detector, view), pairs)
            print(f"{name:24}{series:6} x {moments:4}  {told.told('the loop')}")


def make_view(detector: Detector, series: int, moments: int) -> View:
    """Return noise about 50, one point of a hundred far off, with all lookbacks."""
    times = END + np.arange(moments, dtype=np.int64) * STEP_S
    grid = {*times.tolist()}
    for span in detector.lookbacks(STEP_S):
        first, last = (
            times[0] - span.farthest * STEP_S,
            times[-1] - span.nearest * STEP_S,
        )
        grid.update(range(int(first), int(last) + 1, STEP_S))
    thrown = np.random.default_rng(1)
    known = thrown.normal(50, 5, size=(series, len(grid)))
    known[thrown.random(known.shape) < 0.01] = 500.0
    labels = [{"host": str(row), "job": str(row // 10)} for row in range(series)]
    return View(times, labels, STEP_S, np.array(sorted(grid)), known)


def judge(detector: Detector, view: View) -> Measure:
    """Return what measures the detector over the whole view."""

    def measure() -> tuple[float, float]:
        start = process_time()
        detector.judge(view)
        spent = process_time() - start
        return view.values.size / spent, spent

    return measure


def loop(formula: Formula, detector: Detector, view: View) -> Measure:
    """Return what measures the loop over some points of the view."""
    steps = [
        step
        for span in detector.lookbacks(STEP_S)
        for step in range(span.nearest, span.farthest + 1)
    ]
    group = isinstance(detector, Outlier)
    times, rows = view.grid.tolist(), len(view.labels)
    points = [
        (at % rows, int(view.times[at // rows]), float(view.values.T.flat[at]))
        for at in np.linspace(0, view.values.size - 1, LOOP_POINTS).astype(int)
    ]
    looked_at = {at // 10 * 10 + row for at, _, _ in points for row in range(10)}
    history = {
        (row, time): value
        for row in (looked_at if group else {at for at, _, _ in points})
        for time, value in zip(times, view.known[row].tolist(), strict=True)
    }

    def measure() -> tuple[float, float]:
        start, found = process_time(), []
        for row, time, value in points:
            if group:
                keys = [
                    (each, time) for each in range(row // 10 * 10, row // 10 * 10 + 10)
                ]
            else:
                keys = [(row, time - step * STEP_S) for step in steps]
            window = [past for key in keys if (past := history.get(key)) is not None]
            if formula(value, window):
                found.append({"row": row, "time": time, "value": value})
        spent = process_time() - start
        return len(points) / spent, spent

    return measure


def by_mean(value: float, window: list[float]) -> bool:
    """Judge one point by z-score."""
    mean = sum(window) / len(window)
    squares = sum((point - mean) ** 2 for point in window)
    margin = max(3.0 * (squares / (len(window) - 1)) ** 0.5, 0.05 * abs(mean))
    return not mean - margin <= value <= mean + margin


def by_median(value: float, window: list[float]) -> bool:
    """Judge one point by median and MAD."""
    median = middle(window)
    deviation = middle([abs(point - median) for point in window])
    margin = max(3.0 * 1.4826 * deviation, 0.05 * abs(median))
    return not median - margin <= value <= median + margin


def by_speed(value: float, window: list[float]) -> bool:
    """Judge one point by its distance from another."""
    return abs(value - window[0]) * 60 > 10 * STEP_S


def by_stillness(value: float, window: list[float]) -> bool:
    """Judge one point by how far its window reaches."""
    return max(value, *window) - min(value, *window) <= 0.1


def by_line(value: float, window: list[float]) -> bool:
    """Judge one point by the line through its window, thinned as the detector does."""
    level, slope = line_of([value, *window])
    return level + 240 * slope > 90 or value > 90


def line_of(points: Sequence[float]) -> tuple[float, float]:
    """Return level and slope of the line through points, the newest first."""
    run_of = -(-len(points) // 32)
    kept = len(points) - len(points) % run_of
    medians = [middle(points[at : at + run_of]) for at in range(0, kept, run_of)]
    ago = [at * run_of + (run_of - 1) / 2 for at in range(len(medians))]
    pairs = combinations(range(len(medians)), 2)
    slope = middle([(medians[i] - medians[j]) / (ago[j] - ago[i]) for i, j in pairs])
    return middle([m + slope * a for m, a in zip(medians, ago, strict=True)]), slope


def by_smoothing(value: float, window: list[float]) -> bool:
    """Judge one point by level and slope smoothed over its window."""
    points = [value, *window]
    level, slope = line_of(points)
    level -= len(points) * slope
    for point in reversed(points):
        level += slope
        error = point - level
        level += 0.1 * error
        slope += 0.002 * error
    return level + 240 * slope > 90 or value > 90


def by_season(value: float, window: list[float]) -> bool:
    """Judge one point by level, slope and season smoothed over two days."""
    points, day = [value, *window], 1440
    slope = middle([(points[at] - points[at + day]) / day for at in range(day)])
    rest = [point + slope * at for at, point in enumerate(points)]
    level = middle(rest)
    season = [(rest[at] + rest[at + day]) / 2 - level for at in range(day - 1, -1, -1)]
    level -= len(points) * slope
    for at, point in enumerate(reversed(points)):
        level += slope
        error = point - level - season[at % day]
        level += 0.1 * error
        slope += 0.002 * error
        season[at % day] += 0.09 * error
    ahead = (level + h * slope + season[(h - 1) % day] for h in range(1, 241))
    return value > 90 or any(each > 90 for each in ahead)


def middle(points: Sequence[float]) -> float:
    """Return the median."""
    return statistics.median(points)


def _forecast(method: str, history_s: int) -> Forecast:
    return Forecast(operator=">", limit=90.0, method=method, history_s=history_s)


CASES: tuple[tuple[str, Detector, Formula], ...] = (
    ("seasonal, 4 x 11", Seasonal(), by_median),
    ("zscore, 60", ZScore(), by_mean),
    ("mad, 60", Mad(), by_median),
    ("outlier, groups of 10", Outlier(by=("job",)), by_median),
    ("rate_of_change", RateOfChange(limit=10.0), by_speed),
    ("flatline, 10", Flatline(tolerance=0.1), by_stillness),
    ("forecast, linear, 361", _forecast("linear", 21_600), by_line),
    ("forecast, holt, 361", _forecast("holt", 21_600), by_smoothing),
    ("forecast, holt_winters", _forecast("holt_winters", 172_800), by_season),
)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
