"""Statistical detectors over whole views against a loop over points, of the same formula.

    python -m tests.bench.detection_statistics [PAIRS [SERIES]]

The loop is what a service does that judges point by point: history is looked up by
series and time (in a dict, which is in its favour), gaps are skipped, the formula is
plain Python, and an anomaly is noted with its numbers. As the newest point of 20000
series and as 1000 points of 20, at 1 % and at 100 % far off; that both say the same is
made sure of first. Processor time, A B B A.
"""

import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
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
from tests.bench import loops
from tests.bench.ratios import Measure, compare

STEP_S = 60
END = 1_767_614_400
SERIES = 20_000
SHARES = (0.01, 1.0)
# What a loop is given to do at once; the rate does not depend on it.
LOOP_POINTS = 100

Formula = Callable[[float, list[float]], bool]


class LoopWindow(loops.Loop):
    """A formula over the points before each, or over those of its group."""

    def __init__(self, formula: Formula, detector: Detector, step_s: int) -> None:
        self.formula = formula
        self.backs_s = [
            step * step_s
            for span in detector.lookbacks(step_s)
            for step in range(span.nearest, span.farthest + 1)
        ]
        self.by = detector.by[0] if isinstance(detector, Outlier) else None

    def prepare(self, labels: loops.Labels, history: loops.History) -> None:
        """Note which series are of one group."""
        if self.by:
            self.group = {series: own[self.by] for series, own in labels.items()}
            self.members: dict[str, list[loops.Series]] = {}
            for series, group in self.group.items():
                self.members.setdefault(group, []).append(series)

    def judge(
        self, series: loops.Series, time: int, value: float, history: loops.History
    ) -> loops.Answer:
        """Say what one point is."""
        if self.by:
            keys = [(one, time) for one in self.members[self.group[series]]]
        else:
            keys = [(series, time - back_s) for back_s in self.backs_s]
        window = [past for key in keys if (past := history.get(key)) is not None]
        if not self.formula(value, window):
            return loops.NORMAL, None
        return loops.ANOMALOUS, {"series": series, "time": time, "value": value}


