from datetime import timedelta

import pytest
from django.db import connection

from bkmonitor.lib.errors import DeliveryError, UpstreamUnavailable
from bkmonitor.notifications import services
from bkmonitor.notifications.dispatch import Dispatch
from bkmonitor.notifications.models import Notification, Receiver
from bkmonitor.notifications.retry import MOST_TRIES, PAUSE_S
from bkmonitor.notifications.services import (
    LEASE,
    default_receivers,
    deliver,
    due,
    enqueue,
    prune,
)
from tests.factories import (
    NOON,
    make_message,
    make_notification,
    make_receiver,
    make_space,
)
from tests.fakes import FakeChannel

pytestmark = pytest.mark.django_db

FIRED = make_message()
SECOND = timedelta(seconds=1)


def send(notification, channel, now=NOON, **more):
    return deliver(notification.pk, channels={"webhook": channel}, now=now, **more)


def put(receivers, *parts, now=NOON):
    return enqueue([Dispatch(receivers, FIRED, "t", parts)], now)


def test_each_receiver_gets_a_row_of_its_own():
    space = make_space()
    receivers = [make_receiver(space), make_receiver(space)]

    queued = put(receivers, 1)

    assert queued == 2
    assert len(set(Notification.objects.values_list("key", flat=True))) == 2


def test_asking_twice_for_the_same_message_makes_one_row():
    receiver = make_receiver()

    for moment in (NOON, NOON + SECOND):
        put([receiver], "fired", 1, now=moment)

    assert Notification.objects.get().created_at == NOON


def test_parts_are_kept_apart_in_the_key():
    receiver = make_receiver()

    put([receiver], "a", "bc")
    put([receiver], "ab", "c")

    assert Notification.objects.count() == 2


def test_the_default_receivers_are_those_that_are_on():
    space = make_space()
    chosen = make_receiver(space, confirmed_at=None)
    make_receiver(space, enabled=False)
    make_receiver(space, is_default=False)
    make_receiver()
    lonely = make_space()

    found = default_receivers([space.pk, lonely.pk, space.pk])

    assert found == {space.pk: [chosen], lonely.pk: []}


def test_what_is_due_comes_longest_waiting_first():
    receiver = make_receiver()
    for number, wait in enumerate((5, 0, 60)):
        moment = NOON + timedelta(seconds=wait)
        put([receiver], number, now=moment)

    found = due(NOON + timedelta(seconds=30), limit=10)

    waits = [Notification.objects.get(pk=pk).next_attempt_at - NOON for pk in found]
    assert waits == [timedelta(0), timedelta(seconds=5)]


def test_a_notification_that_was_taken_is_sent_and_remembers_the_answer():
    notification, channel = make_notification(), FakeChannel()

    after = send(notification, channel)

    assert (after.state, after.sent_at, after.attempts) == ("sent", NOON, 1)
    assert [(t.ok, t.detail) for t in after.tries.all()] == [(True, "taken")]


def test_the_channel_is_given_the_key_the_thread_and_the_moment():
    notification, channel = make_notification(), FakeChannel()

    send(notification, channel, now=NOON + SECOND)

    (_, message, envelope), *_ = channel.sent
    assert message == FIRED
    assert (envelope.key, envelope.thread) == (notification.key, notification.thread)
    assert envelope.at == NOON + SECOND


def test_delivering_twice_sends_once():
    notification, channel = make_notification(), FakeChannel()

    send(notification, channel)
    again = send(notification, channel, now=NOON + LEASE * 2)

    assert (again, len(channel.sent)) == (None, 1)


def test_while_one_worker_sends_another_leaves_it_alone():
    notification, second = make_notification(), FakeChannel()

    class SlowChannel(FakeChannel):
        def send(self, receiver, message, envelope):
            send(notification, second, now=NOON + LEASE - SECOND)
            return super().send(receiver, message, envelope)

    send(notification, SlowChannel())

    assert second.sent == []


def test_no_transaction_is_open_while_sending(transactional_db):
    states = []

    class CuriousChannel(FakeChannel):
        def send(self, receiver, message, envelope):
            states.append(connection.in_atomic_block)
            return ""

    send(make_notification(), CuriousChannel())

    assert states == [False]


def test_when_a_worker_died_the_repeat_carries_the_same_key():
    notification, channel = make_notification(), FakeChannel()

    class DyingChannel(FakeChannel):
        def send(self, receiver, message, envelope):
            super().send(receiver, message, envelope)
            raise KeyboardInterrupt

    dying = DyingChannel()
    with pytest.raises(KeyboardInterrupt):
        send(notification, dying)
    assert due(NOON + LEASE - SECOND) == []
    send(notification, channel, now=NOON + LEASE)

    assert channel.sent[0][2].key == dying.sent[0][2].key


def test_a_try_that_ends_after_its_lease_still_counts_as_arrived():
    notification = make_notification()
    failing = FakeChannel(failures=[DeliveryError("busy")])

    class VerySlowChannel(FakeChannel):
        def send(self, receiver, message, envelope):
            send(notification, failing, now=NOON + LEASE)
            return "taken at last"

    after = send(notification, VerySlowChannel())

    assert after.state == "sent"


def test_a_failure_that_comes_after_its_lease_undoes_nothing():
    notification, second = make_notification(), FakeChannel()

    class VerySlowChannel(FakeChannel):
        def send(self, receiver, message, envelope):
            send(notification, second, now=NOON + LEASE)
            raise DeliveryError("gone", permanent=True)

    after = send(notification, VerySlowChannel())

    assert (after.state, len(second.sent)) == ("sent", 1)


