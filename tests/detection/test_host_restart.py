import pytest

from bkmonitor.detection.port import Lookback
from tests.detection.views import GAP, explain, make, make_view, verdict

RESTART = make("host_restart")


@pytest.mark.parametrize(
    ("uptimes", "expected"),
    [
        pytest.param([86_400, 86_460, 30], "anomalous", id="long, then short"),
        pytest.param([86_400, 0], "anomalous", id="an uptime of zero is a value"),
        pytest.param([86_400, 600], "anomalous", id="ten minutes is short"),
        pytest.param([86_400, 601], "normal", id="more is not"),
        pytest.param([86_400, 30, 90], "anomalous", id="one point after the restart"),
        pytest.param([86_400, *[GAP] * 30, 5], "anomalous", id="down for half an hour"),
        pytest.param([30, 90, 150], "NO_HISTORY", id="growing since first seen"),
        pytest.param([30, 30, 90], "NO_HISTORY", id="a point that was read twice"),
        pytest.param(
            [86_400, *[GAP] * 60, 30, 90], "NO_HISTORY", id="down for too long"
        ),
        pytest.param([GAP, GAP, 30], "NO_HISTORY", id="a host nobody saw before"),
        pytest.param([GAP, GAP, 9000], "normal", id="up for long, whatever was before"),
        pytest.param([86_400, GAP], "GAP", id="a gap"),
        pytest.param([86_400, -5], "normal", id="a clock that is wrong"),
    ],
)
def test_a_host_restarted_if_it_was_up_for_longer_before(uptimes, expected):
    assert verdict(RESTART, make_view(uptimes, judged=1)) == expected


def test_points_older_than_the_window_are_not_asked_for():
    detector = make("host_restart", known_s=1500)

    assert detector.lookbacks(60) == (Lookback(1, 25),)
    uptimes = [86_400, *[GAP] * 25, 5]
    assert verdict(detector, make_view(uptimes, judged=1)) == "NO_HISTORY"


def test_the_uptime_before_is_told():
    sentence = explain(RESTART, make_view([86_400, 30]))

    assert sentence.params == {"value": 30.0, "before": 86_400.0}
