import numpy as np
import pytest

from bkmonitor.detection.port import Reason
from bkmonitor.detection.threshold import Threshold
from bkmonitor.lib.sentence import Sentence
from tests.detection.views import make_view


def threshold(*groups):
    """Return a detector of groups of (operator, limit)."""
    return Threshold(
        [
            [{"operator": sign, "value": value} for sign, value in group]
            for group in groups
        ]
    )


@pytest.mark.parametrize(
    ("groups", "values", "anomalous"),
    [
        pytest.param([[(">", 90)]], [89, 90, 91], [0, 0, 1], id="above"),
        pytest.param([[(">=", 90)]], [89, 90, 91], [0, 1, 1], id="at or above"),
        pytest.param([[("<", 0)]], [-1, 0, 1], [1, 0, 0], id="below"),
        pytest.param([[("<=", 0)]], [-1, 0, 1], [1, 1, 0], id="at or below"),
        pytest.param([[("==", 0)]], [-1, 0, 1], [0, 1, 0], id="zero is a value"),
        pytest.param([[("!=", 0)]], [-1, 0, 1], [1, 0, 1], id="unequal"),
        pytest.param(
            [[(">", 10), ("<", 20)]], [10, 15, 20], [0, 1, 0], id="within a range"
        ),
        pytest.param(
            [[("<", 10)], [(">", 20)]], [9, 15, 21], [1, 0, 1], id="out of a range"
        ),
        pytest.param(
            [[("!=", 1), ("!=", 2)]], [1, 2, 3], [0, 0, 1], id="neither of two"
        ),
        pytest.param(
            [[(">", 5)]], [np.inf, -np.inf, 0], [1, 0, 0], id="infinities compare"
        ),
    ],
)
def test_values_are_held_against_or_of_and(groups, values, anomalous):
    found = threshold(*groups).judge(make_view(values))

    assert found.anomalous.tolist() == [[bool(each) for each in anomalous]]
    assert not found.unjudged.any()


@pytest.mark.parametrize("sign", ["==", "!=", "<", ">"])
def test_a_gap_is_beyond_no_limit_and_is_said_to_be_a_gap(sign):
    found = threshold([(sign, 1)]).judge(make_view([np.nan]))

    assert found.anomalous.tolist() == [[False]]
    assert found.unjudged.tolist() == [[Reason.GAP]]


def test_the_limit_that_was_crossed_is_told():
    outside = threshold([("<", 10)], [(">", 90)])

    assert outside.explain({"value": 95.0}) == Sentence(
        "limit", {"value": 95.0, "operator": ">", "limit": 90.0}
    )


def test_all_limits_of_a_group_are_told():
    inside = threshold([(">", 10), ("<", 20)])

    assert inside.explain({"value": np.float64(15)}).params == {
        "value": 15.0,
        "limits": [
            {"operator": ">", "limit": 10.0},
            {"operator": "<", "limit": 20.0},
        ],
    }


def test_infinity_is_told_in_a_way_that_json_can_hold():
    assert threshold([(">", 1)]).explain({"value": np.inf}).params["value"] == "inf"
