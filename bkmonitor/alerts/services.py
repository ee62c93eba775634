"""The verbs of alerts: the only code that writes this room's tables."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
from django.db import transaction

from bkmonitor.accounts.models import User
from bkmonitor.alerts.models import Alert, Note, Transition, Watermark
from bkmonitor.evaluation.texts import render_texts
from bkmonitor.evaluation.verdict import HELD, NORMAL, Sentence, Verdicts
from bkmonitor.lib.errors import Conflict
from bkmonitor.lib.labels import Labels, fingerprint
from bkmonitor.lib.telemetry import TRANSITIONS

BATCH = 500
CHANGED = [
    "severity", "state", "value", "sentence", "summary", "description",
    "ended_at", "end_reason", "open_key", "missing_since",
]  # fmt: skip


@dataclass(slots=True)
class _Changes:
    """What one batch of verdicts asks of the tables."""

    opened: list[Alert] = field(default_factory=list)
    altered: list[Alert] = field(default_factory=list)
    transitions: list[Transition] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)


@transaction.atomic
def record(verdicts: Verdicts) -> int:
    """Apply what an evaluation said; return how many alerts changed.

    Safe to repeat and to run late: the source's watermark is locked first, and
    verdicts that are not newer than it change nothing.
    """
    source, at = verdicts.source, verdicts.at
    if not _advance_watermark(source.kind, source.id, at):
        return 0
    changes = _Changes()
    open_now = {
        alert.fingerprint: alert
        for alert in Alert.objects.firing().of_source(source.kind, source.id)
    }
    _judge_present(verdicts, open_now, changes)
    _judge_absent(verdicts, open_now, changes)
    _write(changes)
    return len(changes.transitions)


def _advance_watermark(kind: str, source_id: int, at: datetime) -> bool:
    mark, created = Watermark.objects.select_for_update().get_or_create(
        source_kind=kind, source_id=source_id, defaults={"at": at}
    )
    if created:
        return True
    if mark.at >= at:
        return False
    mark.at = at
    mark.save(update_fields=["at"])
    return True


def _judge_present(
    verdicts: Verdicts, open_now: dict[str, Alert], changes: _Changes
) -> None:
    """Open, alter and end the alerts of the series that the evaluation has seen.

    Only rows that fire are looked at one by one, unless something is open: a calm
    frame of a hundred thousand series costs nothing.
    """
    if open_now:
        rows: Iterable[int] = range(len(verdicts.labels))
    else:
        rows = (int(row) for row in np.flatnonzero(verdicts.severity > NORMAL))
    for row in rows:
        labels = verdicts.labels[row]
        key = fingerprint(labels)
        severity, alert = int(verdicts.severity[row]), open_now.pop(key, None)
        if alert is None:
            if severity > NORMAL:
                _open(verdicts, row, key, changes)
            continue
        _note_data_back(alert, verdicts.at, changes)
        if severity == NORMAL:
            sentence = verdicts.sentences.get(row) or Sentence(
                "resolved.normal", {"value": _value(verdicts, row)}
            )
            _resolve(alert, verdicts.at, "normal", sentence, changes)
        elif severity != HELD:
            _alter(alert, verdicts, row, changes)


def _judge_absent(
    verdicts: Verdicts, open_now: Mapping[str, Alert], changes: _Changes
) -> None:
    for alert in open_now.values():
        if verdicts.changed_at and alert.started_at < verdicts.changed_at:
            sentence = Sentence("resolved.source_changed")
            _resolve(alert, verdicts.at, "source_changed", sentence, changes)
        elif verdicts.absent_is_normal:
            _resolve(alert, verdicts.at, "absent", Sentence("resolved.absent"), changes)
        elif alert.missing_since is None:
            alert.missing_since = verdicts.at
            changes.altered.append(alert)
            changes.notes.append(
                Note(alert=alert, kind=Note.Kind.DATA_MISSING, at=verdicts.at)
            )


def _open(verdicts: Verdicts, row: int, key: str, changes: _Changes) -> None:
    source, severity = verdicts.source, int(verdicts.severity[row])
    labels = _storable({**verdicts.labels[row], **source.labels})
    value = _value(verdicts, row)
    summary, description = render_texts(source, labels, value, severity)
    alert = Alert(
        space_id=source.space_id,
        source_kind=source.kind,
        source_id=source.id,
        source_name=source.name,
        labels=labels,
        fingerprint=key,
        open_key=f"{source.kind}:{source.id}:{key}",
        severity=severity,
        value=value,
        sentence=_sentence(verdicts, row),
        summary=summary,
        description=description,
        runbook_url=source.runbook_url,
        started_at=verdicts.at,
    )
    changes.opened.append(alert)
    changes.transitions.append(_transition(alert, Transition.Kind.FIRED, verdicts.at))


def _alter(alert: Alert, verdicts: Verdicts, row: int, changes: _Changes) -> None:
    severity, before = int(verdicts.severity[row]), alert.severity
    value, sentence = _value(verdicts, row), _sentence(verdicts, row)
    if severity == before and value == alert.value and sentence == alert.sentence:
        return
    alert.severity, alert.value, alert.sentence = severity, value, sentence
    if severity != before:
        alert.summary, alert.description = render_texts(
            verdicts.source, alert.labels, value, severity
        )
        kind = Transition.Kind.WORSENED if severity < before else Transition.Kind.EASED
        changes.transitions.append(_transition(alert, kind, verdicts.at))
    changes.altered.append(alert)


def _resolve(
    alert: Alert, at: datetime, reason: str, sentence: Sentence, changes: _Changes
) -> None:
    alert.state = Alert.State.RESOLVED
    alert.ended_at, alert.end_reason, alert.open_key = at, reason, None
    alert.sentence = _packed(sentence)
    changes.altered.append(alert)
    changes.transitions.append(_transition(alert, Transition.Kind.RESOLVED, at))


def _note_data_back(alert: Alert, at: datetime, changes: _Changes) -> None:
    if alert.missing_since is not None:
        alert.missing_since = None
        changes.altered.append(alert)
        changes.notes.append(Note(alert=alert, kind=Note.Kind.DATA_BACK, at=at))


def _transition(alert: Alert, kind: str, at: datetime) -> Transition:
    return Transition(
        alert=alert,
        kind=kind,
        severity=alert.severity,
        value=alert.value,
        sentence=alert.sentence,
        at=at,
    )


def _write(changes: _Changes) -> None:
    Alert.objects.bulk_create(changes.opened, batch_size=BATCH)
    unique = list({alert.pk: alert for alert in changes.altered}.values())
    if unique:
        Alert.objects.bulk_update(unique, CHANGED, batch_size=BATCH)
    for transition in changes.transitions:
        # The alert had no key when the transition was made; now it has.
        transition.alert_id = transition.alert.pk
        TRANSITIONS.labels(transition.kind).inc()
    Transition.objects.bulk_create(changes.transitions, batch_size=BATCH)
    Note.objects.bulk_create(changes.notes, batch_size=BATCH)


def _value(verdicts: Verdicts, row: int) -> float | None:
    """NaN and infinities have no place in JSON; a limit knows them as they are."""
    value = float(verdicts.values[row])
    return value if np.isfinite(value) else None


def _storable(labels: Labels) -> Labels:
    """PostgreSQL's JSON has no NUL; a sender may have put one into a label."""
    return {name: value.replace("\0", "\ufffd") for name, value in labels.items()}


