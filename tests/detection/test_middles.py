import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from bkmonitor.detection.middles import (
    MAD_TO_SIGMA,
    take_mean_and_sigma,
    take_median_and_sigma,
    take_medians,
)

NAN = np.nan
NUMBERS = st.floats(-1e6, 1e6) | st.just(NAN)


@pytest.mark.parametrize(
    ("points", "median", "known"),
    [
        pytest.param([3.0, 1.0, 2.0], 2.0, 3, id="the middle one"),
        pytest.param([4.0, 1.0, 2.0, 3.0], 2.5, 4, id="between the middle two"),
        pytest.param([NAN, 5.0, NAN, 1.0, 2.0], 2.0, 3, id="gaps do not count"),
        pytest.param([NAN, 7.0], 7.0, 1, id="one point is its own median"),
        pytest.param([NAN, NAN], NAN, 0, id="nothing has none"),
        pytest.param([0.1, 0.1], 0.1, 2, id="equal points are their median"),
    ],
)
def test_a_median_is_of_what_is_known(points, median, known):
    found, count = take_medians(np.array([points]))

    assert found.tolist() == pytest.approx([median], nan_ok=True, abs=0)
    assert count.tolist() == [known]


def test_the_mad_ignores_what_lies_far_off():
    # The median is 3; the distances 2, 1, 0, 1, 97 have the median 1.
    median, sigma, known = take_median_and_sigma(np.array([1.0, 2.0, 3.0, 4.0, 100.0]))

    assert (median, sigma, known) == (3.0, MAD_TO_SIGMA, 5)


def test_the_deviation_is_that_of_a_sample():
    # The mean is 5, the squares of the distances sum up to 32, of 8 points.
    points = np.array([2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0])

    mean, sigma, known = take_mean_and_sigma(points)

    assert mean == 5.0
    assert sigma == pytest.approx((32 / 7) ** 0.5)
    assert known == 8


@pytest.mark.parametrize("value", [0.1, 1e15 + 0.5, -3e-300, 0.0])
def test_what_never_changes_deviates_by_nothing(value):
    mean, sigma, _ = take_mean_and_sigma(np.full(60, value))

    assert (mean, sigma) == (value, 0.0)


def test_small_changes_of_large_values_are_not_lost():
    points = 1e9 + np.array([0.0, 0.1, 0.2] * 20)

    _, sigma, _ = take_mean_and_sigma(points)

    assert sigma == pytest.approx(0.0823, rel=1e-3)


@given(
    arrays(
        np.float64, st.tuples(st.integers(1, 4), st.integers(1, 20)), elements=NUMBERS
    )
)
def test_they_are_what_the_library_of_python_says(points):
    medians, _ = take_medians(points.copy())
    means, sigmas, known = take_mean_and_sigma(points.copy())

    for row, values in enumerate(points):
        there = values[~np.isnan(values)].tolist()
        assert known[row] == len(there)
        if there:
            assert medians[row] == pytest.approx(statistics.median(there))
            assert means[row] == pytest.approx(statistics.fmean(there), abs=1e-9)
        if len(there) > 1:
            assert sigmas[row] == pytest.approx(statistics.stdev(there), abs=1e-9)
