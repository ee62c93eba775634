from datetime import timedelta
from math import inf

import pytest

from bkmonitor.alerts.models import Transition
from bkmonitor.alerts.spans import spans_of
from tests.factories import NOON, make_alert

pytestmark = pytest.mark.django_db
SINCE = NOON + timedelta(minutes=10)


def make(minute=0, end=None, **fields):
    """Open an alert of strategy 7 at a minute after noon."""
    at = {"started_at": NOON + timedelta(minutes=minute)}
    if end is not None:
        at |= {"state": "resolved", "ended_at": NOON + timedelta(minutes=end)}
    alert = make_alert(source_id=7, **at | fields)
    moved(alert, "fired", minute, alert.severity)
    return alert


def moved(alert, kind, minute, severity):
    at = NOON + timedelta(minutes=minute)
    Transition.objects.create(alert=alert, kind=kind, severity=severity, at=at)


def found(*strategies):
    """Return (strategy, severity, from minute, to minute) of the spans."""
    noon = NOON.timestamp()
    return [
        (span.strategy, span.severity, (span.begin - noon) / 60, (span.end - noon) / 60)
        for spans in spans_of(strategies or (7,), since=SINCE).values()
        for span in spans
    ]


def test_what_is_open_has_no_end():
    make(2, severity=2)

    assert found() == [(7, 2, 2, inf)]


def test_what_ended_since_is_told_and_what_ended_before_is_not():
    make(0, end=10)
    make(5, end=11)

    assert found() == [(7, 1, 5, 11)]


def test_an_alert_that_became_worse_has_a_span_for_each_severity():
    alert = make(0, severity=3)
    moved(alert, "worsened", 5, 2)
    moved(alert, "worsened", 12, 1)

    assert found() == [(7, 3, 0, 5), (7, 2, 5, 12), (7, 1, 12, inf)]


def test_its_end_is_none_of_its_severities():
    alert = make(0, end=14, severity=1)
    moved(alert, "eased", 12, 2)
    moved(alert, "resolved", 14, 2)

    assert found() == [(7, 1, 0, 12), (7, 2, 12, 14)]


def test_missing_data_is_told_apart():
    make(source_kind="no_data")

    (span,) = spans_of([7], since=SINCE)[7]
    assert span.no_data


def test_probes_and_other_strategies_are_left_out():
    make(source_kind="probe")
    make()

    assert found(8) == []
    assert len(found(7, 8)) == 1


def test_it_costs_the_same_for_one_alert_or_many(django_assert_num_queries):
    for _ in range(5):
        moved(make(0), "worsened", 12, 1)

    with django_assert_num_queries(2):
        assert len(found()) == 10
