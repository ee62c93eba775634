from datetime import timedelta

import pytest

from bkmonitor.probes.lateness import Standing, deadline, postponed, stand, time_away
from tests.factories import NOON

MINUTE = timedelta(minutes=1)
LIMITS = {"period_s": 600, "grace_s": 60}


@pytest.mark.parametrize(
    ("ping", "start", "minutes"),
    [
        pytest.param(0, None, 11, id="a period and the grace after the last ping"),
        pytest.param(0, 5, 6, id="a run may take the grace, whatever the period"),
        pytest.param(0, 10.5, 11, id="a run does not stretch the period"),
        pytest.param(None, 0, 1, id="the first run may take the grace"),
    ],
)
def test_deadline(ping, start, minutes):
    last_ping_at = None if ping is None else NOON + ping * MINUTE
    last_start_at = None if start is None else NOON + start * MINUTE

    assert deadline(last_ping_at, last_start_at, **LIMITS) == NOON + minutes * MINUTE


def test_without_any_sign_nothing_is_waited_for():
    assert deadline(None, None, **LIMITS) is None


@pytest.mark.parametrize(
    ("signs", "standing"),
    [
        ({"last_ping_at": None, "deadline_at": None}, Standing.NEW),
        ({"deadline_at": NOON + timedelta(microseconds=1)}, Standing.UP),
        ({"deadline_at": NOON}, Standing.LATE),
        ({"last_ping_at": None, "deadline_at": NOON}, Standing.LATE),
        ({"deadline_at": NOON, "last_failed": True}, Standing.FAILED),
        ({"deadline_at": None}, Standing.UP),
    ],
)
def test_standing(signs, standing):
    signs = {"last_ping_at": NOON - MINUTE, "last_failed": False} | signs

    assert stand(now=NOON, **signs) is standing


@pytest.mark.parametrize(
    ("judged_s_ago", "away_s"),
    [
        pytest.param(5, 0, id="as always"),
        pytest.param(30, 0, id="a round that took long"),
        pytest.param(31, 31, id="an outage"),
        pytest.param(-60, 0, id="a clock that was put back"),
    ],
)
def test_time_away(judged_s_ago, away_s):
    judged_at = NOON - timedelta(seconds=judged_s_ago)

    assert time_away(judged_at, NOON) == timedelta(seconds=away_s)


def test_who_never_judged_was_not_away():
    assert time_away(None, NOON) == timedelta(0)


@pytest.mark.parametrize(
    ("deadline", "away", "moved"),
    [
        pytest.param(-1, 4, 4, id="passed while nobody listened"),
        pytest.param(1, 4, 5, id="to pass soon after"),
        pytest.param(-1, 300, 11, id="as if it had pinged now, at most"),
        pytest.param(10, 300, 11, id="a whole period, after an outage of hours"),
        pytest.param(15, 300, 15, id="never sooner than before"),
    ],
)
def test_a_deadline_after_an_outage_in_minutes_from_the_return(deadline, away, moved):
    later = postponed(NOON + deadline * MINUTE, away=away * MINUTE, now=NOON, **LIMITS)

    assert later == NOON + moved * MINUTE
