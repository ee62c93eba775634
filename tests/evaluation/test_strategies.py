from datetime import timedelta

import numpy as np
import pytest

from bkmonitor.evaluation.strategies import evaluate, find_series
from bkmonitor.evaluation.verdict import HELD
from bkmonitor.lib.errors import NotJudged
from bkmonitor.lib.frame import Frame
from bkmonitor.lib.labels import fingerprint
from bkmonitor.metrics.query import Result
from tests.factories import NOON, make_strategy

pytestmark = pytest.mark.django_db


class Store:
    """Answers every question with the same rows."""

    def __init__(self, *rows, outcome="complete", reason=""):
        self.rows, self.outcome, self.reason, self.asked = rows, outcome, reason, []

    def query_instant(self, space, promql, at):
        self.asked.append((space, promql, at, at, 0))
        return self._answer(1)

    def query_range(self, space, promql, start, end, step_s):
        self.asked.append((space, promql, start, end, step_s))
        return self._answer(int(end - start) // step_s + 1)

    def _answer(self, points):
        if self.outcome != "complete":
            return Result(self.outcome, None, self.reason)
        labels = tuple(
            {"__name__": "cpu", "space": "s", **labels} for labels, _ in self.rows
        )
        values = np.array([row for _, row in self.rows], dtype=float).reshape(
            -1, points
        )
        return Result("complete", Frame(np.arange(points), values, labels), "")


def test_a_value_beyond_the_limit_fires_and_says_so():
    verdicts = evaluate(make_strategy(), NOON, store=Store(({"host": "a"}, [95.0])))

    assert verdicts.severity.tolist() == [1]
    assert verdicts.labels == ({"host": "a"},)
    assert verdicts.sentences[0].params == {
        "value": 95.0,
        "operator": ">",
        "limit": 90.0,
    }


def test_only_the_window_that_is_needed_is_asked_for():
    store = Store()

    evaluate(make_strategy(trigger_window=3, recovery_window=2), NOON, store=store)

    (_, _, start, end, step) = store.asked[0]
    assert (end - start, step) == (180, 60)


def test_the_sentence_names_the_value_that_was_beyond_not_the_newest():
    strategy = make_strategy(trigger_count=1, trigger_window=3)

    verdicts = evaluate(strategy, NOON, store=Store(({}, [95.0, 99.0, 10.0])))

    assert verdicts.sentences[0].params["value"] == 99.0


@pytest.mark.parametrize("outcome", ["failed", "partial"])
def test_an_answer_that_is_not_complete_is_no_verdict(outcome):
    store = Store(outcome=outcome, reason="store is down")

    with pytest.raises(NotJudged, match="store is down"):
        evaluate(make_strategy(), NOON, store=store)


def test_a_missing_newest_point_is_held_unless_the_expression_filters():
    store = Store(({}, [95.0, np.nan]))
    window = {"trigger_count": 2, "trigger_window": 2}

    plain = evaluate(make_strategy(**window), NOON, store=store)
    filtering = evaluate(make_strategy(filters=True, **window), NOON, store=store)

    assert (plain.severity.tolist(), plain.absent_is_normal) == ([HELD], False)
    assert (filtering.severity.tolist(), filtering.absent_is_normal) == ([0], True)


def test_series_that_differ_by_metric_name_alone_cannot_be_judged():
    with pytest.raises(NotJudged, match="same labels"):
        evaluate(make_strategy(), NOON, store=Store(({}, [1.0]), ({}, [2.0])))


def test_what_is_said_of_a_tick_before_the_change_is_said_as_of_the_change():
    changed = make_strategy(changed_at=NOON + timedelta(seconds=30))

    at_once = evaluate(changed, NOON, store=Store(({}, [95.0])))
    later = evaluate(changed, NOON + timedelta(minutes=1), store=Store(({}, [95.0])))

    assert at_once.at == changed.changed_at
    assert later.at == NOON + timedelta(minutes=1)


def test_a_series_is_found_by_its_fingerprint_and_not_by_some_of_its_labels():
    of_host = {"__name__": "disk", "host": "a"}
    frame = Frame(
        np.arange(1), np.zeros((2, 1)), (of_host, {**of_host, "device": "sda"})
    )

    found = find_series(frame, fingerprint({"host": "a", "device": "sda"}))

    assert found == 1
    assert find_series(frame, fingerprint({"host": "b"})) is None
