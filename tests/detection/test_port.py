import numpy as np

from bkmonitor.detection.port import View
from tests.detection.views import STEP_S, make_view


def test_looking_back_gives_the_nearest_point_first():
    view = make_view([1.0, 2.0, 3.0, 4.0, 5.0], judged=2)

    assert view.values.tolist() == [[4.0, 5.0]]
    assert view.back(1, 3).tolist() == [[[3.0, 2.0, 1.0], [4.0, 3.0, 2.0]]]


def test_looking_back_is_what_each_step_back_gives():
    view = make_view(range(20), [np.nan, *range(19)], judged=5)

    for nearest, farthest in [(0, 0), (0, 4), (7, 12), (14, 19)]:
        steps = range(nearest, farthest + 1)
        one_by_one = np.stack([view.at(step) for step in steps], axis=-1)
        assert np.array_equal(view.back(nearest, farthest), one_by_one, equal_nan=True)


def test_points_that_nobody_fetched_are_gaps():
    view = make_view([1.0, 2.0, 3.0], judged=1)
    holed = View(view.times, view.labels, STEP_S, view.grid[::2], view.known[:, ::2])
    blind = View(view.times, view.labels, STEP_S, view.grid[:0], view.known[:, :0])

    assert np.array_equal(holed.back(0, 3), [[[3, np.nan, 1, np.nan]]], equal_nan=True)
    assert np.isnan(blind.back(0, 3)).all()


def test_nothing_to_judge_has_nothing_before_it():
    assert make_view([1.0, 2.0], judged=0).back(1, 3).shape == (1, 0, 3)


def test_points_that_neighbours_share_are_held_once():
    windows = make_view(range(2000), judged=1000).back(1, 1000)

    first, second = windows[0, 0], windows[0, 1]
    assert np.shares_memory(first[:-1], second[1:])
