"""Whether everything works, in figures: what the system page and the API show."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import redis
from django.conf import settings
from django.db import connection
from django.db.models import Min

from bkmonitor.lib import broker
from bkmonitor.metrics.tsdb.current import is_on
from bkmonitor.notifications.models import Notification
from bkmonitor.pipeline import canaries
from bkmonitor.pipeline.queues import QUEUES
from bkmonitor.probes.models import Probe
from bkmonitor.strategies import services as strategies
from bkmonitor.strategies.models import Strategy

# A canary sings every 30 s; this is three that were not heard.
SILENT_S = 120.0
RECENT = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class QueueStatus:
    """A queue: messages that wait, and the seconds since a worker last proved to work it."""

    name: str
    depth: int
    canary_age_s: float | None

    @property
    def working(self) -> bool:
        """Tell whether somebody works the queue."""
        return self.canary_age_s is not None and self.canary_age_s < SILENT_S


@dataclass(frozen=True, slots=True)
class Status:
    """The state of the installation at a moment.

    queues             empty while the broker does not answer
    metrics            whether there is a time series database, up or down
    evaluation_lag_s   by how much the strategy that waits longest is late
    probe_lag_s        likewise of the probes
    delivery_lag_s     likewise of the messages
    """

    version: str
    database: str
    broker: bool
    metrics: bool
    queues: tuple[QueueStatus, ...]
    evaluation_lag_s: float
    probe_lag_s: float
    delivery_lag_s: float
    strategies_failing: int
    deliveries_failed: int


def system_status(now: datetime) -> Status:
    """Return the state of the installation; never raises for a part that is down."""
    queues = _queues(now.timestamp())
    waiting = Notification.objects.filter(state=Notification.State.PENDING)
    failed = Notification.objects.filter(
        state=Notification.State.FAILED, created_at__gt=now - RECENT
    )
    return Status(
        version=settings.VERSION,
        database=connection.vendor,
        broker=bool(queues),
        metrics=is_on(),
        queues=queues,
        evaluation_lag_s=_lag(
            Strategy.objects.filter(enabled=True).aggregate(at=Min("next_run_at")), now
        ),
        probe_lag_s=_lag(
            Probe.objects.filter(enabled=True).aggregate(at=Min("next_run_at")), now
        ),
        delivery_lag_s=_lag(waiting.aggregate(at=Min("next_attempt_at")), now),
        strategies_failing=strategies.count_failing(),
        deliveries_failed=failed.count(),
    )


def _lag(oldest: Mapping[str, datetime | None], now: datetime) -> float:
    at = oldest["at"]
    return max(0.0, (now - at).total_seconds()) if at else 0.0


def _queues(now: float) -> tuple[QueueStatus, ...]:
    if not settings.REDIS_URL:
        return ()
    client = broker.client(settings.REDIS_URL)
    try:
        waiting, ages = canaries.depths(client), canaries.ages(client, now=now)
    except redis.RedisError:
        return ()
    return tuple(QueueStatus(name, waiting[name], ages.get(name)) for name in QUEUES)