def test_a_temporary_failure_is_tried_again_later():
    notification = make_notification()
    channel = FakeChannel(failures=[DeliveryError("busy", retry_after_s=60)])

    after = send(notification, channel)

    assert (after.state, after.last_error) == ("pending", "busy")
    assert after.next_attempt_at == NOON + timedelta(seconds=60)
    assert [t.ok for t in after.tries.all()] == [False]


def test_a_permanent_failure_is_visible_at_once():
    channel = FakeChannel(failures=[DeliveryError("no such person", permanent=True)])

    after = send(make_notification(), channel)

    assert (after.state, after.last_error) == ("failed", "no such person")
    assert after.next_attempt_at is None


def test_after_the_last_try_it_has_failed():
    notification, now = make_notification(), NOON
    channel = FakeChannel(failures=[DeliveryError("busy")] * MOST_TRIES)

    while due(now):
        after = send(notification, channel, now=now)
        now = after.next_attempt_at or now

    assert (after.state, after.attempts) == ("failed", MOST_TRIES)


def test_a_message_that_kills_every_worker_ends_too():
    notification = make_notification()
    Notification.objects.update(attempts=MOST_TRIES)
    channel = FakeChannel()

    after = send(notification, channel)

    assert (after.state, channel.sent) == ("failed", [])


@pytest.mark.parametrize("how", ["deleted", "switched off"])
def test_without_its_receiver_a_notification_has_failed_and_says_why(how):
    receiver = make_receiver()
    notification = make_notification(receiver=receiver)
    if how == "deleted":
        receiver.delete()
    else:
        Receiver.objects.update(enabled=False)

    after = send(notification, FakeChannel())

    assert (after.state, after.receiver_name) == ("failed", receiver.name)
    assert how in after.last_error


def test_a_lost_secret_key_is_a_failure_that_an_operator_can_mend(settings):
    notification = make_notification()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE notifications_receiver SET address = 'sealed elsewhere'")

    after = send(notification, FakeChannel())

    assert (after.state, after.attempts) == ("pending", 1)
    assert "another key" in after.last_error


def test_an_answer_that_proves_arrival_confirms_the_receiver():
    receiver = make_receiver(confirmed_at=None)

    send(make_notification(receiver=receiver), FakeChannel(confirms=True))

    receiver.refresh_from_db()
    assert receiver.confirmed_at == NOON


def test_an_answer_that_proves_nothing_does_not():
    receiver = make_receiver(confirmed_at=None)

    send(make_notification(receiver=receiver), FakeChannel(confirms=False))

    receiver.refresh_from_db()
    assert receiver.confirmed_at is None


def test_a_chart_that_cannot_be_had_does_not_hinder_the_message():
    channel = FakeChannel(takes_chart=True)

    def no_chart(message):
        raise UpstreamUnavailable("the store is down")

    after = send(make_notification(), channel, chart=no_chart)

    assert after.state == "sent"
    assert channel.sent[0][2].chart_png is None


def test_a_channel_without_pictures_asks_for_none():
    def no_chart(message):
        raise AssertionError("nobody wanted a chart")

    send(make_notification(), FakeChannel(), chart=no_chart)


def test_what_is_newer_and_arrived_overtakes_what_had_to_wait():
    receiver = make_receiver()
    fired = make_notification(receiver=receiver, thread="alert:7")
    over = make_notification(receiver=receiver, thread="alert:7", reason="resolved")
    send(fired, FakeChannel(failures=[DeliveryError("busy")]))
    send(over, FakeChannel())
    late = FakeChannel()

    after = send(fired, late, now=NOON + LEASE)

    assert (after.state, after.next_attempt_at, late.sent) == ("skipped", None, [])


@pytest.mark.parametrize(
    "other",
    [
        {"thread": "alert:8"},
        {"state": "failed", "next_attempt_at": None},
        {"receiver": None},
    ],
)
def test_what_is_elsewhere_or_did_not_arrive_overtakes_nothing(other):
    receiver = make_receiver()
    fired = make_notification(receiver=receiver, thread="alert:7")
    fields = {"receiver": receiver, "thread": "alert:7", "state": "sent"} | other
    make_notification(**fields)

    after = send(fired, FakeChannel())

    assert after.state == "sent"


def test_while_a_provider_asks_for_patience_its_other_messages_wait_too():
    receiver = make_receiver()
    first, second = (make_notification(receiver=receiver) for _ in range(2))
    elsewhere = make_notification()

    send(first, FakeChannel(failures=[DeliveryError("slow down", retry_after_s=600)]))

    assert due(NOON + timedelta(seconds=599)) == [elsewhere.pk]
    assert due(NOON + timedelta(seconds=600)) == [elsewhere.pk, first.pk, second.pk]


def test_a_receiver_that_does_not_answer_holds_one_worker_and_not_all(monkeypatch):
    receiver = make_receiver()
    first, second = (make_notification(receiver=receiver) for _ in range(2))
    clock = iter([0.0, 15.0])
    monkeypatch.setattr(services, "monotonic", lambda: next(clock))

    after = send(first, FakeChannel(failures=[DeliveryError("no answer")]))

    second.refresh_from_db()
    ended = NOON + timedelta(seconds=15)
    assert after.next_attempt_at > ended
    assert second.next_attempt_at == ended + timedelta(seconds=PAUSE_S)
    assert second.attempts == 0


def test_old_notifications_go_and_waiting_ones_stay():
    receiver = make_receiver()
    for number in range(2):
        put([receiver], number)
    send(Notification.objects.last(), FakeChannel())

    deleted = prune(NOON + SECOND)

    assert (deleted, Notification.objects.get().state) == (1, "pending")
