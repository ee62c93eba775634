import numpy as np
import pytest

from bkmonitor.detection.port import Lookback
from bkmonitor.lib.errors import InvalidInput
from tests.detection.views import GAP, explain, make, make_view, verdict


def rate(**parameters):
    return make("rate_of_change", **parameters)


@pytest.mark.parametrize(
    ("before", "value", "parameters", "expected"),
    [
        # One step is a minute.
        (100, 111, {"limit": 10}, "anomalous"),
        (100, 110, {"limit": 10}, "normal"),
        (100, 89, {"limit": 10}, "anomalous"),
        (100, 111, {"limit": 10, "direction": "up"}, "anomalous"),
        (100, 111, {"limit": 10, "direction": "down"}, "normal"),
        (100, 89, {"limit": 10, "direction": "down"}, "anomalous"),
        (100, 89, {"limit": 10, "direction": "up"}, "normal"),
        (0, 61, {"limit": 1, "per": "second"}, "anomalous"),
        (0, 60, {"limit": 1, "per": "second"}, "normal"),
        (5, 0, {"limit": 299, "per": "hour"}, "anomalous"),
        (5, 0, {"limit": 300, "per": "hour"}, "normal"),
        (200, 221, {"limit_percent": 10}, "anomalous"),
        (200, 220, {"limit_percent": 10}, "normal"),
        (-200, -221, {"limit_percent": 10}, "anomalous"),
        (0, 1, {"limit_percent": 1000}, "anomalous"),
        (0, 0, {"limit_percent": 1000}, "normal"),
        (GAP, 1, {"limit": 1}, "NO_HISTORY"),
        (-np.inf, 1, {"limit": 1}, "NO_HISTORY"),
        (1, GAP, {"limit": 1}, "GAP"),
        (1, np.inf, {"limit": 1}, "anomalous"),
    ],
)
def test_a_value_may_not_be_reached_too_fast(before, value, parameters, expected):
    view = make_view([before, value], judged=1)

    assert verdict(rate(**parameters), view) == expected


def test_it_is_the_point_so_many_steps_before_that_counts():
    # 12 in three minutes are 4 a minute, though the last minute brought 12.
    view = make_view([0, 0, 0, 12], judged=1)

    assert rate(limit=4, steps=3).lookbacks(60) == (Lookback(3, 3),)
    assert verdict(rate(limit=3.9, steps=3), view) == "anomalous"
    assert verdict(rate(limit=4, steps=3), view) == "normal"
    assert verdict(rate(limit=4), view) == "anomalous"


@pytest.mark.parametrize(
    ("before", "parameters", "told"),
    [
        (100, {"limit": 3}, {"rate": 4.0, "in": "value", "per": "minute"}),
        (160, {"limit": 3}, {"rate": -8.0}),
        (160, {"limit_percent": 1}, {"rate": -5.0, "in": "percent", "limit": 1.0}),
        (0, {"limit_percent": 1}, {"rate": "inf"}),
    ],
)
def test_the_rate_is_told(before, parameters, told):
    view = make_view([before, 0, 0, 0, 0, 120], judged=1)

    sentence = explain(rate(steps=5, **parameters), view)

    assert sentence.id == "rate_of_change"
    assert sentence.params["before"] == before
    assert sentence.params["over_s"] == 300
    assert sentence.params.items() >= told.items()


@pytest.mark.parametrize("limits", [{}, {"limit": 1, "limit_percent": 1}])
def test_one_limit_is_needed(limits):
    with pytest.raises(InvalidInput) as refused:
        rate(**limits)

    assert "not both" in refused.value.fields["limit"]
