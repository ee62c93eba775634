from dataclasses import dataclass, field

import numpy as np
import pytest

from bkmonitor.lib.frame import Frame
from bkmonitor.metrics.tsdb.current import replaced_by
from bkmonitor.metrics.tsdb.port import Result
from bkmonitor.web.preview import MOST_DRAWN, preview
from tests.factories import NOON, make_level
from tests.fakes import FakeTsdb

NAN = float("nan")
HIGH = [make_level(1, ">", 90.0), make_level(2, ">", 50.0)]


@dataclass
class TwoAnswers(FakeTsdb):
    """A store whose present is another than its past."""

    present: Result = field(default_factory=lambda: Result("failed", None))

    def query_instant(self, space, promql, at, *, timeout_s):
        return self.present


def result(rows, outcome="complete", reason=""):
    """Return an answer of series named by their `host`."""
    width = max((len(values) for values in rows.values()), default=1)
    values = np.array([*rows.values()], dtype=float).reshape(len(rows), width)
    labels = tuple({"__name__": "cpu", "host": host} for host in rows)
    return Result(outcome, Frame(np.arange(width) * 60, values, labels), reason)


def show(past, present=None, expression="cpu", levels=HIGH):
    store = TwoAnswers(result=past, present=present or past)
    with replaced_by(store):
        return preview("shop", expression, levels, 3600, NOON)


def test_series_are_judged_by_their_newest_value_the_worst_first():
    shown = show(result({"calm": [1, 2], "bad": [1, 95], "warm": [99, 60]}))

    assert [(line.labels["host"], line.value, line.severity) for line in shown.lines] == [
        ("bad", 95.0, 1),
        ("warm", 60.0, 2),
        ("calm", 2.0, 0),
    ]  # fmt: skip


def test_a_series_that_is_gone_now_has_no_value():
    shown = show(result({"gone": [99, 99]}), result({}))

    assert [(line.value, line.severity) for line in shown.lines] == [(None, 0)]


def test_a_series_that_has_just_begun_is_shown_too():
    shown = show(result({"old": [1, 1]}), result({"old": [1], "young": [95]}))

    assert [line.labels["host"] for line in shown.lines] == ["young", "old"]
    assert shown.chart["columns"][1] == [None, None]


def test_only_some_of_many_series_are_shown_and_the_rest_counted():
    shown = show(result({f"host-{n}": [n] for n in range(30)}))

    assert len(shown.lines) == MOST_DRAWN
    assert (shown.total, shown.hidden) == (30, 10)
    assert len(shown.chart["series"]) == MOST_DRAWN


@pytest.mark.parametrize(
    ("expression", "outcome"),
    [("", "empty"), ("  ", "empty"), ("cpu >", "invalid"), ("cpu[5m]", "invalid")],
)
def test_what_is_no_question_is_not_asked(expression, outcome):
    shown = show(result({}), expression=expression)

    assert shown.outcome == outcome


@pytest.mark.parametrize(
    ("past", "present", "outcome", "reason"),
    [
        (Result("failed", None, "down"), result({}), "failed", "down"),
        (result({}), Result("failed", None, "late"), "failed", "late"),
        (result({}, "partial", "a node is away"), result({}), "partial", "a node is away"),
    ],
)  # fmt: skip
def test_an_answer_that_is_not_whole_says_so(past, present, outcome, reason):
    shown = show(past, present)

    assert (shown.outcome, shown.reason) == (outcome, reason)


def test_without_a_store_nothing_is_asked(settings):
    settings.VM_WRITE_URL = settings.VM_QUERY_URL = ""

    assert preview("shop", "cpu > 1", HIGH, 3600, NOON).outcome == "off"


def test_an_expression_that_filters_is_known_as_one():
    assert show(result({}), expression="cpu > 90").filters
    assert not show(result({})).filters