def main(pairs: int = 5, series: int = SERIES) -> None:
    """Print how many points a second each kind judges, and the loop of the same formula."""
    many = max(series * 20 // SERIES, 10)
    for case in CASES:
        for rows, moments in ((series, 1), (many, series // many)):
            for share in SHARES:
                slow = case.name == "forecast, holt_winters"
                view = make_view(case.detector, max(rows // 20, 1) if slow else rows, moments, share)  # fmt: skip
                points, history = points_of(view)
                check_same(case, view, points, history)
                theirs = loop(case, view, points, history)
                told = compare(judge(case.detector, view), theirs, pairs)
                whole = case.detector.judge(view).anomalous
                print(
                    f"{case.name:24}{len(whole):6} x {moments:4}"
                    f" {whole.mean():4.0%} anomalous: {told.told('the loop')}",
                    flush=True,
                )


def make_view(
    detector: Detector, series: int, moments: int, share: float, step_s: int = STEP_S
) -> View:
    """Return noise about 50, a share of the points to judge far off, with all lookbacks.

    Of what is held against points that are far off themselves it is as many as may be.
    """
    times = END + np.arange(moments, dtype=np.int64) * step_s
    grid = {*times.tolist()}
    for span in detector.lookbacks(step_s):
        first, last = (
            times[0] - span.farthest * step_s,
            times[-1] - span.nearest * step_s,
        )
        grid.update(range(int(first), int(last) + 1, step_s))
    thrown, every = np.random.default_rng(1), np.array(sorted(grid))
    known = thrown.normal(50, 5, size=(series, len(every)))
    beyond = thrown.random((series, moments)) < share
    if isinstance(detector, Flatline):
        known[beyond[:, 0]] = 50.0
    else:
        known[thrown.random(known.shape) < 0.01] = 75.0
        if isinstance(detector, Outlier):
            # No more than a minority can be far from the middle.
            beyond &= (np.arange(series) % 10 < 4)[:, None]
        if isinstance(detector, RateOfChange):
            beyond &= np.arange(moments) % 2 == 0
        judged = np.searchsorted(every, times)
        known[:, judged] = np.where(beyond, 500.0, known[:, judged])
    labels = tuple({"host": str(row), "job": str(row // 10)} for row in range(series))
    return View(times, labels, step_s, every, known)


def judge(detector: Detector, view: View) -> Measure:
    """Return what measures the detector over the whole view."""

    def measure() -> tuple[float, float]:
        start = process_time()
        detector.judge(view)
        spent = process_time() - start
        return view.values.size / spent, spent

    return measure


def points_of(view: View) -> tuple[list[loops.Point], loops.History]:
    """Return some of the points of a view, and what they are held against."""
    times, rows = view.grid.tolist(), len(view.labels)
    points: list[loops.Point] = [
        (at % rows, int(view.times[at // rows]), float(view.values.T.flat[at]))
        for at in np.linspace(0, view.values.size - 1, LOOP_POINTS).astype(int).tolist()
    ]
    groups = {view.labels[row]["job"] for row, _time, _value in points}  # type: ignore[call-overload]
    history = {
        (row, time): value
        for row in range(rows)
        if view.labels[row]["job"] in groups
        for time, value in zip(times, view.known[row].tolist(), strict=True)
    }
    return points, history


def check_same(
    case: "Case", view: View, points: list[loops.Point], history: loops.History
) -> None:
    """Stop unless both say the same of the points."""
    own = case.loop(view.step_s)
    own.prepare(dict(enumerate(view.labels)), history)
    found, first = case.detector.judge(view).anomalous, int(view.times[0])
    for series, time, value in points:
        ours = found[series, (time - first) // view.step_s]  # type: ignore[index]
        theirs, _why = own.judge(series, time, value, history)
        if ours != (theirs == loops.ANOMALOUS):
            sys.exit(f"{case.name}: the loop and the detector do not agree")


def loop(
    case: "Case", view: View, points: list[loops.Point], history: loops.History
) -> Measure:
    """Return what measures the loop over the points."""
    own = case.loop(view.step_s)
    own.prepare(dict(enumerate(view.labels)), history)

    def measure() -> tuple[float, float]:
        start = process_time()
        for series, time, value in points:
            own.judge(series, time, value, history)
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


@dataclass(frozen=True)
class Case:
    """A detector and the formula of one of its points.

    apart     another of its kind that needs little history, to send all of it, at the
              step of `apart_s`
    """

    name: str
    detector: Detector
    formula: Formula
    apart: Detector
    apart_s: int = STEP_S

    def loop(self, step_s: int) -> LoopWindow:
        """Return the loop that does as the detector."""
        return LoopWindow(self.formula, self.detector, step_s)


FEW = {"window": 20, "min_points": 10}
CASES: tuple[Case, ...] = (
    Case(
        "seasonal, 4 x 11",
        Seasonal(),
        by_median,
        Seasonal(season="day", seasons=7, around_s=0),
        86_400,
    ),
    Case("zscore, 60", ZScore(), by_mean, ZScore(**FEW)),
    Case("mad, 60", Mad(), by_median, Mad(**FEW)),
    Case(
        "outlier, groups of 10", Outlier(by=("job",)), by_median, Outlier(by=("job",))
    ),
    Case(
        "rate_of_change", RateOfChange(limit=10.0), by_speed, RateOfChange(limit=10.0)
    ),
    Case(
        "flatline, 10", Flatline(tolerance=0.1), by_stillness, Flatline(tolerance=0.1)
    ),
    Case(
        "forecast, linear, 361",
        _forecast("linear", 21_600),
        by_line,
        _forecast("linear", 1_200),
    ),
    Case(
        "forecast, holt, 361",
        _forecast("holt", 21_600),
        by_smoothing,
        _forecast("holt", 1_200),
    ),
    Case(
        "forecast, holt_winters",
        _forecast("holt_winters", 172_800),
        by_season,
        _forecast("holt_winters", 172_800),
    ),
)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
