"""Composite strategies from the alerts of their members to alerts of their own."""

from datetime import timedelta

import numpy as np
import pytest

from bkmonitor.alerts.models import Alert, Transition
from bkmonitor.lib.frame import Frame
from bkmonitor.metrics.tsdb.current import replaced_by
from bkmonitor.metrics.tsdb.port import Result
from bkmonitor.notifications.sentences import render
from bkmonitor.pipeline.flow import evaluate_batch
from bkmonitor.pipeline.sources import remove, save_strategy
from bkmonitor.strategies.models import Strategy
from tests.factories import NOON, make_composite, make_level, make_space, make_strategy
from tests.fakes import FakeTsdb

pytestmark = pytest.mark.django_db


class Store(FakeTsdb):
    """Answers each expression with the values of the hosts that a test has set."""

    def __init__(self):
        super().__init__()
        self.values = {}

    def query_range(self, space, promql, start, end, step_s, *, timeout_s):
        hosts = self.values.get(promql)
        if hosts is None:
            return Result("failed", None, "no answer from the store")
        times = np.arange(int(start), int(end) + 1, step_s)
        values = np.array([np.full(len(times), float(v)) for v in hosts.values()])
        labels = tuple({"host": host, "of": promql} for host in hosts)
        shape = values.reshape(len(hosts), len(times))
        return Result("complete", Frame(times, shape, labels))


class Scene:
    """Two strategies and a composite, judged minute by minute as the worker would."""

    def __init__(self, *conditions, **fields):
        self.space, self.minute, self.store = make_space(), 0, Store()
        level = [make_level(2, ">", 50.0), make_level(1, ">", 90.0)]
        self.cpu, self.disk = (
            make_strategy(
                self.space, name=name, expression=name, levels=level,
                late_periods=0, flap_count=0,
            )
            for name in ("cpu", "disk")
        )  # fmt: skip
        self.both = make_composite(
            {"cpu": self.cpu, "disk": self.disk},
            *conditions, name="both", flap_count=0, **{"on": ["host"]} | fields,
        )  # fmt: skip

    @property
    def now(self):
        return NOON + timedelta(minutes=self.minute)

    def run(self, *strategies):
        """Evaluate strategies at this minute; return how many changes there were."""
        with replaced_by(self.store):
            keys = [one.pk for one in strategies]
            return evaluate_batch(
                keys, int(self.now.timestamp()), clock=lambda: self.now
            )

    def step(self, cpu=None, disk=None):
        """Let a minute pass in which the hosts have these values."""
        self.minute += 1
        self.store.values = {"cpu": cpu, "disk": disk}
        self.run(self.cpu, self.disk)
        return self.run(self.both)

    def alerts(self, state="firing"):
        rows = Alert.objects.filter(source_id=self.both.pk, state=state)
        return {alert.labels.get("host"): alert for alert in rows.order_by("pk")}

    def told(self):
        return {host: alert.severity for host, alert in self.alerts().items()}


CALM, HOT = {"a": 1, "b": 1}, {"a": 99, "b": 1}


def test_it_fires_only_when_both_do_and_for_each_host():
    scene = Scene("cpu and disk")

    scene.step(HOT, CALM)
    assert scene.told() == {}

    scene.step({"a": 99, "b": 99}, {"a": 1, "b": 99})
    assert scene.told() == {"b": 1}

    scene.step({"a": 99, "b": 1}, {"a": 99, "b": 99})
    assert scene.told() == {"a": 1}
    assert list(scene.alerts("resolved")) == ["b"]


def test_its_alert_names_its_members_and_carries_the_labels_they_share():
    scene = Scene("cpu and disk")

    scene.step(HOT, HOT)

    (alert,) = scene.alerts().values()
    assert alert.labels == {"host": "a"}
    assert render(alert.sentence) == (
        "The condition “cpu and disk” holds; firing: cpu, disk."
    )


