import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bkmonitor.detection.port import Reason
from bkmonitor.detection.threshold import Limit, Threshold, limit_of, mark_severities
from bkmonitor.lib.errors import InvalidInput
from bkmonitor.lib.sentence import Sentence
from tests.detection.views import make_view

CRITICAL = Limit(1, ">", 90.0)
WARNING = Limit(2, ">", 80.0)


@pytest.mark.parametrize(
    ("value", "severity"),
    [
        pytest.param(95.0, 1, id="beyond both is the more severe"),
        pytest.param(90.0, 2, id="on the limit is not beyond it"),
        pytest.param(80.0, 0, id="below both is normal"),
        pytest.param(np.nan, -1, id="a gap is neither"),
        pytest.param(np.inf, 1, id="infinity is beyond every limit"),
        pytest.param(-np.inf, 0, id="and below"),
    ],
)
def test_each_value_gets_the_most_severe_limit_it_is_beyond(value, severity):
    marked = mark_severities(np.array([[value]]), [WARNING, CRITICAL])

    assert marked.tolist() == [[severity]]


def test_zero_is_a_value():
    marked = mark_severities(np.array([[0.0]]), [Limit(1, "==", 0.0)])

    assert marked.tolist() == [[1]]


def test_any_takes_whatever_is_there():
    marked = mark_severities(np.array([[0.0, np.nan]]), [Limit(3, "any", None)])

    assert marked.tolist() == [[3, -1]]


@given(st.lists(st.floats(allow_nan=True), min_size=1, max_size=30), st.randoms())
def test_the_order_of_series_does_not_matter(values, random):
    order = list(range(len(values)))
    random.shuffle(order)
    column = np.array(values)[:, None]

    marked = mark_severities(column, [WARNING, CRITICAL])
    shuffled = mark_severities(column[order], [CRITICAL, WARNING])

    assert shuffled[:, 0].tolist() == marked[order, 0].tolist()


def test_the_limit_that_was_broken_is_the_one_that_is_told():
    limits = [Limit(1, "<", 5.0), Limit(1, ">", 90.0)]

    assert limit_of(1, 95.0, limits).operator == ">"


@pytest.mark.parametrize(
    ("severity", "operator", "value"),
    [(0, ">", 1.0), (1, "~", 1.0), (1, ">", None), (1, ">", float("nan"))],
)
def test_a_limit_that_makes_no_sense_is_refused(severity, operator, value):
    with pytest.raises(InvalidInput):
        Limit(severity, operator, value)


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
