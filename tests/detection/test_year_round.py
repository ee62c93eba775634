import numpy as np
import pytest

from bkmonitor.detection.past import days_back
from bkmonitor.detection.port import Lookback, View
from tests.detection.views import DAY_S, GAP, explain, make, verdict

HOUR = 3600
MONDAY_NOON = 1_767_614_400  # 5 January 2026, 12:00 UTC


def make_days(*days, at=MONDAY_NOON, step_s=HOUR):
    """Return a view of one judged point, and what it was on the days before.

    The last value is of the judged day, the one before it of the day before.
    """
    grid = at - np.arange(len(days), dtype=np.int64)[::-1] * DAY_S
    return View(
        times=grid[-1:],
        labels=({"host": "a"},),
        step_s=step_s,
        grid=grid,
        known=np.array([days], dtype=float),
    )


WEEK = [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("last_week", "now", "expected"),
    [
        # 30 % of 65.1 is 19.53.
        pytest.param(65.1, 84.63, "anomalous", id="30 % above"),
        pytest.param(65.1, 84.62, "normal", id="less"),
        pytest.param(65.1, 45.57, "normal", id="30 % below is no rise"),
        pytest.param(0, 500, "anomalous", id="nothing last week, 500 now"),
        pytest.param(0, 0, "normal", id="nothing then and now"),
        pytest.param(-10, -7, "anomalous", id="a rise below zero"),
        pytest.param(-10, -13, "normal", id="a fall below zero is no rise"),
        pytest.param(GAP, 84.63, "NO_HISTORY", id="last week is unknown"),
        pytest.param(65.1, GAP, "GAP", id="a gap"),
    ],
)
def test_a_value_is_held_against_the_same_time_last_week(last_week, now, expected):
    ratio = make("year_round", rise_percent=30)

    assert verdict(ratio, make_days(last_week, *WEEK, now)) == expected


def test_last_weeks_point_is_told_with_its_time():
    ratio = make("year_round", rise_percent=30)

    sentence = explain(ratio, make_days(65.1, *WEEK, 87.2))

    assert sentence.id == "year_round"
    assert sentence.params["reference"] == 65.1
    assert sentence.params["reference_at"] == MONDAY_NOON - 7 * DAY_S
    assert sentence.params["percent"] == pytest.approx(33.95, abs=0.01)


@pytest.mark.parametrize(
    ("step_s", "steps"),
    [
        pytest.param(60, 10_080, id="a minute divides a week"),
        # 604800 / 3500 is 172.8: the nearest step is 173, 700 s off.
        pytest.param(3500, 173, id="3500 s do not: the nearest point"),
    ],
)
def test_a_week_is_counted_in_steps(step_s, steps):
    ratio = make("year_round", rise_percent=30)

    assert ratio.lookbacks(step_s) == (Lookback(steps, steps),)


def advanced(against="mean", **parameters):
    return make("year_round_advanced", against=against, **parameters)


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        # The mean of 10, 20, 30 is 20.
        pytest.param([10, 20, 30, 30], "anomalous", id="50 % above the mean"),
        pytest.param([10, 20, 30, 29], "normal", id="less"),
        pytest.param([10, 20, 30, 10], "anomalous", id="50 % below the mean"),
        pytest.param([0, 0, 60, 29], "normal", id="zeros count"),
        pytest.param([GAP, GAP, 60, 29], "anomalous", id="gaps do not"),
        pytest.param([GAP, GAP, GAP, 29], "NO_HISTORY", id="no day is known"),
        pytest.param([-10, -20, -30, -10], "anomalous", id="the sign is kept"),
        pytest.param([-10, -20, -30, 20], "anomalous", id="20 is no match for -20"),
    ],
)
def test_a_value_is_held_against_the_mean_of_the_last_days(days, expected):
    ratio = advanced(fall_percent=50, fall_over=3, rise_percent=50, rise_over=3)

    assert verdict(ratio, make_days(*days)) == expected


def test_three_days_before_is_that_day_or_none():
    ratio = advanced("exact", rise_percent=50, rise_over=3)

    assert verdict(ratio, make_days(10, 90, 90, 15)) == "anomalous"
    assert verdict(ratio, make_days(GAP, 1, 1, 15)) == "NO_HISTORY"


def test_a_mean_over_days_says_how_many_were_known():
    told = explain(
        advanced(fall_percent=50, fall_over=3), make_days(40, GAP, 20, 10)
    ).params

    assert told["reference"] == 30.0
    assert (told["count"], told["known"], told["direction"]) == (3.0, 2.0, "down")


def test_only_the_same_time_of_each_day_is_asked_for():
    ratio = advanced(rise_percent=50, rise_over=3)

    assert ratio.lookbacks(HOUR) == (
        Lookback(24, 24),
        Lookback(48, 48),
        Lookback(72, 72),
    )
    assert days_back(2, 7000) == [12, 25]  # 86400 / 7000 is 12.3, twice that 24.7
