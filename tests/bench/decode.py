"""From the bytes of the store to anomalies, against a service that goes point by point.

    python -m tests.bench.decode [PAIRS [SERIES]]

The other way is that of services which judge point by point: the answer is read as JSON,
each sample becomes a point with its dimensions and a key of them (a digest, under which
its past is looked up), the newest is judged by the formula of the detector in plain
Python, and if it is an anomaly it is written for the queue to the next stage, with its
text. Ours cuts the answer, judges all points together and takes out what the texts of the
anomalies need, for the next stage is a call; another column has every text made too.

20,000 series with nine labels and more in 20 answers, with as little history as the
detector can do with, in steps of a day where it looks back for days; one core, in turn,
A B B A. Every detector but the forecast with a season, which needs thousands of points a
series. A goal that is missed fails the bench.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from hashlib import md5
from statistics import median
from time import process_time

import numpy as np

from bkmonitor.detection.port import Detector, View
from bkmonitor.metrics.tsdb.decode import range_result
from tests.bench import cases, detection_statistics, loops
from tests.bench.ratios import Goals, Measure, compare
from tests.bench.remote_write import labels

SERIES, ANSWERS = 20_000, 20
SHARES = {0.01: 5, 1.0: 20}
SLOWEST = 500_000


@dataclass
class Point:
    """A sample as such services hand it on."""

    key: str
    time: int
    value: float
    dimensions: dict[str, str]


def points_of(body: bytes) -> list[Point]:
    """Return the samples of an answer, one by one."""
    found = []
    for row in json.loads(body)["data"]["result"]:
        dimensions = row["metric"]
        key = md5(json.dumps(dimensions, sort_keys=True).encode()).hexdigest()
        for time, value in row["values"]:
            found.append(Point(key, time, float(value), dimensions))
    return found


def told(point: Point, text: str) -> str:
    """Return an anomaly as it is handed on."""
    anomaly_id = f"{point.key}.{point.time}"
    return json.dumps(
        {
            "id": anomaly_id,
            "time": point.time,
            "dimensions": point.dimensions,
            "value": point.value,
            "text": text,
        }
    )


@dataclass
class Case:
    """A detector, its loop, and samples for both."""

    name: str
    detector: Detector
    loop: loops.Loop
    view: Callable[[int, float], View]


def all_cases() -> list[Case]:
    """Return all of them."""
    found = [
        Case(
            case.kind,
            case.detector,
            case.loop(case.apart_s),
            partial(_plain_view, case),
        )
        for case in cases.CASES
    ]
    for one in detection_statistics.CASES:
        if one.name == "forecast, holt_winters":
            continue
        loop = detection_statistics.LoopWindow(one.formula, one.apart, one.apart_s)
        name = one.detector.kind
        if name == "forecast":
            name = one.name.removesuffix(", 361")
        found.append(Case(name, one.apart, loop, partial(_statistical_view, one)))
    return found


def _plain_view(case: cases.Case, series: int, share: float) -> View:
    return cases.make_view(case, series, 1, share, case.apart_s)


def _statistical_view(
    case: detection_statistics.Case, series: int, share: float
) -> View:
    return detection_statistics.make_view(case.apart, series, 1, share, case.apart_s)


def make_answers(view: View, case: int) -> list[bytes]:
    """Return the answers of a store that has what a view holds.

    Each case has series of its own.
    """
    series, times = len(view.labels), view.grid.tolist()
    made, each = [], -(-series // ANSWERS)
    for first in range(0, series, each):
        rows = []
        for row in range(first, min(first + each, series)):
            values = [
                [time, f"{value:.6g}"]
                for time, value in zip(times, view.known[row].tolist(), strict=True)
                if value == value
            ]
            own = dict(labels(row + case * SERIES)) | {"space": "ops"}
            if values:
                rows.append({"metric": own | dict(view.labels[row]), "values": values})
        data = {"resultType": "matrix", "result": rows}
        answer = {"status": "success", "data": data}
        made.append(json.dumps(answer, separators=(",", ":")).encode())
    return made


@dataclass
class Span:
    """The moments of the answers: the newest is judged."""

    first: int
    last: int
    step_s: int


def judge(bodies: list[bytes], detector: Detector, span: Span, *, write: bool) -> int:
    """Return how many anomalies there are, after all that is known of them is taken."""
    found = 0
    for body in bodies:
        frame = range_result(body, span.first, span.last, span.step_s).frame
        assert frame is not None
        view = View(frame.times[-1:], frame.labels, span.step_s, frame.times, frame.values)  # fmt: skip
        findings = detector.judge(view)
        rows, _columns = hits = np.nonzero(findings.anomalous)
        shape = findings.anomalous.shape
        facts = {"value": view.values, **findings.facts}
        columns = {n: np.broadcast_to(f, shape)[hits] for n, f in facts.items()}
        whose = [frame.labels[row].fingerprint for row in rows.tolist()]  # type: ignore[attr-defined]
        found += len(whose)
        if write:
            each = zip(*(column.tolist() for column in columns.values()), strict=True)
            for facts_of_one in each:
                detector.explain(dict(zip(columns, facts_of_one, strict=True)))
    return found


def loop_over(bodies: list[bytes], loop: loops.Loop, last: int) -> int:
    """Return how many anomalies the other way finds."""
    found = []
    for body in bodies:
        points = points_of(body)
        history = {(point.key, point.time): point.value for point in points}
        loop.prepare({point.key: point.dimensions for point in points}, history)
        for point in points:
            if point.time == last:
                said, why = loop.judge(point.key, last, point.value, history)
                if said == loops.ANOMALOUS and why is not None:
                    text = ", ".join(f"{name} {each}" for name, each in why.items())
                    found.append(told(point, text))
    return len(found)


def measure(work: Callable[[], int], series: int) -> Measure:
    """Return what measures the series a second of some work, and its CPU seconds."""

    def measured() -> tuple[float, float]:
        start = process_time()
        work()
        spent = process_time() - start
        return series / spent, spent

    return measured


def main(pairs: int = 7, series: int = SERIES) -> None:
    """Print a line for each detector and share of anomalies; seven pairs by default."""
    goals, number = Goals(), 0
    for case in all_cases():
        for share, goal in SHARES.items():
            if case.name == "present" and share < 1:
                continue  # whatever is sent of it is an anomaly
            view = case.view(series, share)
            bodies = make_answers(view, number := number + 1)
            span = Span(int(view.grid[0]), int(view.times[-1]), view.step_s)
            ours = partial(judge, bodies, case.detector, span, write=False)
            theirs = partial(loop_over, bodies, case.loop, span.last)
            cold, _ = measure(ours, series)()
            anomalous = ours()
            assert anomalous == theirs(), (case.name, anomalous, theirs())
            their_rate = measure(theirs, series)
            result = compare(measure(ours, series), their_rate, pairs)
            whole = partial(judge, bodies, case.detector, span, write=True)
            told_all = compare(measure(whole, series), their_rate, pairs)
            fast = case.name != "threshold" or median(result.our_rate) >= SLOWEST
            reached = goals.told(median(result.ratios) >= goal and fast)
            print(
                f"{case.name:21} {anomalous / series:4.0%} anomalous: series a second"
                f" {result.told('point by point')}, goal {goal} {reached};"
                f" all texts written {median(told_all.ratios):.1f};"
                f" series never met before {cold:,.0f}/s",
                flush=True,
            )
    goals.leave()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
