import uuid
from datetime import timedelta
from threading import Event

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from kombu.exceptions import OperationalError

from bkmonitor.evaluation.heartbeats import judge_heartbeats
from bkmonitor.lib.errors import NotFound
from bkmonitor.probes.models import Heartbeat, Ping
from bkmonitor.probes.pings import Sign
from bkmonitor.probes.services import due_heartbeats, note_judged, receive_ping
from bkmonitor.protocols import ping as door
from tests.factories import NOON, make_heartbeat
from tests.verdicts import said

pytestmark = pytest.mark.django_db
RUN, OTHER_RUN = uuid.UUID(int=1), uuid.UUID(int=2)
PERIOD, GRACE = timedelta(seconds=600), timedelta(seconds=60)
ALLOWANCE = PERIOD + GRACE
MINUTE = timedelta(minutes=1)


@pytest.fixture
def bells(monkeypatch):
    """Count the bells that are rung."""
    rung = []
    monkeypatch.setattr(door, "ring", lambda: rung.append("!"))
    return rung


@pytest.fixture
def beat():
    return make_heartbeat(period_s=600, grace_s=60)


def send(beat, kind="success", *, at=NOON, status=None, rid=None, **rest):
    sign = Sign(Ping.Kind(kind), exit_status=status, run_id=rid, **rest)
    rings = receive_ping(beat.uuid, sign, at)
    beat.refresh_from_db()
    return rings


def judge(now):
    """Judge what is due, as the corridor does; return the severities."""
    due = due_heartbeats(now)
    found = [said(each)[0] for each in judge_heartbeats(due, now)]
    note_judged(due, now)
    return found


@pytest.mark.parametrize("method", ["get", "head", "post"])
@pytest.mark.parametrize(
    ("rest", "kind", "status"),
    [
        ("", "success", None),
        ("/", "success", None),
        ("/start", "start", None),
        ("/fail", "fail", None),
        ("/log", "log", None),
        ("/0", "success", 0),
        ("/1", "fail", 1),
        ("/255", "fail", 255),
    ],
)
def test_a_ping_is_kept(client, beat, bells, method, rest, kind, status):
    answer = getattr(client, method)(f"/ping/{beat.uuid}{rest}")

    assert answer.status_code == 200
    assert method == "head" or answer.content == b"OK"
    kept = Ping.objects.get()
    assert (kept.kind, kept.exit_status, kept.method) == (kind, status, method.upper())
    assert kept.remote_address == "127.0.0.1"


def test_the_answer_may_be_read_by_any_page_and_kept_by_none(client, beat, bells):
    answer = client.get(f"/ping/{beat.uuid}")

    assert answer["Content-Type"] == "text/plain"
    assert answer["Ping-Body-Limit"] == "10000"
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert "no-store" in answer["Cache-Control"]
    assert not answer.cookies


def test_a_form_of_another_site_may_ping(beat, bells):
    client = Client(enforce_csrf_checks=True)

    assert client.post(f"/ping/{beat.uuid}").status_code == 200


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("/256", 400, "invalid url format"),
        ("/1" + "0" * 5000, 400, "invalid url format"),
        ("/٣", 404, "not found"),
        ("/begin", 404, "not found"),
        ("?rid=7", 400, "invalid uuid format"),
        ("?rid=", 400, "invalid uuid format"),
    ],
)
def test_what_is_no_ping_is_told_so(client, beat, bells, path, status, text):
    answer = client.get(f"/ping/{beat.uuid}{path}")

    assert (answer.status_code, answer.content.decode()) == (status, text)
    assert not Ping.objects.exists()


@pytest.mark.parametrize("code", [str(uuid.UUID(int=7)), "nobody", "0" * 32])
def test_an_unknown_heartbeat_is_not_found(client, bells, code):
    answer = client.get(f"/ping/{code}")

    assert (answer.status_code, answer.content) == (404, b"not found")


def test_another_method_is_refused(client, beat, bells):
    assert client.delete(f"/ping/{beat.uuid}").status_code == 405


def test_the_first_10_kb_of_a_body_are_kept(client, beat, bells):
    body = b"\x00\xff" + b"x" * 20_000

    client.post(f"/ping/{beat.uuid}/fail", body, content_type="text/plain")

    assert Ping.objects.get().body == "\ufffd" + "x" * 9_998


def test_the_bell_is_rung_when_something_changes(client, beat, bells):
    client.get(f"/ping/{beat.uuid}")
    judge(timezone.now())
    client.get(f"/ping/{beat.uuid}")
    client.get(f"/ping/{beat.uuid}/start")
    assert len(bells) == 1
    client.get(f"/ping/{beat.uuid}/fail")

    assert len(bells) == 2


def test_a_ping_costs_one_statement(beat, django_assert_num_queries):
    # Without a statement for both, SQLite needs a transaction (here: a savepoint).
    count = 1 if connection.vendor == "postgresql" else 4

    with django_assert_num_queries(count):
        receive_ping(beat.uuid, Sign(Ping.Kind.SUCCESS), NOON)


