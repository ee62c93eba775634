import threading
from dataclasses import replace

import numpy as np

from bkmonitor.lib.frame import Frame
from bkmonitor.metrics import answers
from bkmonitor.metrics.answers import Question, gather
from bkmonitor.metrics.tsdb.current import replaced_by
from bkmonitor.metrics.tsdb.port import Result
from tests.fakes import FakeTsdb

LOAD = Question("ops", "load", 100, 200, 10)


class Store(FakeTsdb):
    """Answers with a number that only this question has; `broken` it cannot answer."""

    def __init__(self):
        super().__init__()
        self.numbers, self.timeouts = {}, []
        self.waiting, self.most_waiting = 0, 0
        self.lock = threading.Lock()

    def query_range(self, space, promql, start, end, step_s, *, timeout_s):
        with self.lock:
            self.waiting += 1
            self.most_waiting = max(self.most_waiting, self.waiting)
            number = self.numbers.setdefault((space, promql, start, end, step_s), [])
            number.append(len(self.numbers))
            self.timeouts.append(timeout_s)
        threading.Event().wait(0.005)
        with self.lock:
            self.waiting -= 1
        if promql == "broken":
            return Result("failed", None, "no answer from the store")
        frame = Frame(np.array([int(end)]), np.array([[float(number[0])]]), ({},))
        return Result("complete", frame)


def test_who_asks_the_same_shares_one_answer():
    store = Store()

    with replaced_by(store):
        given = gather([LOAD, replace(LOAD), Question("ops", "load", 100, 200, 10)])

    assert list(store.numbers.values()) == [[1]]
    assert given[LOAD].frame.values.tolist() == [[1.0]]


def test_what_differs_in_anything_is_asked_by_itself():
    others = [
        replace(LOAD, space="dev"),
        replace(LOAD, promql="load1"),
        replace(LOAD, start=90),
        replace(LOAD, end=210),
        replace(LOAD, step_s=5),
    ]
    store = Store()

    with replaced_by(store):
        given = gather([LOAD, *others])

    numbers = {float(answer.frame.values[0, 0]) for answer in given.values()}
    assert len(numbers) == len(store.numbers) == 6


def test_a_question_that_fails_spoils_no_other():
    broken = replace(LOAD, promql="broken")

    with replaced_by(Store()):
        given = gather([broken, LOAD])

    assert given[broken].reason == "no answer from the store"
    assert given[LOAD].outcome == "complete"


def test_some_questions_are_under_way_together_and_no_more():
    store = Store()

    with replaced_by(store):
        gather([replace(LOAD, end=200 + n) for n in range(20)], at_once=3)

    assert store.most_waiting == 3


def test_whose_turn_does_not_come_in_time_is_told_so():
    store = Store()

    with replaced_by(store):
        given = gather([replace(LOAD, end=n) for n in range(200, 240)], within_s=0.02)

    late = [answer for answer in given.values() if answer.outcome == "failed"]
    assert 0 < len(late) < 40
    assert "took all of the 0.02 s" in late[0].reason
    assert max(store.timeouts) <= 0.02


def test_answers_that_find_no_room_fail_and_the_others_stay(monkeypatch):
    monkeypatch.setattr(answers, "MOST_CELLS", 3)

    with replaced_by(Store()):
        given = gather([replace(LOAD, end=200 + n) for n in range(5)])

    failed = [one for one in given.values() if one.outcome == "failed"]
    assert len(failed) == 2
    assert "too much memory" in failed[0].reason


def test_no_question_needs_no_store():
    assert gather([]) == {}
