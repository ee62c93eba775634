from datetime import timedelta

import numpy as np
import pytest

from bkmonitor.alerts.models import Alert
from bkmonitor.detection.registry import KINDS
from bkmonitor.lib.frame import Frame
from bkmonitor.lib.labels import fingerprint
from bkmonitor.metrics.tsdb.current import replaced_by
from bkmonitor.metrics.tsdb.port import Result
from bkmonitor.pipeline.flow import evaluate_batch
from bkmonitor.pipeline.sources import save_strategy
from bkmonitor.strategies import services as strategies
from bkmonitor.strategies.models import Strategy
from tests.factories import NOON, make_alert, make_level, make_strategy
from tests.fakes import FakeTsdb

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


class Store(FakeTsdb):
    """Is hot in every answer, and cannot answer what asks for `broken`."""

    value, host = 95.0, "a"

    def query_range(self, space, promql, start, end, step_s, *, timeout_s):
        if promql == "broken":
            return Result("failed", None, "no answer from the store")
        times = np.arange(int(start), int(end) + 1, step_s)
        values = np.full((1, len(times)), self.value)
        return Result("complete", Frame(times, values, ({"host": self.host},)))


class Calm(Store):
    value = 5.0


class OfAnotherHost(Store):
    host = "b"


def without_series(outcome):
    """Return a store that has no series to show."""
    frame = None if outcome == "failed" else Frame(np.arange(0), np.empty((0, 0)), ())
    return FakeTsdb(result=Result(outcome, frame, "a part of it is away"))


def evaluate(*strategies, at=NOON, store=None):
    keys, tick = [strategy.pk for strategy in strategies], int(at.timestamp())
    with replaced_by(store or Store()):
        return evaluate_batch(keys, tick, clock=lambda: at)


def test_a_strategy_that_cannot_be_judged_says_why_and_stops_no_other():
    broken, sound = make_strategy(expression="broken"), make_strategy()

    changed = evaluate(broken, sound)

    broken.refresh_from_db()
    assert (broken.outcome, broken.outcome_reason) == (
        "failing",
        "no answer from the store",
    )
    assert changed == 1
    assert Alert.objects.get().source_id == sound.pk


def test_what_cannot_be_written_says_why_and_stops_no_other():
    cursed, sound = make_strategy(), make_strategy()
    key = fingerprint({"host": "a"})
    make_alert(cursed.space, source_id=0, open_key=f"strategy:{cursed.pk}:{key}")

    changed = evaluate(cursed, sound)

    cursed.refresh_from_db()
    assert changed == 1
    assert cursed.outcome == "failing"
    assert "cannot be written" in cursed.outcome_reason
    assert Alert.objects.get(source_id=sound.pk).state == "firing"


def test_a_changed_limit_counts_at_once_also_at_a_tick_that_was_judged_before():
    strategy = make_strategy(interval_s=3600)
    calm = [make_level(1, ">", 99)]
    save_strategy(
        strategy.space, {"levels": calm}, by=None, now=NOON, strategy=strategy
    )
    evaluate(strategy)
    later = NOON + 10 * MINUTE

    low = [make_level(1, ">", 90)]
    save_strategy(
        strategy.space, {"levels": low}, by=None, now=later, strategy=strategy
    )
    for _again in range(2):
        evaluate(strategy)

    assert Alert.objects.get().started_at == later


def test_switched_off_and_on_a_problem_that_goes_on_is_told_at_once():
    strategy = make_strategy(interval_s=3600, late_periods=0)
    evaluate(strategy)
    off, on = NOON + 10 * MINUTE, NOON + 11 * MINUTE

    switch(strategy, enabled=False, at=off)
    switch(strategy, enabled=True, at=on)
    evaluate(strategy)

    states = Alert.objects.order_by("pk").values_list("state", "started_at")
    assert list(states) == [("resolved", NOON), ("firing", on)]


def switch(strategy, *, enabled, at):
    fields = {"enabled": enabled}
    save_strategy(strategy.space, fields, by=None, now=at, strategy=strategy)


