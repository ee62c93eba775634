"""What the corridor says of heartbeats, in normal running and after outages of our own."""

from datetime import timedelta

import pytest

from bkmonitor.alerts.models import Alert
from bkmonitor.pipeline.flow import judge_due_heartbeats
from bkmonitor.probes.models import Heartbeat, Listening, Ping
from bkmonitor.probes.pings import Sign
from bkmonitor.probes.services import receive_ping, save_heartbeat
from tests.factories import NOON, make_heartbeat

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)
ROUND = 5 * SECOND


@pytest.fixture
def beat():
    """Give a heartbeat that pinged at noon and is late 90 s afterwards."""
    heartbeat = make_heartbeat(period_s=60, grace_s=30)
    ping(heartbeat, NOON)
    judge(NOON)
    return heartbeat


def ping(beat, at, status=0):
    receive_ping(beat.uuid, Sign(Ping.Kind.SUCCESS, exit_status=status), at)


def judge(*moments):
    """Judge at each moment; return how many alerts changed at the last."""
    return [judge_due_heartbeats(lambda at=at: at) for at in moments][-1]


def rounds(since, until):
    count = (until - since) // ROUND
    return [since + n * ROUND for n in range(1, count + 1)]


def test_in_normal_running_it_is_late_at_its_deadline_to_the_microsecond(beat):
    late = NOON + 90 * SECOND
    judge(*rounds(NOON, late - ROUND))

    early = judge(late - timedelta(microseconds=1))

    assert (early, judge(late)) == (0, 1)


def test_pings_that_could_not_reach_us_make_nobody_late(beat):
    back = NOON + timedelta(minutes=10)

    at_once = judge(back, back + ROUND)
    ping(beat, back + 40 * SECOND)
    later = judge(*rounds(back + ROUND, back + 100 * SECOND))

    assert (at_once, later) == (0, 0)


def test_who_stays_silent_after_our_return_is_late(beat):
    back = NOON + timedelta(minutes=10)
    judge(back, *rounds(back, back + 85 * SECOND))

    assert judge(back + 90 * SECOND) == 1
    assert Alert.objects.get().sentence["id"] == "heartbeat.late"


def test_a_short_absence_costs_an_alert_no_more_than_twice_its_length(beat):
    judge(*rounds(NOON, NOON + 60 * SECOND))
    back = NOON + 95 * SECOND

    assert judge(back, *rounds(back, back + 30 * SECOND)) == 0
    assert judge(back + 35 * SECOND) == 1


def test_frequent_absences_take_no_alert_away(beat):
    for n in range(4):
        begin = NOON + n * 90 * SECOND
        judge(begin + 40 * SECOND, *rounds(begin + 40 * SECOND, begin + 90 * SECOND))

    assert Alert.objects.get().state == "firing"


def test_what_was_late_before_the_outage_stays_late(beat):
    judge(*rounds(NOON, NOON + 90 * SECOND))

    judge(NOON + timedelta(minutes=10))

    assert Alert.objects.get().state == "firing"


def test_a_judgement_that_takes_long_is_no_outage(beat):
    make_heartbeat(ring_at=NOON)
    moments = iter([NOON + ROUND, NOON + 60 * SECOND])
    judge_due_heartbeats(lambda: next(moments))

    judge(NOON + 65 * SECOND)

    assert Heartbeat.objects.get(pk=beat.pk).deadline_at == NOON + 90 * SECOND


def test_a_first_judgement_moves_nothing():
    beat = make_heartbeat(last_ping_at=NOON, deadline_at=NOON, state="up")

    judge(NOON)

    assert Heartbeat.objects.get(pk=beat.pk).state == "down"
    assert Listening.objects.get().judged_at == NOON


def test_a_failure_that_was_over_before_it_was_judged_is_told_and_so_is_its_end(beat):
    ping(beat, NOON + SECOND, status=3)
    ping(beat, NOON + 2 * SECOND)

    assert judge(NOON + ROUND) == 1
    sentence = Alert.objects.get().sentence
    assert (sentence["id"], sentence["params"]) == (
        "heartbeat.failed",
        {"exit_status": 3},
    )
    assert judge(NOON + 2 * ROUND) == 1
    assert [row.kind for row in Alert.objects.get().transitions.order_by("pk")] == [
        "fired",
        "resolved",
    ]
    assert judge(NOON + 3 * ROUND) == 0


def test_a_failure_that_was_judged_is_over_with_the_next_success(beat):
    ping(beat, NOON + SECOND, status=3)
    judge(NOON + ROUND)
    ping(beat, NOON + 6 * SECOND)

    assert judge(NOON + 2 * ROUND) == 1
    assert judge(NOON + 3 * ROUND) == 0
    assert Alert.objects.get().state == "resolved"


def test_failures_of_the_time_while_it_was_disabled_are_forgotten(beat):
    fields = {"enabled": False}
    save_heartbeat(beat.space, fields, by=None, now=NOON, heartbeat=beat)
    ping(beat, NOON + SECOND, status=3)
    ping(beat, NOON + 2 * SECOND)
    beat.refresh_from_db()
    fields = {"enabled": True}
    save_heartbeat(beat.space, fields, by=None, now=NOON + ROUND, heartbeat=beat)

    assert judge(NOON + ROUND, NOON + 2 * ROUND) == 0
