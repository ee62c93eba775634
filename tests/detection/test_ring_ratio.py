import numpy as np
import pytest

from bkmonitor.detection.port import Lookback
from bkmonitor.lib.errors import InvalidInput
from tests.detection.views import GAP, explain, make, make_view, verdict

INF = float("inf")


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        # 10 % of 100 is 10, 20 % is 20.
        pytest.param(100, 90, "anomalous", id="falls by exactly the limit"),
        pytest.param(100, 90.1, "normal", id="falls by less"),
        pytest.param(100, 120, "anomalous", id="rises by exactly the limit"),
        pytest.param(100, 119.9, "normal", id="rises by less"),
        pytest.param(3, 3.6, "anomalous", id="decimals are exact at the limit"),
        pytest.param(100, 100, "normal", id="unmoved"),
        pytest.param(0, 500, "anomalous", id="from zero up is beyond any percentage"),
        pytest.param(0, -1, "anomalous", id="from zero down too"),
        pytest.param(0, 0, "normal", id="zero that stays"),
        pytest.param(5, 0, "anomalous", id="down to zero is a fall of 100 %"),
        pytest.param(-10, -8, "anomalous", id="-10 to -8 is a rise of 20 %"),
        pytest.param(-10, -8.1, "normal", id="-10 to -8.1 is one of 19 %"),
        pytest.param(-10, -11, "anomalous", id="-10 to -11 is a fall of 10 %"),
        pytest.param(-10, -10, "normal", id="a negative value that stays"),
        pytest.param(-10, 10, "anomalous", id="across zero"),
        pytest.param(GAP, 100, "NO_HISTORY", id="the point before is a gap"),
        pytest.param(INF, 100, "NO_HISTORY", id="the point before is infinite"),
        pytest.param(100, INF, "anomalous", id="up to infinity"),
        pytest.param(100, GAP, "GAP", id="a gap"),
        pytest.param(1e308, 1, "NO_HISTORY", id="a percentage of it overflows"),
    ],
)
def test_a_value_is_held_against_the_point_before(before, now, expected):
    ratio = make("ring_ratio", fall_percent=10, rise_percent=20)

    assert verdict(ratio, make_view([before, now], judged=1)) == expected


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [
        ("ring_ratio", {}),
        ("ring_ratio_advanced", {"rise_over": 1}),
        ("ring_ratio_advanced", {"rise_over": 1, "against": "exact"}),
    ],
)
def test_zero_before_is_history_and_no_gap(kind, parameters):
    ratio = make(kind, rise_percent=20, **parameters)

    assert verdict(ratio, make_view([0, 500])) == "anomalous"
    assert verdict(ratio, make_view([0, 0])) == "normal"


@pytest.mark.parametrize(
    ("before", "now", "direction"), [(-100, -80, "up"), (-100, -120, "down")]
)
def test_negative_values_rise_and_fall_by_their_size(before, now, direction):
    ratio = make("ring_ratio", fall_percent=20, rise_percent=20)

    told = explain(ratio, make_view([before, now])).params

    assert (told["direction"], told["percent"]) == (direction, 20.0)
    assert verdict(ratio, make_view([before, (before + now) / 2])) == "normal"
    assert verdict(ratio, make_view([before, before])) == "normal"


def test_only_the_direction_that_is_watched_counts():
    fall = make("ring_ratio", fall_percent=10)

    assert verdict(fall, make_view([10, 100])) == "normal"
    assert verdict(fall, make_view([100, 10])) == "anomalous"


def test_the_first_point_there_is_has_no_history():
    found = make("ring_ratio", rise_percent=20).judge(make_view([1, 2, 2]))

    assert found.anomalous.tolist() == [[False, True, False]]
    assert found.unjudged.tolist() == [[2, 0, 0]]


def test_how_far_a_value_moved_is_told_with_its_limit():
    ratio = make("ring_ratio", fall_percent=10, rise_percent=20)

    assert explain(ratio, make_view([80, 120])).params == {
        "value": 120.0,
        "reference": 80.0,
        "reference_at": 0.0,
        "percent": 50.0,
        "direction": "up",
        "limit": 20.0,
    }
    assert explain(ratio, make_view([80, 60])).params["limit"] == 10.0


def test_a_change_from_zero_has_no_percentage():
    ratio = make("ring_ratio", rise_percent=20)

    assert explain(ratio, make_view([0, 5])).params["percent"] is None


