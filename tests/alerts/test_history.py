import numpy as np
import pytest

from bkmonitor.alerts.history import go_on, remember, settle
from bkmonitor.evaluation.memory import KEPT, NO_FLAP, Flap, Memory


@pytest.mark.parametrize(
    ("history", "before", "settled"),
    [
        ([], 10, []),
        ([[1, 2], [5, 0]], 10, [(1, 2), (5, 0)]),
        ([[1, 2], [10, 0]], 10, [(1, 2)]),
        ([[1, 2], [3, 1], [5, 3]], 10, [(1, 3)]),
        ([[1, 2], [3, 1], [5, 0], [7, 2], [8, 1]], 10, [(1, 1), (5, 0), (7, 1)]),
    ],
)
def test_what_was_known_before_a_moment_is_kept_as_short_as_can_be(
    history, before, settled
):
    assert settle(history, before) == settled


def test_no_more_is_kept_than_a_flap_counts():
    history = [[at, at % 2] for at in range(1, 4 * KEPT)]

    assert settle(history, 10**6) == [(at, at % 2) for at in range(3 * KEPT, 4 * KEPT)]


def remembered(settled, moment, flap=NO_FLAP):
    memory = Memory.blank(1)
    remember(memory, 0, settled, moment, flap)
    return int(memory.severity[0]), int(memory.shown[0])


def test_a_problem_that_goes_on_is_remembered_at_its_last_severity():
    assert remembered([(1, 2), (4, 0), (6, 1)], 8) == (1, 1)


def test_a_problem_that_is_over_is_held_back_only_while_the_series_flaps():
    settled = [(1, 2), (4, 0), (6, 1), (7, 0)]

    assert remembered(settled, 8) == (0, 0)
    assert remembered(settled, 8, Flap(3, 10)) == (0, 1)
    assert remembered(settled, 20, Flap(3, 10)) == (0, 0)


def test_a_history_goes_on_with_what_is_judged_anew():
    severity = np.array([2, 2, 0, 1], dtype=np.int8)

    assert go_on([(1, 2)], [5, 6, 7, 8], severity) == [[1, 2], [7, 0], [8, 1]]
    assert go_on([], [5, 6, 7, 8], severity) == [[5, 2], [7, 0], [8, 1]]
