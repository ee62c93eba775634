from datetime import timedelta

import pytest

from bkmonitor.alerts import services as alerts
from bkmonitor.alerts.models import Note, Transition
from bkmonitor.alerts.services import acknowledge, resolve_source, unacknowledge
from bkmonitor.notifications.models import Notification
from bkmonitor.routing.models import AlertGroup
from bkmonitor.routing.services import look_again, route_pending
from bkmonitor.routing.standing import REPEAT_EVERY
from tests.factories import NOON, make_alert, make_receiver, make_space, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def space():
    return make_space()


def fire(space):
    alert = make_alert(space)
    Transition.objects.create(alert=alert, kind="fired", severity=1, at=NOON)
    return alert


def told():
    return list(Notification.objects.order_by("pk").values_list("reason", flat=True))


def test_a_change_is_told_to_each_default_receiver_of_its_space(space):
    make_receiver(space)
    make_receiver(space)
    make_receiver(space, is_default=False)
    make_receiver(space, enabled=False)
    make_receiver()
    alert = fire(space)

    route_pending(NOON)

    assert told() == ["fired", "fired"]
    message = Notification.objects.first().message
    assert message["path"] == f"/s/{space.slug}/alerts/{alert.pk}/"


def test_what_a_batch_costs_does_not_grow_with_it(space, django_assert_max_num_queries):
    make_receiver(space)
    quiet = make_space()
    alerts = [make_alert(space if n % 2 else quiet) for n in range(100)]
    Transition.objects.bulk_create(
        Transition(alert=alert, kind="fired", severity=1, at=NOON) for alert in alerts
    )

    # Some of these are cut in portions by the database's limit on parameters.
    with django_assert_max_num_queries(12):
        routed = route_pending(NOON)

    assert routed == 100
    assert Notification.objects.count() == Note.objects.count() == 50
    assert AlertGroup.objects.filter(next_repeat_at=NOON + REPEAT_EVERY).count() == 100


def test_beginning_and_end_in_one_batch_are_told_in_order_and_not_repeated(space):
    make_receiver(space)
    alert = fire(space)
    resolve_source("strategy", alert.source_id, at=NOON, reason="source_removed")

    route_pending(NOON)

    assert told() == ["fired", "resolved"]
    assert AlertGroup.objects.get(alert=alert).next_repeat_at is None


def test_routing_again_tells_nothing_again(space):
    make_receiver(space)
    fire(space)

    assert (route_pending(NOON), route_pending(NOON)) == (1, 0)
    assert told() == ["fired"]


def test_a_crash_after_the_notification_was_made_does_not_double_it(space):
    make_receiver(space)
    fire(space)
    route_pending(NOON)
    Transition.objects.update(routed_at=None)

    route_pending(NOON)

    assert told() == ["fired"]


def test_what_dies_while_it_routes_leaves_nothing_and_is_done_again(space, monkeypatch):
    make_receiver(space)
    fire(space)

    def killed(*_arguments, **_fields):
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(alerts, "mark_routed", killed)
        with pytest.raises(KeyboardInterrupt):
            route_pending(NOON)

    assert told() == []
    assert route_pending(NOON) == 1
    assert told() == ["fired"]


def test_with_nobody_to_tell_the_alert_says_so(space):
    alert = fire(space)

    route_pending(NOON)

    assert Note.objects.get(alert=alert).kind == "nobody_told"


def test_it_is_told_again_until_somebody_takes_it(space):
    make_receiver(space)
    alert = fire(space)
    route_pending(NOON)

    look_again(NOON + REPEAT_EVERY - timedelta(seconds=1))
    assert told() == ["fired"]
    look_again(NOON + REPEAT_EVERY)
    assert told() == ["fired", "repeat"]
    acknowledge(alert, by=make_user(), at=NOON)
    look_again(NOON + 2 * REPEAT_EVERY)
    assert told() == ["fired", "repeat"]
    alert.refresh_from_db()
    unacknowledge(alert, by=make_user(), at=NOON)
    look_again(NOON + 3 * REPEAT_EVERY)

    assert told() == ["fired", "repeat", "repeat"]


def test_two_workers_make_one_repeat(space):
    make_receiver(space)
    fire(space)
    route_pending(NOON)

    look_again(NOON + REPEAT_EVERY)
    look_again(NOON + REPEAT_EVERY)

    assert told() == ["fired", "repeat"]


def test_what_is_over_is_told_once_and_not_repeated(space):
    make_receiver(space)
    alert = fire(space)
    route_pending(NOON)
    resolve_source("strategy", alert.source_id, at=NOON, reason="source_removed")
    route_pending(NOON)

    assert look_again(NOON + REPEAT_EVERY) == 0
    assert told() == ["fired", "resolved"]
    assert AlertGroup.objects.get().next_repeat_at is None


def test_an_end_that_was_routed_before_its_beginning_is_not_looked_at_for_ever(space):
    make_receiver(space)
    alert = fire(space)
    resolve_source("strategy", alert.source_id, at=NOON, reason="source_removed")
    route_pending(NOON)
    AlertGroup.objects.update(next_repeat_at=NOON)

    look_again(NOON)

    assert AlertGroup.objects.get().next_repeat_at is None
    assert told() == ["fired", "resolved"]


def test_the_end_is_told_to_those_who_were_told_of_the_beginning(space):
    ops = make_receiver(space)
    alert = fire(space)
    route_pending(NOON)
    make_receiver(space)

    resolve_source("strategy", alert.source_id, at=NOON, reason="source_removed")
    route_pending(NOON)

    rows = Notification.objects.order_by("pk").values_list("reason", "receiver_id")
    assert list(rows) == [("fired", ops.pk), ("resolved", ops.pk)]


def test_an_end_that_nobody_is_to_hear_of_says_why(space):
    alert = fire(space)
    route_pending(NOON)
    make_receiver(space)

    resolve_source("strategy", alert.source_id, at=NOON, reason="source_removed")
    route_pending(NOON)

    assert told() == []
    assert list(alert.notes.values_list("text", flat=True)) == [
        "no_receiver",
        "began_untold",
    ]


def test_an_end_waits_for_the_worker_who_has_its_beginning(space, monkeypatch):
    make_receiver(space)
    alert = fire(space)
    resolve_source("strategy", alert.source_id, at=NOON, reason="source_removed")
    ends = Transition.objects.filter(kind="resolved").select_related("alert__space")
    with monkeypatch.context() as alone:
        alone.setattr(alerts, "take_unrouted", lambda limit: list(ends))
        assert route_pending(NOON) == 0

    assert route_pending(NOON) == 2
    assert told() == ["fired", "resolved"]
