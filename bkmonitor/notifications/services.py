"""The outbox: put messages in, find what is due, send it, remember its fate."""

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from hashlib import blake2b

import orjson
from django.db import transaction
from django.db.models import F

from bkmonitor.lib.errors import DeliveryError, InvalidInput
from bkmonitor.lib.telemetry import NOTIFICATIONS
from bkmonitor.notifications import retry
from bkmonitor.notifications.channels.port import Channel
from bkmonitor.notifications.message import Message
from bkmonitor.notifications.models import Attempt, Notification, Receiver
from bkmonitor.notifications.sending import Chart, hand_over

logger = logging.getLogger(__name__)

# Longer than the longest try: a chart's data and its drawing, and the channel.
LEASE = timedelta(minutes=2)
LONGEST_DETAIL = 500


def default_receivers(space_id: int) -> list[Receiver]:
    """Return the receivers that get everything of a space.

    One that never confirmed is told too: a message that may be lost is better
    than one that was never sent.
    """
    return list(
        Receiver.objects.filter(space_id=space_id, is_default=True, enabled=True)
    )


def enqueue(
    receivers: Iterable[Receiver],
    message: Message,
    *,
    thread: str,
    key_parts: Iterable[object],
    now: datetime,
) -> int:
    """Put one notification for each receiver into the outbox; return how many.

    `key_parts` say what the message is about. Asking again with the same parts
    makes no second notification for the same receiver.
    """
    stored, parts = message.to_dict(), [str(part) for part in key_parts]
    rows = [
        Notification(
            space_id=receiver.space_id,
            receiver=receiver,
            receiver_name=receiver.name,
            channel=receiver.channel,
            key=notification_key(receiver.pk, parts),
            thread=thread,
            reason=message.reason,
            message=stored,
            next_attempt_at=now,
            created_at=now,
        )
        for receiver in receivers
    ]
    Notification.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def notification_key(receiver_id: int, parts: Iterable[str]) -> str:
    """Return 40 hex digits that name what is told to whom."""
    packed = orjson.dumps([receiver_id, *parts])
    return blake2b(packed, digest_size=20).hexdigest()


def due(now: datetime, limit: int = 100) -> list[int]:
    """Return the ids of notifications whose time has come, longest waiting first."""
    waiting = Notification.objects.filter(
        state=Notification.State.PENDING, next_attempt_at__lte=now
    )
    return list(
        waiting.order_by("next_attempt_at", "pk").values_list("pk", flat=True)[:limit]
    )


def deliver(
    pk: int,
    *,
    channels: Mapping[str, Channel],
    chart: Chart | None = None,
    now: datetime,
) -> Notification | None:
    """Send one notification, if it is due and nobody else has it.

    The row is leased first and no transaction stays open while sending. If the
    worker dies, the row is due again when the lease ends: twice is possible,
    silence is not, and the second try carries the same key. Returns the row as it
    is afterwards, None when there was nothing to do.
    """
    notification = _lease(pk, now)
    if notification is None:
        return None
    try:
        receiver = _addressee(notification)
        answer = hand_over(notification, receiver, channels, chart, now)
    except DeliveryError as error:
        return _note_failure(notification, error, now)
    except InvalidInput as error:
        # A secret that was sealed with a lost key, which an operator may find.
        return _note_failure(notification, DeliveryError(str(error)), now)
    confirms = channels[receiver.channel].confirms
    return _note_success(notification, receiver if confirms else None, answer, now)


def prune(before: datetime) -> int:
    """Delete notifications made before a moment that are not waiting; return how many."""
    old = Notification.objects.filter(created_at__lt=before).exclude(
        state=Notification.State.PENDING
    )
    return old.delete()[1].get(Notification._meta.label, 0)


def _lease(pk: int, now: datetime) -> Notification | None:
    waiting = Notification.objects.filter(
        pk=pk, state=Notification.State.PENDING, next_attempt_at__lte=now
    )
    if not waiting.update(next_attempt_at=now + LEASE, attempts=F("attempts") + 1):
        return None
    return Notification.objects.get(pk=pk)


def _addressee(notification: Notification) -> Receiver:
    receiver: Receiver | None = (
        Receiver.objects.select_related("space")
        .filter(pk=notification.receiver_id)
        .first()
    )
    if receiver is None:
        raise DeliveryError("the receiver was deleted", permanent=True)
    if not receiver.enabled:
        raise DeliveryError("the receiver is switched off", permanent=True)
    if notification.attempts > retry.MOST_TRIES:
        # Only a worker that dies in every try gets here: nobody noted the end.
        raise DeliveryError("every try was cut short", permanent=True)
    return receiver


def _note_success(
    notification: Notification, confirmed: Receiver | None, answer: str, now: datetime
) -> Notification:
    """Arrived is arrived, whoever holds the lease by now."""
    with transaction.atomic():
        unsent = Notification.objects.filter(pk=notification.pk).exclude(
            state=Notification.State.SENT
        )
        unsent.update(
            state=Notification.State.SENT,
            sent_at=now,
            next_attempt_at=None,
            last_error="",
        )
        _note_attempt(notification, now, ok=True, detail=answer)
        if confirmed is not None:
            # Not if the address was changed while the message was on its way.
            Receiver.objects.filter(
                pk=confirmed.pk, confirmed_at=None, code_sent_at=confirmed.code_sent_at
            ).update(confirmed_at=now, code_digest="")
    _tell("notification.sent", notification, logging.INFO)
    notification.refresh_from_db()
    return notification


def _note_failure(
    notification: Notification, error: DeliveryError, now: datetime
) -> Notification:
    wait = retry.delay_s(
        notification.attempts,
        key=notification.key,
        permanent=error.permanent,
        retry_after_s=error.retry_after_s,
    )
    with transaction.atomic():
        # Only while the lease is ours: another try may have begun, or ended well.
        ours = Notification.objects.filter(
            pk=notification.pk,
            state=Notification.State.PENDING,
            attempts=notification.attempts,
        )
        ours.update(
            state=Notification.State.FAILED
            if wait is None
            else Notification.State.PENDING,
            next_attempt_at=None if wait is None else now + timedelta(seconds=wait),
            last_error=str(error)[:LONGEST_DETAIL],
        )
        _note_attempt(notification, now, ok=False, detail=str(error))
    event = "notification.failed" if wait is None else "notification.retry"
    _tell(event, notification, logging.WARNING, reason=str(error)[:LONGEST_DETAIL])
    notification.refresh_from_db()
    return notification


def _note_attempt(
    notification: Notification, now: datetime, *, ok: bool, detail: str
) -> None:
    Attempt.objects.create(
        notification=notification, at=now, ok=ok, detail=detail[:LONGEST_DETAIL]
    )


def _tell(event: str, notification: Notification, level: int, **more: str) -> None:
    result = event.removeprefix("notification.")
    NOTIFICATIONS.labels(channel=notification.channel, result=result).inc()
    logger.log(
        level,
        event,
        extra={
            "notification": notification.pk,
            "channel": notification.channel,
            "attempt": notification.attempts,
            **more,
        },
    )
