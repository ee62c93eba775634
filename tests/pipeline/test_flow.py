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
from bkmonitor.strategies.models import Strategy
from tests.factories import NOON, make_alert, make_strategy
from tests.fakes import FakeTsdb

pytestmark = pytest.mark.django_db


class Store(FakeTsdb):
    """Is hot in every answer, and cannot answer what asks for `broken`."""

    def query_range(self, space, promql, start, end, step_s, *, timeout_s):
        if promql == "broken":
            return Result("failed", None, "no answer from the store")
        times = np.arange(int(start), int(end) + 1, step_s)
        hot = np.full((1, len(times)), 95.0)
        return Result("complete", Frame(times, hot, ({"host": "a"},)))


def evaluate(*strategies, at=NOON):
    keys, tick = [strategy.pk for strategy in strategies], int(at.timestamp())
    with replaced_by(Store()):
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


def test_a_batch_that_comes_twice_changes_nothing_the_second_time():
    strategy = make_strategy()

    assert (evaluate(strategy), evaluate(strategy)) == (1, 0)


def test_a_strategy_that_was_switched_off_in_the_meantime_is_left_alone():
    strategy = make_strategy(enabled=False)

    assert evaluate(strategy) == 0
