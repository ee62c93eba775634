import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bkmonitor.evaluation.levels import FIRES, HOLDS, OVER
from bkmonitor.evaluation.memory import KEPT, NO_FLAP, Flap, Memory, advance
from bkmonitor.lib.errors import InvalidInput

STATE = {"F": FIRES, "H": HOLDS, "o": OVER}


def live(*moments, flap=NO_FLAP):
    """What one series shows after each moment, each given as its three severities."""
    memory, shown = Memory.blank(1), []
    for at, moment in enumerate(moments):
        states = np.array([[STATE[letter] for letter in moment]], dtype=np.int8)
        memory = advance(memory, states, 60.0 * at, flap)
        shown.append(int(memory.shown[0]))
    return shown


def test_the_most_severe_level_that_fires_decides():
    assert live("oFF", "FFF", "ooF") == [2, 1, 3]


def test_a_level_gives_way_to_a_less_severe_one_only_when_it_is_over():
    assert live("FFo", "HFo", "HFo", "oFo") == [1, 1, 1, 2]


def test_what_holds_keeps_the_severity_it_had():
    assert live("oFo", "HHH", "oHo", "oHo") == [2, 2, 2, 2]


def test_what_holds_opens_nothing():
    assert live("HHH", "oHo") == [0, 0]


def test_a_level_that_holds_under_a_worse_one_takes_over_when_that_is_over():
    assert live("Foo", "oHo") == [1, 2]


def test_a_series_that_changes_too_often_is_held_firing():
    flap = Flap(count=4, window_s=600)

    shown = live("oFo", "ooo", "oFo", "ooo", "oFo", "ooo", flap=flap)

    assert shown == [2, 0, 2, 2, 2, 2]


def test_it_is_let_go_when_it_has_been_calm_for_the_window():
    flap = Flap(count=4, window_s=300)
    flapping = ["oFo", "ooo", "oFo", "ooo"]

    shown = live(*flapping, *["ooo"] * 4, flap=flap)

    assert shown == [2, 0, 2, 2, 2, 0, 0, 0]


def test_one_episode_however_long_is_no_flapping():
    assert live(*["oFo"] * 9, "ooo", flap=Flap(2, 60)) == [2] * 9 + [0]


def test_a_flap_of_more_changes_than_are_kept_is_refused():
    with pytest.raises(InvalidInput, match=str(KEPT + 1)):
        Flap(KEPT + 1, 60)


letters = st.text("FHo", min_size=3, max_size=3)


@given(st.lists(st.lists(letters, min_size=4, max_size=4), min_size=1, max_size=5))
def test_all_series_at_once_do_what_each_does_alone(series):
    flap = Flap(3, 200)
    memory = Memory.blank(len(series))
    together = []
    for at in range(4):
        states = np.array(
            [[STATE[letter] for letter in one[at]] for one in series], dtype=np.int8
        )
        memory = advance(memory, states, 60.0 * at, flap)
        together.append(memory.shown.tolist())

    assert [list(one) for one in zip(*together, strict=True)] == [
        live(*one, flap=flap) for one in series
    ]
