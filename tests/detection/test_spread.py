import numpy as np
import pytest

from bkmonitor.detection.port import Lookback
from bkmonitor.lib.errors import InvalidInput
from tests.detection.views import GAP, explain, make, make_view, verdict

# The mean is 5, the standard deviation the root of 32 / 7: 2.138.
AROUND_FIVE = [2, 4, 4, 4, 5, 5, 7, 9]
# The median is 3, the MAD 1: a deviation of 1.4826.
WITH_OUTLIER = [1, 2, 3, 4, 100]


def zscore(**parameters):
    given = {"width": 2, "window": 8, "min_points": 8, "min_width_percent": 0}
    return make("zscore", **(given | parameters))


def mad(**parameters):
    given = {"width": 3, "window": 5, "min_points": 5, "min_width_percent": 0}
    return make("mad", **(given | parameters))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        # 5 + 2 * 2.13809 is 9.27618.
        pytest.param(9.2762, "anomalous", id="more than two deviations above"),
        pytest.param(9.2761, "normal", id="less than two above"),
        pytest.param(0.7238, "anomalous", id="more than two below"),
        pytest.param(0.7239, "normal", id="less than two below"),
        pytest.param(np.inf, "anomalous", id="infinity is above everything"),
        pytest.param(GAP, "GAP", id="a gap"),
    ],
)
def test_a_value_is_held_against_mean_and_deviation_of_the_points_before(
    value, expected
):
    assert verdict(zscore(), make_view([*AROUND_FIVE, value], judged=1)) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        # 3 + 3 * 1.4826 is 7.4478.
        pytest.param(7.4479, "anomalous", id="above"),
        pytest.param(7.4478, "normal", id="on the edge is inside"),
        pytest.param(-1.4479, "anomalous", id="below"),
        pytest.param(0, "normal", id="zero is a value, here a usual one"),
    ],
)
def test_the_median_is_not_moved_by_an_outlier_before(value, expected):
    assert verdict(mad(), make_view([*WITH_OUTLIER, value], judged=1)) == expected


def test_the_mean_is_moved_by_it():
    plain = zscore(window=5, min_points=5)

    assert verdict(plain, make_view([*WITH_OUTLIER, 90], judged=1)) == "normal"


@pytest.mark.parametrize(
    ("side", "value", "expected"),
    [
        ("both", 50, "anomalous"),
        ("both", -50, "anomalous"),
        ("upper", 50, "anomalous"),
        ("upper", -50, "normal"),
        ("lower", 50, "normal"),
        ("lower", -50, "anomalous"),
    ],
)
def test_a_side_that_is_not_looked_at_has_no_edge(side, value, expected):
    view = make_view([*WITH_OUTLIER, value], judged=1)

    assert verdict(mad(side=side), view) == expected
    facts = mad(side=side).judge(view).facts
    assert np.isnan(facts["lower"]).all() == (side == "upper")
    assert np.isnan(facts["upper"]).all() == (side == "lower")


@pytest.mark.parametrize(
    ("parameters", "value", "expected"),
    [
        pytest.param({}, 10.0001, "anomalous", id="without a least width any move is"),
        pytest.param({}, 10, "normal", id="though no move is none"),
        pytest.param({"min_width": 2}, 12, "normal", id="within an absolute one"),
        pytest.param({"min_width": 2}, 12.1, "anomalous", id="beyond it"),
        pytest.param({"min_width_percent": 5}, 10.5, "normal", id="within 5 %"),
        pytest.param({"min_width_percent": 5}, 10.6, "anomalous", id="beyond 5 %"),
    ],
)
@pytest.mark.parametrize("kind", [mad, zscore])
def test_a_flat_line_may_move_by_the_least_width(kind, parameters, value, expected):
    detector = kind(window=5, min_points=5, **parameters)

    assert verdict(detector, make_view([10] * 5 + [value], judged=1)) == expected


def test_the_percentage_is_of_the_size_of_what_is_usual():
    detector = mad(min_width_percent=5)

    assert verdict(detector, make_view([-10] * 5 + [-10.4], judged=1)) == "normal"


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        pytest.param([GAP] * 5, "NO_HISTORY", id="nothing before"),
        pytest.param(
            [GAP, 1, 2, GAP, 3], "TOO_FEW", id="three of five, and four asked"
        ),
        pytest.param([np.inf, 1, 2, GAP, 3], "TOO_FEW", id="an infinity says nothing"),
        pytest.param(
            [0, 1, 2, GAP, 3], "anomalous", id="four of five, one of them zero"
        ),
    ],
)
@pytest.mark.parametrize("kind", ["mad", "zscore"])
def test_a_value_with_too_little_before_it_is_not_judged(kind, before, expected):
    detector = make(kind, window=5, min_points=4)

    assert verdict(detector, make_view([*before, 1000], judged=1)) == expected


def test_the_judged_point_itself_is_not_in_its_window():
    assert zscore().lookbacks(60) == (Lookback(1, 8),)
    assert verdict(zscore(), make_view([5] * 8 + [6], judged=1)) == "anomalous"


def test_more_points_than_the_window_holds_are_not_asked_for():
    with pytest.raises(InvalidInput) as refused:
        make("mad", window=5, min_points=6)

    assert "6 of 5" in refused.value.fields["min_points"]


def test_the_edge_that_was_left_is_told():
    above = explain(mad(), make_view([*WITH_OUTLIER, 9], judged=1))
    below = explain(mad(side="lower"), make_view([*WITH_OUTLIER, -9], judged=1))

    assert above.id == below.id == "mad"
    assert above.params == {"value": 9.0, "edge": pytest.approx(7.4478), "usual": 3.0}
    assert below.params["edge"] == pytest.approx(-1.4478)
