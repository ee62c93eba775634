"""Alerts whose series are gone for good, through the corridor."""

import pytest

from bkmonitor.alerts.models import Alert
from tests.factories import NOON, make_level, make_strategy
from tests.hosts import MINUTE, watch

pytestmark = pytest.mark.django_db


@pytest.fixture
def busy():
    """Return a strategy to which every host is a problem, and which forgets soon."""
    return make_strategy(
        levels=[make_level(1, ">", 0.5)],
        no_data={"policy": "ignore", "forget_s": 300},
        late_periods=0,
    )


def problems():
    rows = Alert.objects.firing().filter(source_kind="strategy").order_by("pk")
    return [alert.labels["host"] for alert in rows]


def test_a_problem_of_a_series_that_is_gone_for_good_ends_when_it_is_forgotten(busy):
    watch(busy, "a b", "a b", *["a"] * 5)
    assert problems() == ["a", "b"]

    watch(busy, "a", begin=7)
    assert problems() == ["a"]
    ended = Alert.objects.get(state="resolved")
    assert (ended.end_reason, ended.ended_at) == ("forgotten", NOON + 7 * MINUTE)
    assert ended.missing_since == NOON + 2 * MINUTE
    assert ended.sentence == {"id": "resolved.forgotten", "params": {"missing_s": 300}}
    assert [note.kind for note in ended.notes.all()] == ["data_missing"]


def test_a_week_without_samples_is_what_is_usual():
    strategy = make_strategy(levels=[make_level(1, ">", 0.5)], late_periods=0)
    watch(strategy, "a b", "a b", "a")

    watch(strategy, "a", begin=7 * 24 * 60 + 1)
    assert problems() == ["a", "b"]

    watch(strategy, "a", begin=7 * 24 * 60 + 2)
    assert problems() == ["a"]


def test_a_store_that_fails_lets_nothing_be_forgotten(busy):
    watch(busy, "a b", "a b", *[None] * 20)
    assert problems() == ["a", "b"]

    watch(busy, "a b", begin=22)
    assert problems() == ["a", "b"]


def test_what_comes_back_after_it_was_forgotten_is_a_new_problem(busy):
    watch(busy, "a b", *["a"] * 8, "a b")

    assert problems() == ["a", "b"]
    assert Alert.objects.filter(labels__host="b").count() == 2
