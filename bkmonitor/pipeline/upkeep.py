"""Tasks that keep the house itself in order."""

import time
from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone

from bkmonitor.lib import broker
from bkmonitor.notifications import services as notifications
from bkmonitor.pipeline import canaries
from bkmonitor.probes.services import prune_pings

# Alerts stay: their history is what people search years later.
NOTIFICATIONS_KEPT = timedelta(days=400)


@shared_task
def canary(queue: str) -> None:
    """Prove that a worker of `queue` is at work; the beat sends one to every queue."""
    canaries.sing(broker.client(settings.REDIS_URL), queue, at=time.time())


@shared_task
def prune() -> None:
    """Delete what nobody will look at again: old notifications, pings and sessions."""
    notifications.prune(timezone.now() - NOTIFICATIONS_KEPT)
    prune_pings()
    SessionStore.clear_expired()
