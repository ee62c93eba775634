"""Every template on what real exporters show, and some on what really goes wrong."""

import time
from pathlib import Path

import pytest

from bkmonitor.evaluation.replay import replay
from bkmonitor.metrics.answers import gather
from bkmonitor.metrics.tsdb.current import replaced_by
from bkmonitor.metrics.tsdb.victoriametrics import VictoriaMetrics
from bkmonitor.strategies.definition import parse_definition
from bkmonitor.strategies.gallery.catalogue import find_template, templates
from tests.journeys.exporters import SPACE, laboratory

pytestmark = [pytest.mark.journey, pytest.mark.enable_socket]

KUBERNETES = Path(__file__).parent.parent / "fixtures" / "kube_state_metrics.txt"
DAY_S = 86_400
# What has no judged series here, and why.
NOT_HERE = {
    "postgresql-replication-lag": "needs a standby",
    "postgresql-cache": "leaves out databases in which little is read, as all are here",
    "kubernetes-crash-loop": "leaves out containers that were not started anew",
    "service-queue": "needs the service",
    "service-unrouted": "needs the service",
    "service-evaluations": "needs the service",
    "service-deliveries": "needs the service",
    "service-disk": "needs the service",
}
# Held against the same time of earlier days.
NEEDS_DAYS = ("process", "probe", "nginx")


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    with laboratory(tmp_path_factory.mktemp("lab")) as lab:
        now = time.time()
        for ago in (7 * DAY_S, DAY_S):
            for minutes in range(-10, 11, 2):
                lab.scrape(at=now - ago + 60 * minutes, only=NEEDS_DAYS)
        # A forecast wants half of its history.
        for minutes in range(240, 75, -5):
            lab.scrape(at=now - 60 * minutes, only=("node",))
        # What is there now, as if it had been so for more than an hour.
        for minutes in range(75, 0, -3):
            at = now - 60 * minutes
            lab.scrape(at=at)
            # Neither kube-state-metrics nor a kubelet is in Debian.
            lab.bring("kubernetes", KUBERNETES.read_text(), at)
        lab.scrape()
        lab.bring("kubernetes", KUBERNETES.read_text(), time.time())
        time.sleep(3)  # until the store shows them
        with replaced_by(VictoriaMetrics(lab.store.url, lab.store.url)):
            yield lab


def shown(key, seconds, **changed):
    """Replay what a template's strategy would have shown up to now."""
    fields = find_template(key).fields | changed
    now = int(time.time())
    return replay(parse_definition(fields), SPACE, now - seconds, now, ask=gather)


@pytest.mark.parametrize("template", list(templates()), ids=lambda one: one.key)
def test_a_template_judges_what_an_exporter_shows(lab, template):
    found = shown(template.key, 1200)
    judged = (found.points >= 0).any()

    assert judged == (template.key not in NOT_HERE), found.counts


@pytest.mark.parametrize(
    "key",
    ["certificate-expires", "probe-availability", "redis-down", "host-disk-forecast"],
)
def test_what_is_well_raises_nothing(lab, key):
    assert not shown(key, 1200).shown.any()


@pytest.fixture
def broken(tmp_path):
    """Have servers of this test's own: what it stops, no other test looks at."""
    with laboratory(tmp_path) as lab:
        lab.scrape()
        for name in ("postgresql", "redis", "nginx", "process"):
            lab.watched[name].stop()
        with replaced_by(VictoriaMetrics(lab.store.url, lab.store.url)):
            yield lab


def test_what_is_really_down_is_critical(broken):
    watched = {
        "postgresql-down": "instance",
        "redis-down": "instance",
        "redis-replication": "instance",
        "nginx-down": "instance",
        "process-down": "groupname",
    }
    for _ in range(16):
        broken.scrape()
        time.sleep(1.5)
    time.sleep(2)

    found = {key: shown(key, 30, interval_s=10) for key in watched}

    now = {
        key: {
            labels[watched[key]]
            for labels, severity in zip(one.labels, one.shown[:, -1], strict=True)
            if severity == 1
        }
        for key, one in found.items()
    }
    assert now == {
        "postgresql-down": {"postgresql.example.org"},
        "redis-down": {"redis.example.org"},
        "redis-replication": {"replica.example.org"},
        "nginx-down": {"nginx.example.org"},
        "process-down": {broken.sleeper},
    }
