"""From the bytes of the store to anomalies, against a service that goes point by point.

    python -m tests.bench.decode [PAIRS]

The other way is that of services which judge point by point: the answer is read as JSON,
each sample becomes a point with its dimensions and a key of them (a digest, under which
its past is looked up), is held against the limit in plain Python, and if it is an anomaly
it is written for the queue to the next stage, with its text. Ours cuts the answer, judges
all points together and takes out what the texts of the anomalies need, for the next stage
is a call; another column has every text made too. 20,000 series with nine labels in 20 answers, the newest point
of each (threshold) or the newest two (ring ratio), one core, in turn, A B B A.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from hashlib import md5
from random import Random
from statistics import median
from time import process_time

import numpy as np

from bkmonitor.detection.port import Detector, View
from bkmonitor.detection.registry import parse_detector
from bkmonitor.metrics.tsdb.decode import range_result
from tests.bench.ratios import Measure, compare
from tests.bench.remote_write import labels

SERIES, ANSWERS = 20_000, 20
END, STEP_S = 1_767_614_400, 60
LIMIT, PERCENT = 90.0, 30.0
SHARES = {0.01: 5, 1.0: 20}
SLOWEST = 500_000


@dataclass
class Point:
    """A sample as such services hand it on."""

    key: str
    time: int
    value: float
    dimensions: dict[str, str]


Loop = Callable[[list[Point]], list[str]]


def points_of(body: bytes) -> list[Point]:
    """Return the samples of an answer, one by one."""
    found = []
    for row in json.loads(body)["data"]["result"]:
        dimensions = row["metric"]
        key = md5(json.dumps(dimensions, sort_keys=True).encode()).hexdigest()
        for time, value in row["values"]:
            found.append(Point(key, time, float(value), dimensions))
    return found


def over_limit(points: list[Point]) -> list[str]:
    """Judge value > 90, point by point."""
    return [
        told(point, f"{point.value:g} > {LIMIT:g}")
        for point in points
        if point.value > LIMIT
    ]


def changed(points: list[Point]) -> list[str]:
    """Judge a rise by 30 % from the point before, point by point."""
    past = {(point.key, point.time): point.value for point in points}
    found = []
    for point in points:
        before = past.get((point.key, point.time - STEP_S))
        if before is None or point.time != END:
            continue
        if point.value >= before * (1 + PERCENT / 100):
            percent = (point.value - before) / before * 100
            text = f"{point.value:g} is {percent:.1f} % above {before:g}"
            found.append(told(point, text))
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


THRESHOLD = parse_detector(
    {"kind": "threshold", "any_of": [[{"operator": ">", "value": LIMIT}]]}
)
RING_RATIO = parse_detector({"kind": "ring_ratio", "rise_percent": PERCENT})
CASES: list[tuple[Detector, int, Loop]] = [
    (THRESHOLD, 1, over_limit),
    (RING_RATIO, 2, changed),
]


def make_answers(points: int, share: float, case: int) -> list[bytes]:
    """Return answers in which a share of the newest points is anomalous.

    Each case has series of its own.
    """
    random, each = Random(1), SERIES // ANSWERS
    made = []
    for first in range(0, SERIES, each):
        rows = []
        for number in range(first, first + each):
            newest = 95 if random.random() < share else 50
            values = [50] * (points - 1) + [newest]
            times = range(END - (points - 1) * STEP_S, END + 1, STEP_S)
            rows.append(
                {
                    "metric": dict(labels(number + case * SERIES)) | {"space": "ops"},
                    "values": [
                        [time, f"{value + random.random():.4g}"]
                        for time, value in zip(times, values, strict=True)
                    ],
                }
            )
        data = {"resultType": "matrix", "result": rows}
        answer = {"status": "success", "data": data}
        made.append(json.dumps(answer, separators=(",", ":")).encode())
    return made


def judge(bodies: list[bytes], detector: Detector, points: int, *, write: bool) -> int:
    """Return how many anomalies there are, after all that is known of them is taken."""
    found = 0
    for body in bodies:
        frame = range_result(body, END - (points - 1) * STEP_S, END, STEP_S).frame
        assert frame is not None
        view = View(frame.times[-1:], frame.labels, STEP_S, frame.times, frame.values)
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


def loop_over(bodies: list[bytes], loop: Loop) -> int:
    """Return how many anomalies the other way finds."""
    return sum(len(loop(points_of(body))) for body in bodies)


def measure(work: Callable[[], int]) -> Measure:
    """Return what measures the series a second of some work, and its CPU seconds."""

    def measured() -> tuple[float, float]:
        start = process_time()
        work()
        spent = process_time() - start
        return SERIES / spent, spent

    return measured


def main() -> None:
    """Print a line for each detector and share of anomalies; seven pairs by default."""
    pairs, case = int(sys.argv[1]) if len(sys.argv) > 1 else 7, 0
    for detector, points, loop in CASES:
        for share, goal in SHARES.items():
            bodies = make_answers(points, share, case := case + 1)
            ours = partial(judge, bodies, detector, points, write=False)
            theirs = partial(loop_over, bodies, loop)
            cold, _ = measure(ours)()
            assert ours() == theirs(), (ours(), theirs())
            result = compare(measure(ours), measure(theirs), pairs)
            whole = partial(judge, bodies, detector, points, write=True)
            told_all = compare(measure(whole), measure(theirs), pairs)
            reached = median(result.ratios) >= goal
            fast = detector is not THRESHOLD or median(result.our_rate) >= SLOWEST
            print(
                f"{detector.kind:10} {share:4.0%} anomalous: series a second"
                f" {result.told('point by point')}, goal {goal}"
                f" {'reached' if reached and fast else 'MISSED'};"
                f" all texts written {median(told_all.ratios):.1f};"
                f" series never met before {cold:,.0f}/s",
                flush=True,
            )


if __name__ == "__main__":
    main()