def advanced(against="mean", **parameters):
    return make("ring_ratio_advanced", against=against, **parameters)


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        # The mean of 10, 20, 30 is 20; 50 % above it is 30, 50 % below it 10.
        pytest.param([10, 20, 30, 30], "anomalous", id="at the limit above"),
        pytest.param([10, 20, 30, 29], "normal", id="below it"),
        pytest.param([10, 20, 30, 10], "anomalous", id="at the limit below"),
        pytest.param([0, 0, 60, 30], "anomalous", id="zeros count in the mean"),
        pytest.param([GAP, GAP, 60, 30], "anomalous", id="gaps do not: a fall from 60"),
        pytest.param([GAP, 20, INF, 29], "normal", id="infinities do not: from 20"),
        pytest.param([GAP, GAP, GAP, 30], "NO_HISTORY", id="nothing before"),
        pytest.param([10, 20, 30, GAP], "GAP", id="a gap"),
        pytest.param([-10, -20, -30, -10], "anomalous", id="a rise below zero"),
        pytest.param([-10, -20, -30, -29], "normal", id="a small fall below zero"),
        pytest.param([-10, 0, 10, 1], "anomalous", id="a mean of zero"),
    ],
)
def test_a_value_is_held_against_the_mean_of_the_points_before(points, expected):
    ratio = advanced(fall_percent=50, fall_over=3, rise_percent=50, rise_over=3)

    assert verdict(ratio, make_view(points, judged=1)) == expected


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        # Three before is the first of the four.
        pytest.param([100, 1, 1, 150], "anomalous", id="50 % above it"),
        pytest.param([100, 1, 1, 149], "normal", id="less than that"),
        pytest.param([GAP, 1, 1, 150], "NO_HISTORY", id="no other stands in for it"),
        pytest.param([0, 1, 1, 150], "anomalous", id="zero is there"),
    ],
)
def test_the_value_three_periods_before_is_that_one_or_none(points, expected):
    ratio = advanced("exact", rise_percent=50, rise_over=3)

    assert verdict(ratio, make_view(points, judged=1)) == expected


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        # A fall is told from the point before, a rise from two before.
        pytest.param([GAP, 100, 50], "anomalous", id="the fall alone can be told"),
        pytest.param([GAP, 100, 90], "NO_HISTORY", id="no fall, a rise cannot be told"),
        pytest.param([100, 100, 90], "normal", id="neither"),
        pytest.param([50, GAP, 90], "anomalous", id="the rise alone can be told"),
    ],
)
def test_a_point_is_normal_only_if_both_sides_could_be_judged(points, expected):
    ratio = advanced(
        "exact", fall_percent=50, fall_over=1, rise_percent=50, rise_over=2
    )

    assert verdict(ratio, make_view(points, judged=1)) == expected


def test_each_side_tells_of_its_own_past():
    ratio = advanced(
        "exact", fall_percent=50, fall_over=1, rise_percent=50, rise_over=2
    )

    fell = explain(ratio, make_view([60, 100, 50])).params
    rose = explain(ratio, make_view([60, 80, 90])).params

    assert (fell["reference"], fell["ago_s"], fell["percent"]) == (100.0, 60.0, 50.0)
    assert (rose["reference"], rose["ago_s"], rose["percent"]) == (60.0, 120.0, 50.0)


def test_a_mean_says_how_many_points_it_is_of():
    ratio = advanced(rise_percent=50, rise_over=3)

    told = explain(ratio, make_view([GAP, 10, 20, 30])).params

    assert (told["reference"], told["count"], told["known"]) == (15.0, 3.0, 2.0)


@pytest.mark.parametrize(
    ("against", "lookbacks"),
    [
        ("mean", {Lookback(n, n) for n in range(1, 6)}),
        ("exact", {Lookback(2, 2), Lookback(5, 5)}),
    ],
)
def test_it_asks_for_no_more_than_it_needs(against, lookbacks):
    ratio = advanced(against, fall_percent=1, fall_over=5, rise_percent=1, rise_over=2)

    assert set(ratio.lookbacks(60)) == lookbacks


@pytest.mark.parametrize(
    ("kind", "parameters", "field"),
    [
        ("ring_ratio", {}, "rise_percent"),
        ("ring_ratio", {"fall_percent": 0}, "fall_percent"),
        ("ring_ratio", {"fall_percent": -5}, "fall_percent"),
        ("ring_ratio", {"rise_percent": "20"}, "rise_percent"),
        ("ring_ratio", {"rise_percent": np.inf}, "rise_percent"),
        ("ring_ratio_advanced", {"rise_percent": 5}, "rise_over"),
        ("ring_ratio_advanced", {"rise_percent": 5, "rise_over": 0}, "rise_over"),
        ("ring_ratio_advanced", {"rise_percent": 5, "rise_over": 1.5}, "rise_over"),
        ("ring_ratio_advanced", {"rise_percent": 5, "rise_over": 1001}, "rise_over"),
        (
            "ring_ratio_advanced",
            {"rise_percent": 5, "rise_over": 1, "fall_over": 2},
            "fall_over",
        ),
        (
            "ring_ratio_advanced",
            {"rise_percent": 5, "rise_over": 1, "against": "last"},
            "against",
        ),
    ],
)
def test_parameters_that_make_no_sense_are_named(kind, parameters, field):
    with pytest.raises(InvalidInput) as refused:
        make(kind, **parameters)

    assert set(refused.value.fields) == {field}
