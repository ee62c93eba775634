"""The outbox: put messages in, find what is due, send it, remember its fate."""

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from hashlib import blake2b
from secrets import randbelow
from typing import Any

import orjson
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from bkmonitor.accounts.fields import vault
from bkmonitor.accounts.models import Space
from bkmonitor.accounts.validation import check_row
from bkmonitor.lib.errors import Conflict, DeliveryError, InvalidInput, TooManyRequests
from bkmonitor.lib.secrets import derive, digest, equal
from bkmonitor.lib.telemetry import NOTIFICATIONS
from bkmonitor.notifications import retry
from bkmonitor.notifications.channels.port import Channel
from bkmonitor.notifications.channels.registry import CHANNELS
from bkmonitor.notifications.message import Message
from bkmonitor.notifications.models import Attempt, Notification, Receiver
from bkmonitor.notifications.sending import Chart, hand_over

logger = logging.getLogger(__name__)

# Longer than the longest try: a chart's data and its drawing, and the channel.
LEASE = timedelta(minutes=2)
LONGEST_DETAIL = 500
EDITABLE = (
    *("name", "channel", "address", "settings", "language", "time_zone"),
    *("is_default", "enabled"),
)
CODE_LIFE = timedelta(minutes=15)
CODE_TRIES = 5
# Two clicks are one test, and a receiver is no way to flood somebody's mailbox.
BETWEEN_TESTS = timedelta(seconds=20)


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


def save_receiver(
    space: Space, fields: Mapping[str, Any], *, receiver: Receiver | None = None
) -> Receiver:
    """Make a receiver, or change the one given.

    `fields` may leave out what stays as it is; so may `settings`, where an empty
    value takes a setting away. That way a door need not know a secret to keep it.
    A receiver whose address or channel changes must be confirmed again. Raises
    InvalidInput with what is wrong of each field; nothing is written then.
    """
    unknown = set(fields) - set(EDITABLE)
    if unknown:
        raise InvalidInput(f"a receiver has no field {', '.join(sorted(unknown))}")
    receiver = receiver or Receiver(space=space)
    before = (receiver.channel, receiver.address)
    for name, value in fields.items():
        if name != "settings":
            setattr(receiver, name, value)
    _merge_settings(receiver, fields.get("settings", {}), moved=before[0])
    # The name's uniqueness is asked of the database below, once and for all.
    check_row(receiver, exclude=["space", "settings"])
    if receiver.language and receiver.language not in dict(settings.LANGUAGES):
        raise _wrong("language", _("There are no messages in that language."))
    CHANNELS[receiver.channel].check(receiver.address, receiver.settings)
    if (receiver.channel, receiver.address) != before:
        receiver.confirmed_at = receiver.code_sent_at = None
        receiver.code_digest = ""
    try:
        with transaction.atomic():
            receiver.save()
    except IntegrityError as error:
        raise _wrong(
            "name", _("Another receiver of this space has that name.")
        ) from error
    return receiver


def delete_receiver(receiver: Receiver) -> None:
    """Remove a receiver; what was waiting for it has failed, and the log stays."""
    with transaction.atomic():
        receiver.notifications.filter(state=Notification.State.PENDING).update(
            state=Notification.State.FAILED,
            next_attempt_at=None,
            last_error="the receiver was deleted",
        )
        receiver.delete()


def send_test(receiver: Receiver, now: datetime) -> Notification:
    """Queue a test message with a new six-digit code, on the road of every message.

    A channel whose answer is proof gets no code: it confirms itself. Raises
    TooManyRequests when the last test is but seconds old, Conflict when the
    receiver is switched off.
    """
    if not receiver.enabled:
        raise Conflict(f"the receiver {receiver.name} is switched off")
    code = f"{randbelow(10**6):06d}"
    told = "" if CHANNELS[receiver.channel].confirms else vault().seal(code)
    fresh = {
        "code_digest": _code_digest(receiver, code) if told else "",
        "code_sent_at": now,
        "code_tries": 0,
    }
    free = Q(code_sent_at=None) | Q(code_sent_at__lte=now - BETWEEN_TESTS)
    with transaction.atomic():
        # Claimed, so that of two at once only one goes on.
        if not Receiver.objects.filter(free, pk=receiver.pk).update(**fresh):
            wait = BETWEEN_TESTS.total_seconds()
            raise TooManyRequests("a test was sent just now", retry_after_s=wait)
        message = Message(
            reason="test",
            title=receiver.space.name,
            sentence={"id": "test"},
            space_name=receiver.space.name,
            path=f"/s/{receiver.space.slug}/receivers/",
            code=told,
        )
        parts = ["test", str(now.timestamp())]
        enqueue(
            [receiver], message, thread=f"test:{receiver.pk}", key_parts=parts, now=now
        )
    return Notification.objects.get(key=notification_key(receiver.pk, parts))


def confirm(receiver: Receiver, code: str, now: datetime) -> Receiver:
    """Note that a person read the code: messages arrive.

    Raises InvalidInput for a wrong code, one that is too old, or after CODE_TRIES
    wrong ones. A receiver that is confirmed stays so.
    """
    receiver.refresh_from_db()
    if receiver.confirmed_at and not receiver.code_digest:
        return receiver
    if receiver.code_sent_at is None or now - receiver.code_sent_at > CODE_LIFE:
        raise _wrong("code", _("There is no code that is still good; send a new one."))
    # Counted before it is compared, so that guessing at once gains nothing.
    tries = Receiver.objects.filter(pk=receiver.pk, code_tries__lt=CODE_TRIES)
    if not tries.update(code_tries=F("code_tries") + 1):
        raise _wrong("code", _("Too many wrong codes; send a new one."))
    if not equal(_code_digest(receiver, code.strip()), receiver.code_digest):
        raise _wrong("code", _("That is not the code of the newest test message."))
    receiver.confirmed_at, receiver.code_digest = now, ""
    receiver.save(update_fields=["confirmed_at", "code_digest"])
    return receiver


def _merge_settings(
    receiver: Receiver, given: Mapping[str, Any], *, moved: str
) -> None:
    # What one channel kept means nothing to another.
    kept = receiver.settings if receiver.channel == moved else {}
    whole = {**kept, **given}
    receiver.settings = {name: value for name, value in whole.items() if value}


def _code_digest(receiver: Receiver, code: str) -> str:
    """Return what is stored of a code: with our key, since a million are soon tried."""
    key = derive(settings.SECRET_KEY, "receiver code").decode()
    return digest(f"{key}:{receiver.pk}:{code}")


def _wrong(field: str, text: str) -> InvalidInput:
    return InvalidInput(text, {field: text})
