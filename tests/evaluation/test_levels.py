import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bkmonitor.evaluation.levels import (
    FIRES,
    GAP,
    HOLDS,
    OVER,
    Trigger,
    judge_level,
    stack_levels,
)
from bkmonitor.lib.errors import InvalidInput

POINT = {"X": 1, ".": 0, "-": GAP}
SAID = {FIRES: "F", HOLDS: "H", OVER: "o"}


def points(*lines):
    return np.array([[POINT[mark] for mark in line] for line in lines], dtype=np.int8)


def said(line, trigger, **rest):
    """What is said at each point of a timeline, in its order."""
    states = judge_level(points(line), trigger, len(line), **rest)
    return "".join(SAID[state] for state in states[0].tolist())


@pytest.mark.parametrize(
    ("line", "fires_at"),
    [
        pytest.param("X.X", [3], id="the window need not be anomalous in a row"),
        pytest.param("X....X", [], id="six minutes apart is not 2 of 5"),
        pytest.param("X-X", [3], id="a missing point does not break the window"),
        pytest.param("X----X", [], id="a missing point takes its place in the window"),
        pytest.param("XX", [2], id="two in a row"),
    ],
)
def test_two_of_five(line, fires_at):
    found = said(line, Trigger(2, 5, 5))

    assert [at for at, state in enumerate(found, 1) if state == "F"] == fires_at


def test_it_is_over_when_no_window_of_the_recovery_holds_enough():
    assert said("XX........", Trigger(2, 5, 5)) == "oFFFFHHHHo"


def test_with_one_of_one_the_first_good_point_ends_it():
    assert said(".X.", Trigger()) == "oFo"


def test_without_its_newest_point_a_series_stays_as_it_is():
    assert said("X--", Trigger()) == "FHH"


def test_points_before_the_first_are_normal():
    assert said("X.", Trigger(1, 5, 9)) == "FF"


def test_a_recovery_condition_holds_what_is_not_yet_what_it_asks_for():
    bad_still = np.array([[True, True, True, False, False]])

    found = said("X....", Trigger(1, 1, 2), still_bad=bad_still)

    assert found == "FHHHo"


def test_only_the_moments_asked_for_are_said():
    states = judge_level(points("X.X"), Trigger(2, 3), 1)

    assert states.tolist() == [[FIRES]]


@pytest.mark.parametrize(
    ("count", "window", "recovery"), [(0, 1, 1), (2, 1, 1), (1, 1, 0)]
)
def test_an_impossible_trigger_is_refused(count, window, recovery):
    with pytest.raises(InvalidInput, match="1 <= count <= window"):
        Trigger(count, window, recovery)


def test_a_severity_that_is_not_asked_for_is_over_unless_nothing_was_seen():
    whole = stack_levels({2: points("X-.")})

    assert whole[0].tolist() == [
        [OVER, FIRES, OVER],
        [HOLDS, HOLDS, HOLDS],
        [OVER, OVER, OVER],
    ]


lines = st.text("X.-", min_size=9, max_size=9)
triggers = st.builds(Trigger, st.integers(1, 4), st.integers(4, 5), st.integers(1, 3))


def slowly(line, trigger, at):
    """Say the same of one point by counting, one window after the other."""
    if line[at] == "-":
        return "H"
    windows = [line[max(0, end - trigger.window) : max(0, end)]
               for end in range(at + 1, at + 1 - trigger.recovery, -1)]  # fmt: skip
    if windows[0].count("X") >= trigger.count:
        return "F"
    return "H" if any(one.count("X") >= trigger.count for one in windows) else "o"


@given(st.lists(lines, min_size=1, max_size=6), triggers)
def test_all_series_and_moments_at_once_say_what_each_says_alone(many, trigger):
    states = judge_level(points(*many), trigger, 9)

    for line, row in zip(many, states.tolist(), strict=True):
        alone = [slowly(line, trigger, at) for at in range(9)]
        assert [SAID[state] for state in row] == alone


@given(lines, triggers)
def test_what_a_moment_says_depends_on_nothing_after_it(line, trigger):
    whole = said(line, trigger)

    assert [said(line[:end], trigger)[-1] for end in range(1, 10)] == list(whole)


@given(lines, triggers)
def test_a_gap_instead_of_an_anomaly_never_makes_it_fire(line, trigger):
    emptied = line.replace("X", "-", 1)

    before, after = said(line, trigger), said(emptied, trigger)

    fires = {at for at, state in enumerate(after) if state == "F"}
    assert fires <= {at for at, state in enumerate(before) if state == "F"}