def test_a_level_that_asks_for_something_else_leaves_no_alert_of_what_it_asked_for():
    policy = {"policy": "series", "after": 1, "severity": 2, "forget_s": 86_400}
    other = [make_level(1, ">", 90) | {"expression": "cpu"}]
    strategy = make_strategy(levels=other, no_data=policy, late_periods=0)
    evaluate(strategy)
    evaluate(strategy, at=NOON + MINUTE, store=Store())

    asks = [make_level(1, ">", 90) | {"expression": "mem"}]
    at = NOON + 2 * MINUTE
    save_strategy(strategy.space, {"levels": asks}, by=None, now=at, strategy=strategy)
    for minutes in (2, 3, 4):
        evaluate(strategy, at=NOON + minutes * MINUTE, store=OfAnotherHost())

    firing = Alert.objects.firing().values_list("source_kind", "labels__host")
    assert list(firing) == [("strategy", "b")]


@pytest.mark.parametrize("step", ["lookbacks", "judge", "explain"])
@pytest.mark.parametrize(
    "error", [ZeroDivisionError, IndexError, MemoryError, AttributeError]
)
def test_a_detector_that_breaks_says_so_and_stops_no_other(monkeypatch, step, error):
    def break_down(*_arguments):
        raise error("a fault of ours")

    monkeypatch.setattr(KINDS["present"], step, break_down)
    level = {"severity": 1, "detectors": [{"kind": "present"}]}
    broken, sound = make_strategy(levels=[level]), make_strategy()

    changed = evaluate(broken, sound)

    broken.refresh_from_db()
    assert (broken.outcome, changed) == ("failing", 1)
    assert "a fault of ours" in broken.outcome_reason
    assert Alert.objects.get().source_id == sound.pk


def test_a_failed_query_changes_no_alert():
    strategy = make_strategy()
    evaluate(strategy)
    Strategy.objects.update(expression="broken")

    changed = evaluate(strategy, at=NOON + timedelta(minutes=1))

    assert changed == 0
    assert Alert.objects.get().state == "firing"


@pytest.mark.parametrize(
    ("outcome", "state"),
    [("failed", "firing"), ("partial", "firing"), ("complete", "resolved")],
)
def test_no_series_ends_an_alert_only_where_the_answer_is_complete(outcome, state):
    # The expression drops what is calm, so that being absent is how it ends.
    strategy = make_strategy(expression="cpu > 90")
    evaluate(strategy)

    evaluate(strategy, at=NOON + MINUTE, store=without_series(outcome))

    assert Alert.objects.get().state == state


def test_after_hours_without_an_evaluation_the_alert_is_still_known():
    strategy = make_strategy()
    evaluate(strategy)
    later = NOON + timedelta(hours=30)

    assert evaluate(strategy, at=later) == 0
    assert Alert.objects.get().state == "firing"
    evaluate(strategy, at=later + MINUTE, store=Calm())
    assert Alert.objects.get().end_reason == "normal"


def test_an_edit_decides_from_the_next_evaluation_on():
    strategy = make_strategy()
    evaluate(strategy)

    fields = {"levels": [make_level(1, ">", 99)]}
    save_strategy(strategy.space, fields, by=None, now=NOON, strategy=strategy)
    evaluate(strategy, at=NOON + MINUTE)

    assert Alert.objects.get().end_reason == "normal"


def test_what_dies_while_it_writes_leaves_nothing_and_is_done_again(monkeypatch):
    strategy = make_strategy()

    with monkeypatch.context() as broken:
        broken.setattr(strategies, "note_evaluated", killed)
        with pytest.raises(KeyboardInterrupt):
            evaluate(strategy)

    assert not Alert.objects.exists()
    assert evaluate(strategy) == 1
    assert Alert.objects.get().transitions.get().kind == "fired"


def killed(*_arguments, **_fields):
    raise KeyboardInterrupt


def test_no_strategy_keeps_a_point_from_another():
    calm = make_strategy(levels=[make_level(1, ">", 99)])
    severe = make_strategy(calm.space, levels=[make_level(1, ">", 90)])
    mild = make_strategy(calm.space, levels=[make_level(3, ">", 50)])

    evaluate(calm, severe, mild)

    firing = dict(Alert.objects.values_list("source_id", "severity"))
    assert firing == {severe.pk: 1, mild.pk: 3}


def test_a_batch_that_comes_twice_changes_nothing_the_second_time():
    strategy = make_strategy()

    assert (evaluate(strategy), evaluate(strategy)) == (1, 0)


def test_a_strategy_that_was_switched_off_in_the_meantime_is_left_alone():
    strategy = make_strategy(enabled=False)

    assert evaluate(strategy) == 0
