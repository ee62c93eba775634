from datetime import timedelta

import numpy as np
import pytest

from bkmonitor.evaluation.heartbeats import judge_heartbeats
from bkmonitor.evaluation.verdict import HELD, NORMAL
from tests.factories import NOON, make_heartbeat
from tests.verdicts import said, value, why

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)


def verdict(**fields):
    (verdicts,) = judge_heartbeats([make_heartbeat(**fields)], NOON)
    return verdicts


@pytest.mark.parametrize(
    ("fields", "severity"),
    [
        pytest.param({}, HELD, id="never pinged"),
        pytest.param(
            {"last_ping_at": NOON, "deadline_at": NOON + SECOND}, NORMAL, id="in time"
        ),
        pytest.param({"last_ping_at": NOON, "deadline_at": NOON}, 1, id="late"),
        pytest.param({"deadline_at": NOON}, 1, id="its first run is late"),
        pytest.param(
            {"last_ping_at": NOON, "last_failed": True, "severity": 2}, 2, id="failed"
        ),
    ],
)
def test_verdict(fields, severity):
    assert said(verdict(**fields)) == [severity]


def test_lateness_is_told_with_what_was_agreed():
    late = verdict(period_s=600, grace_s=60, last_ping_at=NOON, deadline_at=NOON)

    assert why(late).id == "heartbeat.late"
    assert why(late).params == {
        "period_s": 600,
        "grace_s": 60,
        "last_ping_at": "2026-03-02T12:00:00+00:00",
    }
    assert np.isnan(value(late))


def test_a_failure_is_told_with_its_exit_status():
    failed = verdict(last_ping_at=NOON, last_failed=True, last_exit_status=3)

    assert why(failed).id == "heartbeat.failed"
    assert why(failed).params == {"exit_status": 3}
    assert value(failed) == 3.0


def test_its_return_is_told():
    well = verdict(last_ping_at=NOON, deadline_at=NOON + SECOND)

    assert why(well).id == "heartbeat.up"
