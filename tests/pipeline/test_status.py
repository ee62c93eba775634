from datetime import timedelta

import pytest
import redis

from bkmonitor.pipeline import status
from bkmonitor.pipeline.queues import QUEUES
from bkmonitor.pipeline.status import system_status
from tests.factories import NOON, make_notification, make_probe, make_strategy

pytestmark = pytest.mark.django_db


class FakeRedis:
    """Answers what canaries and depths ask, or not at all."""

    def __init__(self, sung=None):
        self.sung = sung

    def hgetall(self, _key):
        return {name.encode(): str(at).encode() for name, at in self.sung.items()}

    def pipeline(self, transaction):
        if self.sung is None:
            raise redis.ConnectionError
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def llen(self, _key):
        pass

    def execute(self):
        return [3] * (len(QUEUES) + 1)


@pytest.fixture
def redis_that_heard(settings, monkeypatch):
    def use(sung):
        settings.REDIS_URL = "redis://fake"
        monkeypatch.setattr(status.broker, "client", lambda _url: FakeRedis(sung))

    return use


def test_a_queue_is_worked_while_its_canary_sings(redis_that_heard):
    redis_that_heard(
        {"evaluate": NOON.timestamp() - 119, "notify": NOON.timestamp() - 120}
    )

    queues = {queue.name: queue for queue in system_status(NOON).queues}

    assert queues["evaluate"].working
    assert queues["evaluate"].depth == 3
    assert not queues["notify"].working
    assert not queues["probe"].working


def test_a_broker_that_is_down_is_told_and_no_error(redis_that_heard):
    redis_that_heard(None)

    assert not system_status(NOON).broker


def test_lags_are_those_of_what_waits_longest():
    make_strategy(next_run_at=NOON - timedelta(seconds=7))
    make_strategy(next_run_at=NOON - timedelta(hours=1), enabled=False)
    make_probe(next_run_at=NOON + timedelta(seconds=7))
    make_notification(next_attempt_at=NOON - timedelta(seconds=3))

    now = system_status(NOON)

    assert (now.evaluation_lag_s, now.probe_lag_s, now.delivery_lag_s) == (7, 0, 3)


def test_what_fails_is_counted():
    make_strategy(outcome="failing")
    make_notification(state="failed", created_at=NOON)
    make_notification(state="failed", created_at=NOON - timedelta(hours=2))

    now = system_status(NOON)

    assert (now.strategies_failing, now.deliveries_failed) == (1, 1)
