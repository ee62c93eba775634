from datetime import timedelta

import pytest

from bkmonitor.probes.lateness import Standing, deadline, stand
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
