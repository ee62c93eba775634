"""The verbs of alerts: the only code that writes this room's tables."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from bkmonitor.accounts.models import User
from bkmonitor.alerts.changes import BATCH, Changes, end, transition, write
from bkmonitor.alerts.models import Alert, Note, Transition
from bkmonitor.alerts.recording import record
from bkmonitor.alerts.watermarks import advance
from bkmonitor.evaluation.verdict import Sentence
from bkmonitor.lib.errors import Conflict

__all__ = [
    "Untold",
    "acknowledge",
    "comment",
    "mark_routed",
    "note_untold",
    "record",
    "resolve_source",
    "take_unrouted",
    "unacknowledge",
    "with_changes_elsewhere",
]


@transaction.atomic
def resolve_source(kind: str, source_id: int, *, at: datetime, reason: str) -> int:
    """End all alerts of a source that is gone; return how many there were.

    `reason` is "source_removed" or "source_disabled". The watermark moves to `at`,
    so that an evaluation that was under way cannot open them again.
    """
    changes = Changes()
    advance({(kind, source_id): at})
    firing = Alert.objects.firing().of_source(kind, source_id).select_for_update()
    for alert in firing:
        end(alert, at, reason, Sentence(f"resolved.{reason}"))
        changes.alter(alert)
        changes.transitions.append(
            transition(alert, Transition.Kind.RESOLVED, max(at, alert.started_at))
        )
    write(changes)
    return len(changes.transitions)


@transaction.atomic
def acknowledge(alert: Alert, *, by: User | None, at: datetime) -> Alert:
    """Note that somebody has taken the alert. The first one wins.

    `by` is None where it is a program that has taken it.

    Raises Conflict if the alert is resolved or already taken.
    """
    free = Alert.objects.firing().filter(pk=alert.pk, acked_at=None)
    if not free.update(acked_by=by, acked_at=at):
        raise Conflict(f"alert {alert.pk} is resolved or already acknowledged")
    Note.objects.create(alert=alert, kind=Note.Kind.ACKNOWLEDGED, at=at, by=by)
    alert.refresh_from_db()
    return alert


@transaction.atomic
def unacknowledge(alert: Alert, *, by: User | None, at: datetime) -> Alert:
    """Give a taken alert back; Conflict if nobody has it or it is resolved."""
    taken = Alert.objects.firing().filter(pk=alert.pk, acked_at__isnull=False)
    if not taken.update(acked_by=None, acked_at=None):
        raise Conflict(f"alert {alert.pk} is resolved or not acknowledged")
    Note.objects.create(alert=alert, kind=Note.Kind.UNACKNOWLEDGED, at=at, by=by)
    alert.refresh_from_db()
    return alert


def comment(alert: Alert, *, by: User | None, at: datetime, text: str) -> Note:
    """Add a person's words to the timeline."""
    return Note.objects.create(
        alert=alert, kind=Note.Kind.COMMENT, at=at, by=by, text=text
    )


@dataclass(frozen=True, slots=True)
class Untold:
    """That a change of an alert was told to nobody: why, or until when."""

    alert_id: int
    why: str = ""
    until: datetime | None = None


def note_untold(untold: Iterable[Untold], *, at: datetime) -> None:
    """Write into the timelines that a change was told to nobody, and why."""
    Note.objects.bulk_create(
        [
            Note(
                alert_id=each.alert_id,
                kind=Note.Kind.MUTED if each.until else Note.Kind.NOBODY_TOLD,
                at=at,
                text=each.until.isoformat() if each.until else each.why,
            )
            for each in untold
        ],
        batch_size=BATCH,
    )


def take_unrouted(limit: int) -> list[Transition]:
    """Return transitions nobody was told of yet, oldest first, locked until commit.

    Call inside a transaction. Rows that another worker holds are left to it.
    """
    waiting = Transition.objects.filter(routed_at=None).order_by("at", "pk")
    locked = waiting.select_for_update(skip_locked=True, of=("self",))
    return list(locked.select_related("alert", "alert__space")[:limit])


def with_changes_elsewhere(transitions: Iterable[Transition]) -> set[int]:
    """Return which alerts of these have unrouted changes that are not among these.

    Another worker has them; what comes of these may hang on what it does.
    """
    rows = list(transitions)
    others = Transition.objects.filter(
        routed_at=None, alert_id__in={row.alert_id for row in rows}
    ).exclude(pk__in=[row.pk for row in rows])
    return set(others.values_list("alert_id", flat=True))


def mark_routed(transitions: Iterable[Transition], *, at: datetime) -> None:
    """Note that it has been decided whom to tell of these."""
    keys = [transition.pk for transition in transitions]
    Transition.objects.filter(pk__in=keys).update(routed_at=at)
