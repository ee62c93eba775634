from datetime import timedelta

import pytest

from bkmonitor.routing.standing import (
    LOOK_EVERY,
    REPEAT_EVERY,
    Moment,
    Standing,
    Step,
    on_change,
    on_look,
)
from tests.factories import NOON

ANN, BOB = 1, 2
BOTH = frozenset({ANN, BOB})
EVENING = NOON + timedelta(hours=6)
MORNING = NOON + timedelta(hours=20)
DAY = Moment(NOON, BOTH)
NIGHT = Moment(EVENING, BOTH, quiet_until=MORNING)
NOBODY = Moment(NOON, frozenset())
# Who was told, what is held.
NEW = Standing()
TOLD = Standing(frozenset({ANN}), look_at=NOON)
HELD = Standing(held="fired", muted_until=MORNING, look_at=MORNING)
HELD_END = Standing(
    frozenset({ANN}), held="resolved", muted_until=MORNING, look_at=MORNING
)


def of(step: Step):
    return step.reason, step.tell, step.standing.held, step.note


@pytest.mark.parametrize(
    ("standing", "kind", "moment", "expected"),
    [
        pytest.param(NEW, "fired", DAY, ("fired", BOTH, "", ""), id="told"),
        pytest.param(NEW, "fired", NOBODY, ("fired", set(), "", "no_receiver"), id="nobody there"),
        pytest.param(TOLD, "worsened", DAY, ("worsened", BOTH, "", ""), id="worse"),
        pytest.param(TOLD, "resolved", DAY, ("resolved", {ANN}, "", ""), id="over, for who knew"),
        pytest.param(NEW, "resolved", DAY, ("", set(), "", "began_untold"), id="over, nobody knew"),
        pytest.param(NEW, "fired", NIGHT, ("", set(), "fired", "muted"), id="muted"),
        pytest.param(HELD, "worsened", NIGHT, ("", set(), "fired", ""), id="muted and worse"),
        pytest.param(HELD, "resolved", NIGHT, ("", set(), "", "ended_muted"), id="over in one night"),
        pytest.param(TOLD, "worsened", NIGHT, ("", set(), "worsened", "muted"), id="worse at night"),
        pytest.param(TOLD, "resolved", NIGHT, ("", set(), "resolved", "muted"), id="over at night"),
        pytest.param(HELD, "worsened", DAY, ("fired", BOTH, "", ""), id="worse before the look"),
        pytest.param(HELD, "resolved", DAY, ("", set(), "", "ended_muted"), id="over before the look"),
    ],
)  # fmt: skip
def test_what_comes_of_a_change(standing, kind, moment, expected):
    assert of(on_change(standing, kind, moment)) == expected


FIRING = {"firing": True, "taken": False}
TAKEN = {"firing": True, "taken": True}
OVER = {"firing": False, "taken": False}


@pytest.mark.parametrize(
    ("standing", "alert", "moment", "expected"),
    [
        pytest.param(TOLD, FIRING, DAY, ("repeat", BOTH, "", ""), id="still firing"),
        pytest.param(TOLD, TAKEN, DAY, ("", set(), "", ""), id="somebody has it"),
        pytest.param(TOLD, OVER, DAY, ("", set(), "", ""), id="over"),
        pytest.param(TOLD, FIRING, NIGHT, ("", set(), "", "muted"), id="no repeat at night"),
        pytest.param(TOLD, TAKEN, NIGHT, ("", set(), "", ""), id="no note for who has it"),
        pytest.param(HELD, FIRING, NIGHT, ("", set(), "fired", ""), id="still night"),
        pytest.param(HELD, FIRING, DAY, ("fired", BOTH, "", ""), id="morning"),
        pytest.param(HELD, FIRING, NOBODY, ("fired", set(), "", "no_receiver"), id="nobody there"),
        pytest.param(HELD, TAKEN, DAY, ("", set(), "fired", ""), id="taken at night"),
        pytest.param(HELD_END, OVER, NIGHT, ("", set(), "resolved", ""), id="end waits"),
        pytest.param(HELD_END, OVER, DAY, ("resolved", {ANN}, "", ""), id="end is told"),
    ],
)  # fmt: skip
def test_what_comes_of_a_look(standing, alert, moment, expected):
    assert of(on_look(standing, moment, **alert)) == expected


def test_what_is_muted_is_looked_at_when_active_time_begins_and_before():
    soon = Moment(NOON, BOTH, quiet_until=NOON + timedelta(minutes=5))

    assert on_change(NEW, "fired", soon).standing.look_at == soon.quiet_until
    assert on_change(NEW, "fired", NIGHT).standing.look_at == EVENING + LOOK_EVERY
    assert on_change(NEW, "fired", NIGHT).standing.muted_until == MORNING


def test_what_is_told_is_looked_at_again_and_muted_no_more():
    step = on_look(HELD, DAY, **FIRING)

    assert step.standing == Standing(BOTH, look_at=NOON + REPEAT_EVERY)


def test_of_what_is_over_nothing_is_left():
    for step in (on_change(TOLD, "resolved", DAY), on_look(HELD_END, DAY, **OVER)):
        assert step.standing.look_at is None
        assert step.standing.muted_until is None
