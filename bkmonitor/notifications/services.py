"""The outbox: put messages in, find what is due, send it, remember its fate."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from bkmonitor.accounts.fields import vault
from bkmonitor.accounts.models import Space
from bkmonitor.accounts.rows import store
from bkmonitor.accounts.validation import check_row, check_stays_home
from bkmonitor.lib.errors import Conflict, DeliveryError, InvalidInput, TooManyRequests
from bkmonitor.lib.secrets import equal
from bkmonitor.lib.telemetry import NOTIFICATIONS
from bkmonitor.notifications import codes, retry
from bkmonitor.notifications.channels.port import Channel
from bkmonitor.notifications.channels.registry import CHANNELS
from bkmonitor.notifications.dispatch import Dispatch
from bkmonitor.notifications.insisting import insist
from bkmonitor.notifications.keys import notification_key
from bkmonitor.notifications.message import Message
from bkmonitor.notifications.models import Attempt, Notification, Receiver
from bkmonitor.notifications.sending import Chart, hand_over
from bkmonitor.notifications.turns import waits_until

logger = logging.getLogger(__name__)

# Longer than the longest try: a chart's data and its drawing, and the channel.
LEASE = timedelta(minutes=2)
LONGEST_DETAIL = 500
BATCH = 500
EDITABLE = (
    *("name", "channel", "address", "settings", "language", "time_zone"),
    *("is_default", "enabled"),
)
# Two clicks are one test, and a receiver is no way to flood somebody's mailbox.
BETWEEN_TESTS = timedelta(seconds=20)


def default_receivers(space_ids: Iterable[int]) -> dict[int, list[Receiver]]:
    """Return the receivers that get everything of a space, for each of some spaces.

    One that never confirmed is told too: a message that may be lost is better
    than one that was never sent.
    """
    found: dict[int, list[Receiver]] = {space_id: [] for space_id in space_ids}
    chosen = Receiver.objects.filter(is_default=True, enabled=True)
    for receiver in chosen.filter(space_id__in=list(found)):
        found[receiver.space_id].append(receiver)
    return found


def told_receivers(threads: Iterable[str]) -> dict[str, frozenset[int]]:
    """Return the receivers that got, or are to get, a message of each thread."""
    rows = Notification.objects.filter(
        thread__in=list(threads), receiver_id__isnull=False
    )
    found: dict[str, set[int]] = defaultdict(set)
    for thread, receiver_id in rows.values_list("thread", "receiver_id").distinct():
        found[thread].add(receiver_id)
    return {thread: frozenset(keys) for thread, keys in found.items()}


def enqueue(dispatches: Iterable[Dispatch], now: datetime) -> int:
    """Put a notification for each receiver of each dispatch into the outbox.

    Returns how many were asked for; what is there already is not made again.
    """
    rows = [row for dispatch in dispatches for row in dispatch.rows(now)]
    Notification.objects.bulk_create(rows, ignore_conflicts=True, batch_size=BATCH)
    return len(rows)


def due(now: datetime, limit: int = 100) -> list[int]:
    """Return the ids of notifications whose time has come, longest waiting first."""
    waiting = Notification.objects.due(now).order_by("next_attempt_at", "pk")
    return list(waiting.values_list("pk", flat=True)[:limit])


def deliver(
    pk: int,
    *,
    channels: Mapping[str, Channel],
    chart: Chart | None = None,
    now: datetime,
) -> Notification | None:
    """Send one notification, if it is due, its turn, and nobody else has it.

    The row is leased first and no transaction stays open while sending. If the
    worker dies, the row is due again when the lease ends: twice is possible,
    silence is not, and the second try carries the same key. How it went is noted
    even if the database goes away meanwhile and comes back within the lease.
    Returns the row as it is afterwards, None when there was nothing to do.
    """
    notification = _lease(pk, now)
    if notification is None:
        return None
    if Notification.objects.overtaking(notification).exists():
        return _note_skipped(notification)
    started = monotonic()
    try:
        receiver = _addressee(notification)
        answer = hand_over(notification, receiver, channels, chart, now)
    except DeliveryError as error:
        failure = error
    except InvalidInput as error:
        # A secret that was sealed with a lost key, which an operator may find.
        failure = DeliveryError(str(error))
    else:
        confirmed = receiver if channels[receiver.channel].confirms else None
        return insist(
            lambda: _note_success(notification, confirmed, answer, now),
            until=started + LEASE.total_seconds(),
        )
    took = timedelta(seconds=int(monotonic() - started))
    return insist(
        lambda: _note_failure(notification, failure, now + took, took),
        until=started + LEASE.total_seconds(),
    )


def prune(before: datetime) -> int:
    """Delete notifications made before a moment that are not waiting; return how many."""
    old = Notification.objects.filter(created_at__lt=before).exclude(
        state=Notification.State.PENDING
    )
    deleted = 0
    # In portions, so that a backlog of a year is no transaction of an hour.
    while ids := list(old.order_by("pk").values_list("pk", flat=True)[:1000]):
        Notification.objects.filter(pk__in=ids).delete()
        deleted += len(ids)
    return deleted


@transaction.atomic
def _lease(pk: int, now: datetime) -> Notification | None:
    ours = Notification.objects.due(now).filter(pk=pk).first()
    if ours is None:
        return None
    # The whole thread is locked: of two workers one sees what the other has begun.
    waiting = Notification.objects.beside(ours).order_by("pk").select_for_update()
    thread = {other.pk: other for other in waiting}
    ours, row = thread.get(pk), Notification.objects.due(now).filter(pk=pk)
    if ours is None:
        return None
    if until := waits_until(ours, thread.values(), now):
        row.update(next_attempt_at=until)
        return None
    ends, tries = now + LEASE, F("attempts") + 1
    if not row.update(next_attempt_at=ends, leased_until=ends, attempts=tries):
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
            leased_until=None,
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


def _note_skipped(notification: Notification) -> Notification:
    ours = Notification.objects.filter(
        pk=notification.pk, state=Notification.State.PENDING
    )
    skipped = Notification.State.SKIPPED
    ours.update(state=skipped, next_attempt_at=None, leased_until=None)
    _tell("notification.skipped", notification, logging.INFO)
    notification.refresh_from_db()
    return notification


def _note_failure(
    notification: Notification, error: DeliveryError, ended: datetime, took: timedelta
) -> Notification:
    wait = retry.delay_s(
        notification.attempts,
        key=notification.key,
        permanent=error.permanent,
        retry_after_s=error.retry_after_s,
    )
    pending, failed = Notification.State.PENDING, Notification.State.FAILED
    with transaction.atomic():
        # Only while the lease is ours: another try may have begun, or ended well.
        ours = Notification.objects.filter(
            pk=notification.pk, state=pending, attempts=notification.attempts
        )
        ours.update(
            state=failed if wait is None else pending,
            next_attempt_at=None if wait is None else ended + timedelta(seconds=wait),
            leased_until=None,
            last_error=str(error)[:LONGEST_DETAIL],
        )
        _note_attempt(notification, ended, ok=False, detail=str(error))
        if pause := retry.pause_s(took.total_seconds(), error.retry_after_s):
            _hold_others(notification, ended, timedelta(seconds=pause))
    event = "notification.failed" if wait is None else "notification.retry"
    _tell(event, notification, logging.WARNING, reason=str(error)[:LONGEST_DETAIL])
    notification.refresh_from_db()
    return notification


def _hold_others(notification: Notification, ended: datetime, pause: timedelta) -> None:
    """Let what else is due for the same receiver wait, and others' messages pass.

    What is leased has its time in the future and is left alone.
    """
    others = Notification.objects.due(ended).filter(
        receiver_id=notification.receiver_id
    )
    others.update(next_attempt_at=ended + pause)


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
    What is kept does not go to another server: it is given again or taken away.
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
    kept = _merge_settings(receiver, fields.get("settings", {}), moved=before[0])
    # The name's uniqueness is asked of the database below, once and for all.
    check_row(receiver, exclude=["space", "settings"])
    if receiver.language and receiver.language not in dict(settings.LANGUAGES):
        raise _wrong("language", _("There are no messages in that language."))
    CHANNELS[receiver.channel].check(receiver.address, receiver.settings)
    check_stays_home(before[1], receiver.address, kept)
    changed = [*EDITABLE]
    if (receiver.channel, receiver.address) != before:
        receiver.confirmed_at = receiver.code_sent_at = None
        receiver.code_digest = ""
        changed += ["confirmed_at", "code_sent_at", "code_digest"]
    store(receiver, changed)
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
    code = codes.make()
    told = "" if CHANNELS[receiver.channel].confirms else vault().seal(code)
    fresh = {
        "code_digest": codes.digest_of(receiver.pk, code) if told else "",
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
        enqueue([Dispatch([receiver], message, f"test:{receiver.pk}", parts)], now)
    return Notification.objects.get(key=notification_key(receiver.pk, parts))


def confirm(receiver: Receiver, code: str, now: datetime) -> Receiver:
    """Note that a person read the code: messages arrive.

    Raises InvalidInput for a wrong code, one that is too old, or after codes.TRIES
    wrong ones. A receiver that is confirmed stays so.
    """
    receiver.refresh_from_db()
    if receiver.confirmed_at and not receiver.code_digest:
        return receiver
    if receiver.code_sent_at is None or now - receiver.code_sent_at > codes.LIFE:
        raise _wrong("code", _("There is no code that is still good; send a new one."))
    # Counted before it is compared, so that guessing at once gains nothing.
    tries = Receiver.objects.filter(pk=receiver.pk, code_tries__lt=codes.TRIES)
    if not tries.update(code_tries=F("code_tries") + 1):
        raise _wrong("code", _("Too many wrong codes; send a new one."))
    if not equal(codes.digest_of(receiver.pk, code.strip()), receiver.code_digest):
        raise _wrong("code", _("That is not the code of the newest test message."))
    receiver.confirmed_at, receiver.code_digest = now, ""
    receiver.save(update_fields=["confirmed_at", "code_digest"])
    return receiver


def _merge_settings(
    receiver: Receiver, given: Mapping[str, Any], *, moved: str
) -> list[str]:
    """Join what is given with what is kept; return the names of what is kept."""
    # What one channel kept means nothing to another.
    kept = receiver.settings if receiver.channel == moved else {}
    whole = {**kept, **given}
    receiver.settings = {name: value for name, value in whole.items() if value}
    return sorted(set(kept) - set(given))


def _wrong(field: str, text: str) -> InvalidInput:
    return InvalidInput(text, {field: text})