def test_it_is_told_in_chinese(chinese):
    scene = Scene("cpu and disk")

    scene.step(HOT, HOT)

    (alert,) = scene.alerts().values()
    assert render(alert.sentence) == "条件“cpu and disk”成立；正在告警：cpu、disk。"


def test_a_member_that_becomes_worse_makes_it_worse_in_place():
    scene = Scene("cpu.critical and disk", "cpu and disk")

    scene.step({"a": 60}, {"a": 60})
    assert scene.told() == {"a": 2}
    scene.step({"a": 99}, {"a": 60})
    assert scene.told() == {"a": 1}
    scene.step({"a": 60}, {"a": 60})
    assert scene.told() == {"a": 2}

    kinds = Transition.objects.filter(alert__source_id=scene.both.pk)
    assert [one.kind for one in kinds.order_by("pk")] == ["fired", "worsened", "eased"]


def test_a_change_of_a_member_has_it_judged_at_once():
    scene = Scene("cpu and disk")
    Strategy.objects.update(next_run_at=NOON + timedelta(hours=1))
    scene.minute, scene.store.values = 1, {"cpu": HOT, "disk": HOT}

    scene.run(scene.cpu)

    scene.both.refresh_from_db()
    assert scene.both.next_run_at == scene.now


def test_what_changes_nothing_wakes_nobody():
    scene = Scene("cpu and disk")
    scene.step(HOT, CALM)
    later = NOON + timedelta(hours=1)
    Strategy.objects.update(next_run_at=later)

    scene.minute += 1
    scene.run(scene.cpu, scene.disk)

    scene.both.refresh_from_db()
    assert scene.both.next_run_at == later


def test_judged_twice_or_late_it_changes_nothing_the_second_time():
    scene = Scene("cpu and disk")

    assert scene.step(HOT, HOT) == 1
    assert scene.run(scene.both) == 0
    scene.minute -= 1
    assert scene.run(scene.both) == 0
    assert scene.told() == {"a": 1}


def test_it_needs_nothing_but_rows():
    scene = Scene("cpu and disk", hold_s=120)
    scene.step(HOT, HOT)
    scene.step(HOT, HOT)
    assert scene.told() == {}

    # Whoever judges next knows no more than the database does.
    scene.both = Strategy.objects.get(pk=scene.both.pk)
    scene.step(HOT, HOT)

    assert scene.told() == {"a": 1}


def test_it_ends_after_the_hold_time_too():
    scene = Scene("cpu and disk", hold_s=120)
    for _ in range(3):
        scene.step(HOT, HOT)

    scene.step(HOT, CALM)
    scene.step(HOT, HOT)
    scene.step(HOT, CALM)
    scene.step(HOT, CALM)
    assert scene.told() == {"a": 1}

    scene.step(HOT, CALM)
    assert scene.told() == {}


def test_a_member_that_cannot_be_judged_ends_nothing_and_is_named():
    scene = Scene("cpu and disk")
    scene.step(HOT, HOT)

    scene.step(None, HOT)

    scene.both.refresh_from_db()
    assert (scene.both.outcome, scene.both.outcome_reason) == (
        "failing", "cpu: “cpu” cannot be evaluated",
    )  # fmt: skip
    assert scene.told() == {"a": 1}

    scene.step(HOT, CALM)
    scene.both.refresh_from_db()
    assert (scene.both.outcome, scene.told()) == ("complete", {})


def test_nothing_is_concluded_from_a_member_that_was_never_judged():
    scene = Scene("cpu and not disk")
    scene.minute, scene.store.values = 1, {"cpu": HOT}
    scene.run(scene.cpu)

    scene.run(scene.both)

    assert scene.told() == {}
    scene.both.refresh_from_db()
    assert scene.both.outcome_reason == "disk: “disk” is not evaluated yet"


def test_what_is_certain_without_the_missing_member_still_fires_and_ends():
    scene = Scene("cpu or disk")

    scene.step(HOT, None)
    assert scene.told() == {"a": 1}

    scene = Scene("cpu and disk")
    scene.step(HOT, HOT)
    scene.step(CALM, None)
    assert scene.told() == {}


