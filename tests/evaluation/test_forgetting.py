import numpy as np
import pytest

from bkmonitor.evaluation.forgetting import find_gaps, forgotten, let_go
from bkmonitor.evaluation.levels import FIRES, HOLDS, OVER

BEFORE, HERE = -np.inf, np.nan


@pytest.mark.parametrize(
    ("there", "gaps"),
    [
        pytest.param("xxxx", [HERE] * 4, id="no gap"),
        pytest.param("x..x", [HERE, 60, 60, HERE], id="one in the middle"),
        pytest.param(".x.x", [BEFORE, HERE, 120, HERE], id="one began before"),
        pytest.param("....", [BEFORE] * 4, id="nothing at all"),
        pytest.param("xx..", [HERE, HERE, 120, 120], id="one that goes on"),
    ],
)
def test_a_gap_begins_with_the_first_place_without_a_sample(there, gaps):
    found = find_gaps(np.array([[one == "x" for one in there]]), np.arange(4) * 60)

    np.testing.assert_array_equal(found, [gaps])


def test_who_has_had_no_sample_for_so_long_is_forgotten():
    gaps = np.array([[HERE, 60.0, 60.0, 60.0]])

    assert forgotten(gaps, np.arange(4) * 60.0, 120).tolist() == [
        [False, False, False, True]
    ]


def test_only_what_is_held_is_let_go():
    states = np.array([[[FIRES, HOLDS, OVER]], [[FIRES, HOLDS, OVER]]], dtype=np.int8)

    assert let_go(states, np.array([[True], [False]])).tolist() == [
        [[FIRES, OVER, OVER]],
        [[FIRES, HOLDS, OVER]],
    ]
