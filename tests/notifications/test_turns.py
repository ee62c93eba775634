from datetime import timedelta

import pytest

from bkmonitor.lib.errors import DeliveryError
from bkmonitor.notifications.models import Notification
from bkmonitor.notifications.services import LEASE, deliver
from bkmonitor.notifications.turns import LOOK_AGAIN
from tests.factories import NOON, make_notification, make_receiver
from tests.fakes import FakeChannel

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)


def send(notification, channel, now=NOON):
    return deliver(notification.pk, channels={"webhook": channel}, now=now)


def two_of_a_thread():
    receiver = make_receiver()
    fired = make_notification(receiver=receiver, thread="alert:7")
    return fired, make_notification(receiver=receiver, thread="alert:7")


class Meanwhile(FakeChannel):
    """A channel that is slow enough for something else to be tried meanwhile."""

    def __init__(self, other, now=NOON, **fields):
        super().__init__(**fields)
        self.other, self.now, self.second = other, now, FakeChannel()

    def send(self, receiver, message, envelope):
        send(self.other, self.second, now=self.now)
        return super().send(receiver, message, envelope)


@pytest.mark.parametrize("failures", [[], [DeliveryError("busy")]])
def test_what_is_newer_waits_while_what_is_older_is_under_way(failures):
    fired, over = two_of_a_thread()
    channel = Meanwhile(over, failures=failures)

    send(fired, channel)
    over.refresh_from_db()
    after = send(over, FakeChannel(), now=over.next_attempt_at)

    assert channel.second.sent == []
    assert over.attempts == 0
    assert (after.state, after.sent_at) == ("sent", NOON + LOOK_AGAIN)


def test_what_is_older_is_not_tried_again_while_what_is_newer_is_under_way():
    fired, over = two_of_a_thread()
    busy = FakeChannel(failures=[DeliveryError("busy", retry_after_s=10)])
    Notification.objects.filter(pk=over.pk).update(next_attempt_at=NOON + SECOND)
    send(fired, busy)
    channel = Meanwhile(fired, now=NOON + 11 * SECOND)

    send(over, channel, now=NOON + 10 * SECOND)
    after = send(fired, FakeChannel(), now=NOON + 60 * SECOND)

    assert channel.second.sent == []
    assert after.state == "skipped"


def test_the_older_of_two_that_are_due_goes_first():
    fired, over = two_of_a_thread()

    early = send(over, FakeChannel())
    send(fired, FakeChannel())

    assert early is None
    assert send(over, FakeChannel(), now=NOON + LOOK_AGAIN).state == "sent"


def test_a_worker_that_died_holds_the_newer_for_its_lease_and_no_longer():
    fired, over = two_of_a_thread()

    class DyingChannel(FakeChannel):
        def send(self, receiver, message, envelope):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        send(fired, DyingChannel())

    assert send(over, FakeChannel(), now=NOON + LEASE - SECOND) is None
    assert send(fired, FakeChannel(), now=NOON + LEASE) is None
    assert send(over, FakeChannel(), now=NOON + LEASE).state == "sent"
    late = send(fired, FakeChannel(), now=NOON + LEASE + LOOK_AGAIN)
    assert late.state == "skipped"


def test_another_thread_or_receiver_is_not_waited_for():
    fired, _over = two_of_a_thread()
    elsewhere = make_notification(receiver=fired.receiver, thread="alert:8")
    to_another = make_notification(thread="alert:7")

    assert send(elsewhere, FakeChannel()).state == "sent"
    assert send(to_another, FakeChannel()).state == "sent"
