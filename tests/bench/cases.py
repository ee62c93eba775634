"""Each kind of detector that is no statistic, its loop, and samples for both."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from bkmonitor.detection.port import Detector, View
from bkmonitor.detection.registry import parse_detector
from bkmonitor.lib.frame import Mask, Values
from tests.bench import loops

DAY_S = loops.DAY_S
END = 1_767_657_600
PLAIN = [[(">", 90.0)], [("<", 5.0), (">=", 0.0)]]
LIMITS = [
    [{"operator": sign, "value": limit} for sign, limit in group] for group in PLAIN
]
BOTH = {"fall_percent": 30.0, "rise_percent": 30.0}
# As many of these as can be are far from the points before where every second one is.
TURNS = {
    "ring_ratio",
    "ring_ratio_advanced",
    "ring_ratio_amplitude",
    "year_round_amplitude",
}


@dataclass(frozen=True)
class Case:
    """A detector and a loop of the same formula.

    loop      by the seconds of a step
    apart_s   the step at which little history is needed, to send all of it
    """

    detector: Detector
    loop: Callable[[int], loops.Loop]
    apart_s: int = 60

    @property
    def kind(self) -> str:
        """Return its name."""
        return self.detector.kind


def _case(
    raw: Mapping[str, object], loop: Callable[[int], loops.Loop], apart_s: int = 60
) -> Case:
    return Case(parse_detector(raw), loop, apart_s)


def _days(kind: str, amount: float, *, moves: bool) -> Case:
    return _case(
        {"kind": kind, "days": 5, "percent": 150.0, "amount": amount},
        lambda step_s: loops.LoopDays(step_s, 5, 150, amount, moves=moves),
        DAY_S // 2,
    )


def _backs(first_s: float, last_s: float, step_s: int) -> range:
    """Return the seconds back of each step between."""
    first = int(first_s // step_s) * step_s
    return range(first, int(last_s // step_s) * step_s + 1, step_s)


CASES: tuple[Case, ...] = (
    _case(
        {"kind": "threshold", "any_of": LIMITS},
        lambda _step_s: loops.LoopThreshold(PLAIN),
    ),
    _case({"kind": "ring_ratio", **BOTH}, lambda step_s: loops.LoopChange(30, step_s)),
    _case(
        {"kind": "year_round_advanced", "fall_over": 7, "rise_over": 7, **BOTH},
        lambda _s: loops.LoopMean(30, [day * DAY_S for day in range(1, 8)]),
        DAY_S,
    ),
    _case({"kind": "present"}, lambda _step_s: loops.LoopPresent()),
    _case(
        {"kind": "ring_ratio_advanced", "fall_over": 5, "rise_over": 5, **BOTH},
        lambda step_s: loops.LoopMean(30, [n * step_s for n in range(1, 6)]),
    ),
    _case(
        {"kind": "ring_ratio_amplitude", "percent": 30.0, "amount": 2.0},
        lambda step_s: loops.LoopJump(step_s, 30, 2),
    ),
    _case(
        {"kind": "year_round", **BOTH},
        lambda _step_s: loops.LoopChange(30, 7 * DAY_S),
        DAY_S,
    ),
    _days("year_round_amplitude", 20.0, moves=True),
    _days("year_round_range", 0.0, moves=False),
    _case(
        {"kind": "new_series", "range_s": 3600.0, "new_for_s": 600.0, "learn": 5},
        lambda step_s: loops.LoopNew(_backs(600 + step_s, 3600, step_s), 5),
        300,
    ),
    _case(
        {"kind": "partial_probes", "by": ["target"], "count": 2},
        lambda _step_s: loops.LoopProbes("target", 2),
    ),
    _case(
        {"kind": "host_restart", "within_s": 600.0, "known_s": 3600.0},
        lambda step_s: loops.LoopRestart(600, _backs(step_s, 3600, step_s)),
        600,
    ),
    _case({"kind": "process_port"}, lambda _step_s: loops.LoopProcess()),
    _case(
        {"kind": "ping_unreachable"},
        lambda _step_s: loops.LoopThreshold([[(">=", 1.0)]]),
    ),
)


def make_view(
    case: Case, series: int, moments: int, share: float, step_s: int = 60
) -> View:
    """Return a view of which about a share of the points to judge is anomalous.

    Of what cannot be an anomaly all the time (a jump, a new series) it is as many as
    may be. One point of a hundred is missing, unless all are to be anomalies.
    """
    times = END + np.arange(moments, dtype=np.int64) * step_s
    before = {
        time - back * step_s
        for span in case.detector.lookbacks(step_s)
        for back in range(span.nearest, span.farthest + 1)
        for time in times.tolist()
    }
    grid = np.array(sorted(before | {*times.tolist()}), dtype=np.int64)
    thrown = np.random.default_rng(1)
    beyond = thrown.random((series, moments)) < share
    if case.kind in TURNS and moments > 1:
        beyond &= (np.arange(moments) % 2 == 0) | (share < 1)
    labels = tuple(
        {"host": str(row), "target": str(row // 10), "nonlisten": "[]"}
        for row in range(series)
    )
    judged = np.searchsorted(grid, times)
    known = _samples(case.kind, thrown, beyond, judged, len(grid))
    if share < 1 and case.kind != "present":
        known[thrown.random(known.shape) < 0.01] = np.nan
    return View(times, labels, step_s, grid, known)


def _samples(
    kind: str, thrown: np.random.Generator, beyond: Mask, judged: Values, width: int
) -> Values:
    """Return samples, (S, width), whose judged points are anomalous where they should."""
    series, moments = beyond.shape
    noise = thrown.normal(50, 1, (series, width))
    if kind == "present":
        noise[:, judged] = np.where(beyond, 95.0, np.nan)
    elif kind == "new_series":
        # One of ten is always there, so that there is something to learn from.
        quiet = beyond[:, :1] & (np.arange(series) % 10 > 0)[:, None]
        pulses = np.ones(width, np.bool_)
        pulses[judged] = np.arange(moments) % 80 >= 8
        noise[quiet & pulses[None, :]] = np.nan
    elif kind == "partial_probes":
        # All of a target fail together.
        noise = np.ones((series, width))
        noise[:, judged] = np.where(beyond[np.arange(series) // 10 * 10], 0.0, 1.0)
    elif kind == "host_restart":
        noise += 1e6
        # Each start is the shortest yet.
        noise[:, judged] = np.where(beyond, 590 - np.arange(moments) / 2, noise[:, judged])  # fmt: skip
    elif kind == "process_port":
        noise = np.ones((series, width))
        noise[:, judged] = np.where(beyond, 0.0, 1.0)
    elif kind == "ping_unreachable":
        noise = np.zeros((series, width))
        noise[:, judged] = np.where(beyond, 1.0, 0.0)
    else:
        noise[:, judged] += np.where(beyond, 45.0, 0.0)
    return noise
