"""Decide whom to tell of what changed: the only code that writes this room's tables."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from bkmonitor.alerts import services as alerts
from bkmonitor.alerts.models import Alert, Transition
from bkmonitor.notifications.dispatch import Dispatch
from bkmonitor.notifications.models import Receiver
from bkmonitor.notifications.services import default_receivers, enqueue
from bkmonitor.routing.message import message_of
from bkmonitor.routing.models import AlertGroup

REPEAT_EVERY = timedelta(hours=4)
BATCH = 500


@transaction.atomic
def route_pending(now: datetime, *, limit: int = 500) -> int:
    """Turn waiting transitions into notifications; return how many there were.

    What to tell, whom, and that it was decided is written in one transaction:
    after a crash the transition is still waiting, and the notifications' keys keep
    a second run from telling anything twice.
    """
    waiting = alerts.take_unrouted(limit)
    receivers = default_receivers(row.alert.space_id for row in waiting)
    enqueue([_dispatch(row, receivers[row.alert.space_id]) for row in waiting], now)
    untold = [row.alert_id for row in waiting if not receivers[row.alert.space_id]]
    alerts.note_nobody_told(untold, at=now, why="no_receiver")
    _group(waiting, now)
    alerts.mark_routed(waiting, at=now)
    return len(waiting)


def _dispatch(transition: Transition, receivers: list[Receiver]) -> Dispatch:
    alert = transition.alert
    message = message_of(
        alert,
        reason=transition.kind,
        severity=transition.severity,
        sentence=transition.sentence,
    )
    return Dispatch(receivers, message, thread_of(alert), ("transition", transition.pk))


def _group(transitions: Iterable[Transition], now: datetime) -> None:
    """Say when each alert is to be told again; its last transition decides."""
    groups = {
        transition.alert_id: AlertGroup(
            space_id=transition.alert.space_id,
            alert_id=transition.alert_id,
            next_repeat_at=None
            if transition.kind == Transition.Kind.RESOLVED
            else now + REPEAT_EVERY,
        )
        for transition in transitions
    }
    AlertGroup.objects.bulk_create(
        # In one order for all workers, so that none waits for another in a circle.
        [groups[alert_id] for alert_id in sorted(groups)],
        batch_size=BATCH,
        update_conflicts=True,
        unique_fields=["alert"],
        update_fields=["next_repeat_at"],
    )


def repeat_due(now: datetime, *, limit: int = 500) -> int:
    """Tell again of alerts that nobody has taken; return how many messages were made.

    An acknowledged alert keeps its time and stays quiet: should it be given back,
    the next repeat comes as if nothing had been.
    """
    made = 0
    due = AlertGroup.objects.filter(next_repeat_at__lte=now).select_related(
        "alert__space"
    )
    groups = list(due.order_by("next_repeat_at")[:limit])
    receivers = default_receivers(group.space_id for group in groups)
    for group in groups:
        made += _repeat(group, receivers[group.space_id], now)
    return made


@transaction.atomic
def _repeat(group: AlertGroup, receivers: list[Receiver], now: datetime) -> int:
    alert = group.alert
    claimed = AlertGroup.objects.filter(
        pk=group.pk, next_repeat_at=group.next_repeat_at
    )
    if alert.state == Alert.State.RESOLVED:
        # Its end was routed beside its beginning, by another worker.
        claimed.update(next_repeat_at=None)
        return 0
    if not claimed.update(next_repeat_at=now + REPEAT_EVERY, repeats=F("repeats") + 1):
        return 0
    if alert.acked_at is not None or not receivers:
        return 0
    message = message_of(
        alert, reason="repeat", severity=alert.severity, sentence=alert.sentence
    )
    about = ("repeat", group.pk, group.repeats + 1)
    return enqueue([Dispatch(receivers, message, thread_of(alert), about)], now)


def thread_of(alert: Alert) -> str:
    """Return the name under which all messages about an alert are kept together."""
    return f"alert:{alert.pk}"
