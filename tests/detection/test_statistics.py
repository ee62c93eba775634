"""How much is judged at once says nothing of what is found, to the last bit."""

from dataclasses import replace

import numpy as np
import pytest

from bkmonitor.detection import slices
from tests.detection.fetched import STEP_S, fetch
from tests.detection.views import make

DETECTORS = [
    make("zscore", window=12, min_points=5),
    make("mad", window=12, min_points=5, min_width=0.5),
    make("seasonal", season="day", seasons=2, min_seasons=2, around_s=120),
    make("outlier", by=["job"], min_members=3, width=2),
    make("rate_of_change", limit=0.5, steps=2),
    make("rate_of_change", limit_percent=5, direction="down"),
    make("flatline", points=4, tolerance=0.5),
    make("forecast", operator=">", limit=5, history_s=1200, horizon_s=600),
    make("forecast", operator="<", limit=-1, history_s=2400, method="holt"),
    make("forecast", operator=">", limit=5, history_s=172_800, method="holt_winters"),
]
every = pytest.mark.parametrize("detector", DETECTORS, ids=lambda each: each.kind)
AT = 1_767_614_400


def walk(series=6, moments=9):
    """Return functions of time that wander, with gaps and infinities here and there."""

    def one(seed):
        def values(times):
            steps = np.random.default_rng(seed).normal(size=10_000)
            points = steps[times // STEP_S % 10_000] + 3 * np.sin(times / 5000)
            points[times // STEP_S % (11 + seed) == 0] = np.nan
            points[times // STEP_S % (53 + seed) == 0] = np.inf
            return points

        return values

    return [one(seed) for seed in range(series)], AT + np.arange(moments) * STEP_S


def fetch_walk(detector, **size):
    series, times = walk(**size)
    labels = [{"host": str(row), "job": "ab"[row % 2]} for row in range(len(series))]
    return fetch(detector, times, *series, labels=labels)


def assert_same(one, other):
    assert np.array_equal(one.anomalous, other.anomalous)
    assert np.array_equal(one.unjudged, other.unjudged)
    for name, fact in one.facts.items():
        both = np.broadcast_arrays(fact, other.facts[name], one.anomalous)
        assert np.array_equal(both[0], both[1], equal_nan=True), name


@every
def test_a_moment_is_judged_alone_as_among_others(detector):
    view = fetch_walk(detector)
    found = detector.judge(view)

    for column in range(len(view.times)):
        alone = detector.judge(replace(view, times=view.times[column : column + 1]))
        assert np.array_equal(alone.anomalous[:, 0], found.anomalous[:, column])
        for name, fact in alone.facts.items():
            whole = np.broadcast_to(found.facts[name], found.anomalous.shape)
            shown = np.broadcast_to(fact, alone.anomalous.shape)[:, 0]
            assert np.array_equal(shown, whole[:, column], equal_nan=True), name


@every
def test_a_series_is_judged_in_parts_as_at_once(detector, monkeypatch):
    view = fetch_walk(detector)
    at_once = detector.judge(view)

    whole = slices.judge_in_slices
    for module in ("spread", "seasonal", "flatline", "forecast"):
        monkeypatch.setattr(
            f"bkmonitor.detection.{module}.judge_in_slices",
            lambda judge, view, points, **_: whole(judge, view, points, slice_bytes=1),
        )

    assert_same(detector.judge(view), at_once)
