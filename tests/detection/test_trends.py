import numpy as np
import pytest

from bkmonitor.detection.trends import Smoothing, Trend, fit_line, fit_seasons, smooth

NAN = np.nan


def one(*oldest_first):
    """Return the points of one series at one moment, as they are handed over."""
    return np.array(oldest_first, dtype=float)[None, None, ::-1].copy()


def scalars(trend):
    return trend.level.item(), trend.slope.item()


@pytest.mark.parametrize(
    ("points", "level", "slope"),
    [
        pytest.param([1, 3, 5, 7], 7, 2, id="a line is itself"),
        pytest.param([5, 5, 5, 5], 5, 0, id="a flat one too"),
        pytest.param([1, 3, 500, 7, 9], 9, 2, id="an outlier does not turn it"),
        pytest.param([1, NAN, 5, NAN, 9], 9, 2, id="a gap leaves it as it is"),
        pytest.param([1, 3, 5, NAN], 7, 2, id="a gap at the end is drawn out to"),
        # Slopes 1, 3, 2 / 1, 1.5, 2: in order 1 1.5 2 2 2 3, the median is 2. Of what
        # is left, 0 - 6, 1 - 4, 4 - 2, 6 - 0 shifted to the end: 6, 5, 6, 6.
        pytest.param([0, 1, 4, 6], 6, 2, id="the median of all slopes"),
        pytest.param([1, NAN, NAN, NAN], NAN, NAN, id="a point is no line"),
    ],
)
def test_a_line_goes_through_the_middle_of_its_points(points, level, slope):
    assert scalars(fit_line(one(*points))) == pytest.approx((level, slope), nan_ok=True)


@pytest.mark.parametrize("size", [2, 31, 32, 33, 64, 100, 361])
def test_however_many_points_a_line_is_itself(size):
    assert scalars(fit_line(one(*(3 + 0.5 * np.arange(size))))) == pytest.approx(
        (3 + 0.5 * (size - 1), 0.5)
    )


def test_a_quarter_of_outliers_does_not_turn_a_line():
    points = np.arange(320.0)
    points[80:160] = 1e9

    level, slope = scalars(fit_line(one(*points)))

    assert slope == pytest.approx(1, abs=1e-9)
    assert level == pytest.approx(319)


DAY = [0, 0, 10, 20, 10, 0]


def test_seasons_are_told_from_the_slope():
    # The season has the median 5: it is 5 less than the day, the level 5 more.
    points = [100 + 0.5 * at + DAY[at % 6] for at in range(18)]

    trend = fit_seasons(one(*points), 6)

    assert scalars(trend) == pytest.approx((113.5, 0.5))
    assert trend.season[:, 0, 0] == pytest.approx([-5, -5, 5, 15, 5, -5])
    assert [trend.predict(ahead).item() for ahead in (1, 4, 7)] == pytest.approx(
        [100 + 0.5 * 18 + 0, 100 + 0.5 * 21 + 20, 100 + 0.5 * 24 + 0]
    )


def test_one_day_out_of_the_ordinary_is_no_season():
    points = np.array([DAY[at % 6] for at in range(30)], dtype=float)
    points[6:12] += [0, 0, 900, 900, 0, 0]

    trend = fit_seasons(one(*points), 6)

    assert trend.predict(4).item() == pytest.approx(20)


def test_a_phase_of_which_nothing_is_known_has_no_season():
    points = np.array([DAY[at % 6] for at in range(12)], dtype=float)
    points[[2, 8]] = NAN

    trend = fit_seasons(one(*points), 6)

    assert trend.season[2].item() == 0
    assert trend.predict(4).item() == pytest.approx(20)


def test_each_point_corrects_what_was_predicted():
    # Begins at level 0 before the points with slope 1. It predicts 1, is 3: an error of
    # 2, half of it to the level, a fifth of that half to the slope: 2 and 1.2. Then it
    # predicts 3.2, is 4: 0.8, so 3.6 and 1.28. A gap: 4.88.
    start = Trend(np.array([[3.0]]), np.array([[1.0]]))
    share = Smoothing(level=0.5, slope=0.2, season=0)

    assert scalars(smooth(one(3, 4, NAN), start, share)) == pytest.approx((4.88, 1.28))


def test_a_season_is_corrected_too():
    # Begins at level 0, slope 0, seasons 1 and -1. The first predicts 1, is 3: an error
    # of 2, half of it to the level, a tenth of the other half to the season. The second
    # predicts 1 - 1, is 0: nothing.
    start = Trend(
        np.zeros((1, 1)), np.zeros((1, 1)), np.array([1.0, -1.0])[:, None, None]
    )
    share = Smoothing(level=0.5, slope=0, season=0.1)

    trend = smooth(one(3, 0), start, share)

    assert scalars(trend) == (1.0, 0.0)
    assert trend.season.ravel() == pytest.approx([1.1, -1.0])
    assert start.season.ravel().tolist() == [1.0, -1.0]


def test_a_line_stays_what_it_is():
    points = one(*np.arange(100.0))

    trend = smooth(points, fit_line(points.copy()), Smoothing(0.3, 0.1, 0))

    assert scalars(trend) == pytest.approx((99, 1))
