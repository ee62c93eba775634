import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bkmonitor.detection.threshold import Limit, limit_of, mark_severities
from bkmonitor.lib.errors import InvalidInput

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