def test_a_success_is_waited_for_a_period_and_the_grace(beat):
    assert send(beat)

    assert (beat.last_ping_at, beat.deadline_at) == (NOON, NOON + ALLOWANCE)
    assert (beat.last_failed, beat.last_start_at) == (False, None)


def test_the_moment_is_kept_with_its_fraction(beat):
    at = NOON + timedelta(microseconds=123456)

    send(beat, at=at)

    assert abs(beat.deadline_at - at - ALLOWANCE) < timedelta(milliseconds=1)


def test_an_unknown_uuid_is_an_error_and_leaves_nothing():
    with pytest.raises(NotFound):
        receive_ping(uuid.uuid4(), Sign(Ping.Kind.SUCCESS), NOON)

    assert not Ping.objects.exists()


@pytest.mark.parametrize("kind", ["log", "start"])
def test_a_log_or_a_start_is_no_sign_of_success(beat, kind):
    assert not send(beat, kind)

    assert beat.last_ping_at is None
    assert Ping.objects.get().kind == kind


def test_a_start_must_be_followed_by_an_end_within_the_grace(beat):
    send(beat)
    send(beat, "start", at=NOON + MINUTE)

    assert beat.last_start_at == NOON + MINUTE
    assert beat.deadline_at == NOON + MINUTE + GRACE


def test_a_start_does_not_stretch_the_period(beat):
    send(beat)
    send(beat, "start", at=NOON + ALLOWANCE - timedelta(seconds=1))

    assert beat.deadline_at == NOON + ALLOWANCE


@pytest.mark.parametrize(
    ("start", "end", "kind", "runs_on", "duration_s"),
    [
        pytest.param(None, None, "success", False, 30.0, id="both without an id"),
        pytest.param(RUN, RUN, "success", False, 30.0, id="the same id"),
        pytest.param(RUN, None, "success", False, None, id="an end without an id"),
        pytest.param(RUN, OTHER_RUN, "success", True, None, id="another id"),
        pytest.param(None, RUN, "success", True, None, id="only the end has an id"),
        pytest.param(RUN, RUN, "fail", False, 30.0, id="the same id fails"),
        pytest.param(RUN, OTHER_RUN, "fail", False, None, id="another id fails"),
    ],
)
def test_the_end_of_a_run(beat, start, end, kind, runs_on, duration_s):
    send(beat, "start", rid=start)
    at = NOON + timedelta(seconds=30)
    send(beat, kind, at=at, rid=end)

    assert (beat.last_start_at is not None) is runs_on
    assert beat.last_duration_s == duration_s
    assert Ping.objects.get(kind=kind).duration_s == duration_s
    expected = NOON + GRACE if runs_on else at + ALLOWANCE
    assert beat.deadline_at == expected


def test_a_failure_fires_at_once_and_stands_until_a_success(beat):
    send(beat)
    judge(NOON)

    assert send(beat, status=2, at=NOON + MINUTE)
    assert (beat.last_failed, beat.last_exit_status) == (True, 2)
    assert judge(NOON + MINUTE) == [1]
    assert judge(NOON + MINUTE) == []
    assert send(beat, at=NOON + 2 * MINUTE)
    assert judge(NOON + 2 * MINUTE) == [0]


def test_silence_fires_at_the_deadline_and_once(beat):
    send(beat)
    assert judge(NOON) == [0]

    assert judge(NOON + ALLOWANCE - timedelta(seconds=1)) == []
    assert judge(NOON + ALLOWANCE) == [1]
    assert judge(NOON + ALLOWANCE + MINUTE) == []
    beat.refresh_from_db()
    assert beat.state == Heartbeat.State.DOWN


def test_a_run_that_never_ends_fires_though_the_schedule_is_kept(beat):
    send(beat, "start", rid=RUN)
    send(beat, at=NOON + MINUTE / 2, rid=OTHER_RUN)
    judge(NOON + MINUTE / 2)

    assert judge(NOON + GRACE) == [1]


def test_a_ping_between_reading_and_noting_is_judged_again(beat):
    send(beat)
    judge(NOON)
    late = NOON + ALLOWANCE

    due = due_heartbeats(late)
    send(beat, at=late)
    note_judged(due, late)

    beat.refresh_from_db()
    assert beat.state == Heartbeat.State.UP
    assert judge(late + MINUTE) == [0]


def test_while_disabled_pings_are_kept_and_change_nothing():
    beat = make_heartbeat(enabled=False)

    assert not send(beat, "fail")

    assert Ping.objects.get().kind == "fail"
    assert beat.deadline_at is None
    assert due_heartbeats(NOON) == []


def test_without_redis_the_job_does_not_wait(client, beat, monkeypatch):
    tried, go_on = [], Event()

    def fail(**_options):
        tried.append("!")
        go_on.wait(5)
        raise OperationalError("connection refused")

    monkeypatch.setattr(door.judge_heartbeats, "apply_async", fail)
    for _ in range(3):
        assert client.get(f"/ping/{beat.uuid}/fail").status_code == 200

    go_on.set()
    door._ringer().submit(lambda: None).result(5)
    assert 1 <= len(tried) <= 2
    assert [kept.kind for kept in Ping.objects.all()] == ["fail"] * 3
