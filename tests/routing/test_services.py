from datetime import timedelta

import pytest

from bkmonitor.alerts.models import Note, Transition
from bkmonitor.alerts.services import acknowledge, resolve_source, unacknowledge
from bkmonitor.notifications.models import Notification
from bkmonitor.routing.models import AlertGroup
from bkmonitor.routing.services import REPEAT_EVERY, repeat_due, route_pending
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
    with django_assert_max_num_queries(10):
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


def test_with_nobody_to_tell_the_alert_says_so(space):
    alert = fire(space)

    route_pending(NOON)

    assert Note.objects.get(alert=alert).kind == "nobody_told"


def test_it_is_told_again_until_somebody_takes_it(space):
    make_receiver(space)
    alert = fire(space)
    route_pending(NOON)

    early = repeat_due(NOON + REPEAT_EVERY - timedelta(seconds=1))
    first = repeat_due(NOON + REPEAT_EVERY)
    acknowledge(alert, by=make_user(), at=NOON)
    taken = repeat_due(NOON + 2 * REPEAT_EVERY)
    alert.refresh_from_db()
    unacknowledge(alert, by=make_user(), at=NOON)
    given_back = repeat_due(NOON + 3 * REPEAT_EVERY)

    assert (early, first, taken, given_back) == (0, 1, 0, 1)
    assert told() == ["fired", "repeat", "repeat"]


def test_two_workers_make_one_repeat(space):
    make_receiver(space)
    fire(space)
    route_pending(NOON)

    repeat_due(NOON + REPEAT_EVERY)
    repeat_due(NOON + REPEAT_EVERY)

    assert told() == ["fired", "repeat"]


def test_what_is_over_is_told_once_and_not_repeated(space):
    make_receiver(space)
    alert = fire(space)
    route_pending(NOON)
    resolve_source("strategy", alert.source_id, at=NOON, reason="source_removed")
    route_pending(NOON)

    assert repeat_due(NOON + REPEAT_EVERY) == 0
    assert told() == ["fired", "resolved"]
    assert AlertGroup.objects.get().next_repeat_at is None


def test_an_end_that_was_routed_before_its_beginning_is_not_looked_at_for_ever(space):
    make_receiver(space)
    alert = fire(space)
    resolve_source("strategy", alert.source_id, at=NOON, reason="source_removed")
    route_pending(NOON)
    AlertGroup.objects.update(next_repeat_at=NOON)

    assert repeat_due(NOON) == 0
    assert AlertGroup.objects.get().next_repeat_at is None
    assert told() == ["fired", "resolved"]