def test_a_member_that_is_switched_off_says_so():
    scene = Scene("cpu or disk")
    scene.step(HOT, CALM)

    save_strategy(
        scene.space, {"enabled": False}, by=None, now=scene.now, strategy=scene.cpu
    )
    scene.minute += 1
    scene.run(scene.both)

    scene.both.refresh_from_db()
    assert scene.both.outcome_reason == "cpu: “cpu” is switched off"
    # Nobody looks any more whether the problem is over, so it is not ended by a guess.
    assert scene.told() == {"a": 1}


def test_a_member_that_is_deleted_says_so_and_wakes_the_composite():
    scene = Scene("cpu and disk")
    scene.step(HOT, HOT)
    Strategy.objects.update(next_run_at=NOON + timedelta(hours=1))
    pk = scene.disk.pk

    remove(scene.disk, by=None, now=scene.now)
    scene.both.refresh_from_db()
    assert scene.both.next_run_at == scene.now
    scene.minute += 1
    scene.run(scene.both)

    scene.both.refresh_from_db()
    assert scene.both.outcome_reason == f"disk: strategy {pk} is deleted"
    assert scene.told() == {"a": 1}


def test_a_definition_that_can_not_be_read_stops_no_other():
    scene = Scene("cpu and disk")
    broken = [
        make_composite({"a": scene.cpu}, "a and", name="unreadable"),
        make_composite({"a": scene.cpu}, "a", name="impossible", flap_count=99),
    ]
    scene.step(HOT, HOT)

    scene.minute += 1
    scene.run(scene.cpu, *broken, scene.both)

    outcomes = Strategy.objects.values_list("name", "outcome")
    assert dict(outcomes) == {
        "unreadable": "failing", "impossible": "failing",
        "cpu": "complete", "disk": "complete", "both": "complete",
    }  # fmt: skip


def test_what_a_composite_comes_to_is_counted():
    scene = Scene("cpu and disk")

    scene.step({"a": 99, "b": 99}, {"a": 99, "b": 1})

    scene.both.refresh_from_db()
    assert scene.both.counts == {"anomalous": 1, "normal": 1}
    assert scene.both.series_count == 2


def test_missing_data_of_a_member_is_a_condition_of_its_own():
    scene = Scene("cpu.no_data and disk", "cpu and disk")
    no_data = {"policy": "series", "after": 1, "severity": 2}
    save_strategy(
        scene.space, {"no_data": no_data}, by=None, now=NOON, strategy=scene.cpu
    )
    scene.step({"a": 1, "b": 1}, HOT)
    assert scene.told() == {}

    for _ in range(3):
        scene.step({"b": 1}, HOT)

    assert scene.told() == {"a": 1}
    (alert,) = scene.alerts().values()
    assert "without data: cpu" in render(alert.sentence)


def test_w_an_alert_is_not_fired_anew_while_the_condition_holds():
    # In bk-monitor the verdict was kept for two hours, and then fired again.
    scene = Scene("cpu and disk")
    scene.step(HOT, HOT)

    for _ in range(5):
        scene.minute += 60
        scene.step(HOT, HOT)

    fired = Transition.objects.filter(alert__source_id=scene.both.pk)
    assert [one.kind for one in fired] == ["fired"]
    scene.both.refresh_from_db()
    assert scene.both.outcome == "complete"


def test_many_composites_cost_as_few_queries_as_one(django_assert_max_num_queries):
    scene = Scene("cpu and disk")
    scene.step(HOT, HOT)
    more = [
        make_composite(
            {"cpu": scene.cpu, "disk": scene.disk}, "cpu or disk", on=["host"]
        )
        for _ in range(20)
    ]
    scene.minute += 1
    scene.run(*more)
    scene.minute += 1

    with django_assert_max_num_queries(14):
        scene.run(*more)
