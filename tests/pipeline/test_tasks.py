"""What a bell makes happen, as far as the services' own tests do not say it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from bkmonitor.alerts.models import Transition
from bkmonitor.notifications.models import Notification
from bkmonitor.pipeline import tasks
from bkmonitor.routing.models import AlertGroup
from tests.factories import make_alert, make_receiver, make_space, make_strategy

pytestmark = pytest.mark.django_db


@pytest.fixture
def rung(monkeypatch):
    """Note which bells are rung instead of ringing them."""
    bells = []
    for name in ("route_transitions", "deliver_notifications"):
        monkeypatch.setattr(
            getattr(tasks, name), "delay", lambda name=name: bells.append(name)
        )
    return bells


def hours_from(at):
    """Return an active time of two hours on every day."""
    hours = {"start": f"{at:%H:%M}", "end": f"{at + timedelta(hours=2):%H:%M}"}
    return {"timezone": "UTC", "weekly": [{"days": list(range(1, 8)), **hours}]}


def test_the_beat_tells_what_was_muted_once_active_time_has_begun(rung):
    now, space = timezone.now(), make_space()
    make_receiver(space)
    strategy = make_strategy(space, active_time=hours_from(now + timedelta(hours=1)))
    alert = make_alert(space, source_id=strategy.pk)
    Transition.objects.create(alert=alert, kind="fired", severity=1, at=now)

    tasks.route_transitions()
    assert not Notification.objects.exists()
    strategy.active_time = hours_from(now - timedelta(hours=1))
    strategy.save()
    AlertGroup.objects.update(next_repeat_at=now)
    rung.clear()
    tasks.route_transitions()

    assert Notification.objects.get().reason == "fired"
    assert rung == ["deliver_notifications"]


def test_where_there_was_more_the_bell_is_rung_again(rung, monkeypatch):
    monkeypatch.setattr(tasks, "BATCH", 1)
    space = make_space()
    make_receiver(space)
    Transition.objects.bulk_create(
        Transition(alert=make_alert(space), kind="fired", severity=1, at=timezone.now())
        for _ in range(2)
    )

    tasks.route_transitions()

    assert rung == ["deliver_notifications", "route_transitions"]