def _sentence(verdicts: Verdicts, row: int) -> dict[str, Any]:
    sentence = verdicts.sentences.get(row)
    return _packed(sentence) if sentence else {}


def _packed(sentence: Sentence) -> dict[str, Any]:
    return {"id": sentence.id, "params": dict(sentence.params)}


@transaction.atomic
def resolve_source(kind: str, source_id: int, *, at: datetime, reason: str) -> int:
    """End all alerts of a source that is gone; return how many there were.

    `reason` is "source_removed" or "source_disabled". The watermark moves to `at`,
    so that an evaluation that was under way cannot open them again.
    """
    changes = _Changes()
    _advance_watermark(kind, source_id, at)
    firing = Alert.objects.firing().of_source(kind, source_id).select_for_update()
    for alert in firing:
        _resolve(
            alert,
            max(at, alert.started_at),
            reason,
            Sentence(f"resolved.{reason}"),
            changes,
        )
    _write(changes)
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


def note_nobody_told(alert_ids: Iterable[int], *, at: datetime, why: str) -> None:
    """Write into the timelines that a change was told to nobody, and why."""
    Note.objects.bulk_create(
        [
            Note(alert_id=pk, kind=Note.Kind.NOBODY_TOLD, at=at, text=why)
            for pk in alert_ids
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


def mark_routed(transitions: Iterable[Transition], *, at: datetime) -> None:
    """Note that it has been decided whom to tell of these."""
    keys = [transition.pk for transition in transitions]
    Transition.objects.filter(pk__in=keys).update(routed_at=at)
