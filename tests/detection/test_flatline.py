import numpy as np
import pytest

from bkmonitor.detection.port import Lookback
from tests.detection.views import GAP, explain, make, make_view, verdict


def flatline(**parameters):
    return make("flatline", **({"points": 4} | parameters))


@pytest.mark.parametrize(
    ("values", "tolerance", "expected"),
    [
        pytest.param([5, 5, 5, 5], 0, "anomalous", id="the same all the time"),
        pytest.param([0, 0, 0, 0], 0, "anomalous", id="zero is a value"),
        pytest.param([5, 5, 6, 5], 0, "normal", id="it moved"),
        pytest.param([5, 5, 6, 5], 1, "anomalous", id="by no more than tolerated"),
        pytest.param([5, 5.5, 6, 6.5], 1, "normal", id="a slow climb is a move"),
        pytest.param(
            [9, 5, 5, 5, 5], 0, "anomalous", id="what was before is no matter"
        ),
        pytest.param([5, GAP, 5, 5], 0, "TOO_FEW", id="a gap may hide a move"),
        pytest.param([GAP, GAP, GAP, 5], 0, "NO_HISTORY", id="nothing before"),
        pytest.param([5, 5, 5, GAP], 0, "GAP", id="a gap"),
        pytest.param([np.inf] * 4, 0, "anomalous", id="stuck at infinity"),
        pytest.param([np.inf, -np.inf, 0, 0], 9, "normal", id="back from infinity"),
    ],
)
def test_what_does_not_move_is_an_anomaly(values, tolerance, expected):
    view = make_view(values, judged=1)

    assert verdict(flatline(tolerance=tolerance), view) == expected


def test_each_point_has_its_own_time_before():
    found = flatline().judge(make_view([1, 2, 2, 2, 2, 3], judged=3))

    assert found.anomalous.tolist() == [[False, True, False]]


def test_it_asks_for_the_points_that_make_up_the_time():
    assert flatline().lookbacks(60) == (Lookback(1, 3),)


def test_it_tells_how_long_and_between_what():
    sentence = explain(flatline(tolerance=1), make_view([5, 5, 5.5, 5.25], judged=1))

    assert sentence.id == "flatline"
    assert sentence.params == {
        "value": 5.25, "lowest": 5.0, "highest": 5.5, "for_s": 180.0,
    }  # fmt: skip
