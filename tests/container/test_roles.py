"""Roles in containers of their own: they start together, share work, and hand it over."""

import json
import re
import time
from collections import Counter
from collections.abc import Iterator
from datetime import datetime

import pytest

from bkmonitor.pipeline.beat import SCHEDULE
from bkmonitor.pipeline.queues import QUEUES
from tests.container.conftest import TOKEN, Site, whole_site
from tests.container.engine import Container, until

GRACE_S = 10
Parts = tuple[Container, Container, Container]


@pytest.fixture(scope="module")
def service() -> Iterator[tuple[Site, Parts]]:
    """Return a site with web, worker and beat, all of them well."""
    with whole_site() as site:
        parts = tuple(site.start(name, name) for name in ("web", "worker", "beat"))
        for part in parts:
            part.await_health("--ready")
        yield site, parts


def applied(*parts: Container) -> Counter[str]:
    """Return how often each migration was applied, from what the roles printed."""
    return Counter(
        name
        for part in parts
        for name in re.findall(r"Applying (\S+)\.\.\. OK", part.logs)
    )


def test_five_start_on_an_empty_database_at_once_and_each_migration_is_applied_once(
    site,
):
    names = ["migrate-1", "migrate-2", "web-1", "web-2", "web-3"]
    parts = [site.start(name, name.partition("-")[0]) for name in names]

    for part in parts[:2]:
        assert part.wait() == 0, part.logs
    for part in parts[2:]:
        part.await_health("--ready")

    times = applied(*parts)
    assert set(times.values()) == {1}, times
    assert int(site.ask_postgres("select count(*) from django_migrations")) == len(
        times
    )


def test_a_second_start_takes_no_lock_and_migrates_nothing(site):
    assert site.start("first", "migrate").wait() == 0

    second = site.start("second", "migrate")

    assert second.wait() == 0
    assert "Running migrations" not in second.logs


def test_another_secret_key_is_refused(site):
    web = site.start("web", "web")
    web.await_health("--ready")

    other = site.start(
        "other", "web", BKM_SECRET_KEY="quite another key, and long enough too"
    )

    assert other.wait() == 78


def test_every_queue_is_worked_and_shown_at_metrics(service):
    site, (web, worker, beat) = service

    until(
        lambda: set(site.ask_redis("hkeys", "bkm:canary").split()) == set(QUEUES),
        what="a canary of every queue",
        timeout_s=60,
    )
    told = worker.exec(
        "python", "-c", "import urllib.request as u; print(u.urlopen('http://127.0.0.1:9400/metrics').read().decode())"
    )  # fmt: skip
    for queue in QUEUES:
        assert f'bkm_queue_canary_age_seconds{{queue="{queue}"}}' in told
    assert 'bkm_tasks_total{outcome="success",task="canary"}' in told
    assert 'bkm_queue_depth{queue="unrouted"} 0.0' in told
    assert site.ask_redis("keys", "*pidbox*") == ""
    assert TOKEN not in web.logs + worker.logs + beat.logs


def test_the_worker_s_logs_can_be_tailed_and_what_dies_comes_back(service):
    worker = service[1][1]
    pid = worker.exec("supervisorctl", "pid", "worker:celery_worker_probe").strip()

    worker.exec("bash", "-c", f"kill -9 {pid}")

    until(
        lambda: worker.exec("supervisorctl", "pid", "worker:celery_worker_probe").strip() not in {pid, "0"},
        what="another program",
    )  # fmt: skip
    assert "program.exited" in worker.logs
    worker.exec("supervisorctl", "tail", "worker:celery_worker_probe")


def test_redis_may_go_for_a_while(service):
    site, (web, worker, beat) = service

    site.redis.stop(5)
    time.sleep(12)
    assert all(
        part.is_well() or "alive" in part.exec("bin/healthcheck", check=False)
        for part in (web, worker, beat)
    )
    assert not web.is_well("--ready")
    site.redis.start()

    for part in (web, worker, beat):
        part.await_health("--ready")


def test_roles_stop_under_load_within_their_grace_and_leave_nothing_behind(service):
    site, (web, worker, beat) = service
    web.manage(
        "from bkmonitor.pipeline.upkeep import canary\n"
        "for n in range(2000): canary.apply_async(args=['default'], queue='default')\n"
        "answer = 1"
    )

    took = {part.name: part.stop(GRACE_S) for part in (worker, beat, web)}

    assert max(took.values()) < GRACE_S, took
    assert {part.exit_code for part in (worker, beat, web)} == {0}
    assert site.ask_redis("hlen", "bkm:unacked") == "0"


def test_work_of_a_killed_worker_is_handed_out_again(site):
    web = site.start("web", "web", BKM_VISIBILITY_TIMEOUT="10")
    web.await_health("--ready")
    worker = site.start("worker", "worker", "default", BKM_VISIBILITY_TIMEOUT="10")
    worker.await_health()
    web.manage(
        "from bkmonitor.pipeline.upkeep import canary\n"
        "for n in range(3000): canary.apply_async(args=['default'], queue='default')\n"
        "answer = 1"
    )

    worker.kill()

    other = site.start("other", "worker", "default", BKM_VISIBILITY_TIMEOUT="10")
    other.await_health()
    until(
        lambda: (site.ask_redis("llen", "bkm:default"), site.ask_redis("hlen", "bkm:unacked")) == ("0", "0"),
        what="all work done",
        timeout_s=60,
    )  # fmt: skip


def test_of_two_beats_one_leads_and_the_other_takes_over(site):
    web = site.start("web", "web")
    web.await_health("--ready")
    first = site.start("beat-1", "beat")
    first.await_health("--ready")
    second = site.start("beat-2", "beat")
    second.await_health()
    assert not second.is_well("--ready")

    first.kill()

    until(lambda: second.is_well("--ready"), what="the second leads", timeout_s=45)
    time.sleep(6)
    rung = rings(site, "ring_evaluations")
    gaps = [after - before for before, after in zip(rung, rung[1:], strict=False)]
    assert max(gaps) <= 35, gaps
    assert min(gaps) > SCHEDULE["evaluate"]["schedule"] / 2, gaps


def rings(site: Site, task: str) -> list[float]:
    """Return when the beats rang a task, from the messages that nobody has taken.

    A message tells when it expires, which is always as long after it was sent.
    """
    lines = site.ask_redis("lrange", "bkm:evaluate", "0", "-1").splitlines()
    heads = (json.loads(line)["headers"] for line in lines)
    return sorted(
        datetime.fromisoformat(head["expires"]).timestamp()
        for head in heads
        if head["task"].endswith(task)
    )
