import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bkmonitor.evaluation.trigger import GAP, judge, points_needed
from bkmonitor.evaluation.verdict import HELD, NORMAL
from bkmonitor.lib.errors import InvalidInput

POINT = {"X": 1, "2": 2, "3": 3, ".": 0, "-": GAP}


def points(*lines):
    return np.array([[POINT[mark] for mark in line] for line in lines], dtype=np.int8)


def verdicts(line, *, count, window, recovery=1, **rest):
    """What is said at each point of a timeline, in its order."""
    needed = points_needed(window=window, recovery=recovery)
    said = []
    for end in range(1, len(line) + 1):
        seen = points(line[max(0, end - needed) : end])
        said += judge(
            seen, count=count, window=window, recovery=recovery, **rest
        ).tolist()
    return said


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
    said = verdicts(line, count=2, window=5, recovery=5)

    assert [at for at, severity in enumerate(said, 1) if severity > 0] == fires_at


def test_it_is_over_when_no_window_of_the_recovery_holds_enough():
    said = verdicts("XX........", count=2, window=5, recovery=5)

    assert said == [NORMAL, 1, 1, 1, 1, HELD, HELD, HELD, HELD, NORMAL]


def test_with_one_of_one_the_first_good_point_ends_it():
    assert verdicts(".X.", count=1, window=1) == [NORMAL, 1, NORMAL]


def test_without_its_newest_point_a_series_stays_as_it_is():
    assert verdicts("X--", count=1, window=1) == [1, HELD, HELD]


def test_where_absent_means_normal_a_gap_ends_it():
    assert verdicts("X-", count=1, window=1, gap_is_normal=True) == [1, NORMAL]


def test_the_most_severe_level_with_enough_hits_is_told():
    lines = points("2X", "XX", "33", "3X", "32")

    said = judge(lines, count=2, window=2)

    assert said.tolist() == [2, 1, 3, 3, 3]


def test_a_shorter_history_is_used_as_it_is():
    assert judge(points("X", "."), count=1, window=5, recovery=9).tolist() == [1, 0]


def test_without_any_point_nothing_is_said():
    said = judge(np.empty((2, 0), dtype=np.int8), count=1, window=1)

    assert said.tolist() == [HELD, HELD]


@pytest.mark.parametrize(("count", "window", "recovery"), [(0, 1, 1), (2, 1, 1), (1, 1, 0)])  # fmt: skip
def test_an_impossible_trigger_is_refused(count, window, recovery):
    with pytest.raises(InvalidInput, match="1 <= count <= window"):
        judge(points("X"), count=count, window=window, recovery=recovery)


lines = st.text("X23.-", min_size=7, max_size=7)
triggers = st.tuples(st.integers(1, 4), st.integers(4, 5), st.integers(1, 3))


def slowly(line, count, window, recovery):
    """Say the same by counting, one window after the other."""
    if line[-1] == "-":
        return HELD
    for level in (1, 2, 3):
        if sum(0 < POINT[mark] <= level for mark in line[-window:]) >= count:
            return level
    for back in range(recovery):
        end = len(line) - back
        seen = line[max(0, end - window) : end]
        if sum(POINT[mark] > 0 for mark in seen) >= count:
            return HELD
    return NORMAL


@given(st.lists(lines, min_size=1, max_size=6), triggers)
def test_all_series_at_once_say_what_each_says_alone(many, trigger):
    count, window, recovery = trigger

    said = judge(points(*many), count=count, window=window, recovery=recovery)

    assert said.tolist() == [slowly(line, *trigger) for line in many]


@given(lines, triggers)
def test_a_higher_count_is_never_more_severe(line, trigger):
    count, window, recovery = trigger
    rank = {1: 3, 2: 2, 3: 1, HELD: 0, NORMAL: 0}

    one, other = (
        judge(points(line), count=n, window=window, recovery=recovery)[0]
        for n in (count, min(count + 1, window))
    )

    assert rank[int(other)] <= rank[int(one)]


@given(lines, triggers)
def test_a_gap_instead_of_an_anomaly_never_makes_it_worse(line, trigger):
    count, window, recovery = trigger
    rank = {1: 3, 2: 2, 3: 1, HELD: 0, NORMAL: 0}
    emptied = line.replace("X", "-", 1)

    one, other = (
        judge(points(each), count=count, window=window, recovery=recovery)[0]
        for each in (line, emptied)
    )

    assert rank[int(other)] <= rank[int(one)]
