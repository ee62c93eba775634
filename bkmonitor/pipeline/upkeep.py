"""Tasks that keep the house itself in order."""

import time

from celery import shared_task
from django.conf import settings

from bkmonitor.lib import broker
from bkmonitor.pipeline import canaries


@shared_task
def canary(queue: str) -> None:
    """Prove that a worker of `queue` is at work; the beat sends one to every queue."""
    canaries.sing(broker.client(settings.REDIS_URL), queue, at=time.time())
