import pytest

from bkmonitor.metrics.tsdb.port import Result
from bkmonitor.pipeline.status import QueueStatus, Status
from bkmonitor.web.views import system
from tests.factories import NOON, make_strategy

pytestmark = pytest.mark.django_db


def text(answer):
    return " ".join(answer.content.decode().split())


def page_of(client):
    return text(client.get(f"/s/{client.space.slug}/system/"))


def make_status(*ages, metrics=False):
    names = ("evaluate", "probe", "alert", "notify", "default")
    queues = tuple(
        QueueStatus(name, depth=3, canary_age_s=age)
        for name, age in zip(names, ages, strict=False)
    )
    return Status(
        version="1",
        database="sqlite",
        broker=bool(queues),
        metrics=metrics,
        queues=queues,
        evaluation_lag_s=0.0,
        probe_lag_s=0.0,
        delivery_lag_s=0.0,
        strategies_failing=0,
        deliveries_failed=0,
    )


def states(status):
    return {part.name: part.state for part in system._roles(status)}


def test_without_a_broker_the_page_says_so_and_shows_the_rest(admin_client, settings):
    settings.REDIS_URL = ""

    page = page_of(admin_client)

    assert "The queues are not to be seen" in page
    assert "Every evaluation is answered" in page


@pytest.mark.parametrize(
    ("ages", "worker", "beat"),
    [
        ((5.0,) * 5, "up", "up"),
        ((5.0, 5.0, 5.0, 5.0, 900.0), "failing", "up"),
        ((5.0, 5.0, 5.0, 5.0, None), "failing", "up"),
        ((900.0,) * 5, "failing", "failing"),
        ((), "unknown", "unknown"),
    ],
)
def test_canaries_tell_whether_worker_and_beat_work(ages, worker, beat):
    assert states(make_status(*ages)) == {"Web": "up", "Worker": worker, "Beat": beat}


@pytest.mark.parametrize(("outcome", "state"), [("complete", "up"), ("failed", "failing")])  # fmt: skip
def test_the_store_is_asked_whether_it_answers(monkeypatch, outcome, state):
    result = Result(outcome, None, "no answer")
    monkeypatch.setattr(system, "query_instant", lambda *_args, **_kwargs: result)

    parts = system._stores(make_status(metrics=True), "space", 0.0)

    assert parts[-1].state == state


def test_evaluations_that_fail_stand_with_their_reason(admin_client):
    space = admin_client.space
    make_strategy(
        space, name="mine", outcome="failing", outcome_reason="why", failing_since=NOON
    )
    make_strategy(name="foreign", outcome="failing", failing_since=NOON)

    page = page_of(admin_client)

    assert "mine" in page
    assert "why" in page
    assert "foreign" not in page
