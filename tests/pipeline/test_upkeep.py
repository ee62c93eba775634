from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from bkmonitor.notifications.models import Notification
from bkmonitor.pipeline.upkeep import prune
from tests.factories import make_receiver

pytestmark = pytest.mark.django_db


def make_notification(state, age, now):
    receiver = make_receiver()
    return Notification.objects.create(
        space=receiver.space,
        receiver=receiver,
        receiver_name="x",
        channel="webhook",
        key=f"{state}{age}",
        thread="alert:1",
        reason="fired",
        message={},
        state=state,
        created_at=now - timedelta(days=age),
    )


def test_what_is_old_and_done_is_deleted_and_nothing_else():
    now = timezone.now()
    make_notification("sent", 401, now)
    kept = [make_notification("sent", 399, now), make_notification("pending", 401, now)]
    Session.objects.create(session_key="old", expire_date=now - timedelta(days=1))
    Session.objects.create(session_key="young", expire_date=now + timedelta(days=1))

    prune()

    assert set(Notification.objects.all()) == set(kept)
    assert Session.objects.get().session_key == "young"
