"""What is to be written of alerts, collected before it is written."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bkmonitor.accounts import bulk
from bkmonitor.alerts.models import Alert, Note, Transition
from bkmonitor.evaluation.verdict import Sentence
from bkmonitor.lib.telemetry import TRANSITIONS

BATCH = 500
# What a change may write, and what must be loaded of an open alert for that.
CHANGED = [
    "severity", "state", "value", "sentence", "ended_at", "end_reason", "open_key",
    "missing_since", "calm_since", "changes",
]  # fmt: skip
# What is written besides when the severity changes.
REWORDED = ["summary", "description"]


@dataclass(slots=True)
class Changes:
    """What a batch of verdicts asks of the tables."""

    opened: list[Alert] = field(default_factory=list)
    altered: dict[int, Alert] = field(default_factory=dict)
    reworded: dict[int, Alert] = field(default_factory=dict)
    transitions: list[Transition] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    def alter(self, alert: Alert) -> None:
        """Have a row written again; one that is only about to be made needs it not."""
        if alert.pk is not None:
            self.altered[alert.pk] = alert

    def reword(self, alert: Alert) -> None:
        """Have a row's texts written again, as its severity is."""
        self.alter(alert)
        if alert.pk is not None:
            self.reworded[alert.pk] = alert


def end(alert: Alert, at: datetime, reason: str, sentence: Sentence) -> None:
    """End an alert in memory; who calls writes it and its transition."""
    alert.state = Alert.State.RESOLVED
    alert.ended_at = max(at, alert.started_at)
    alert.end_reason, alert.open_key = reason, None
    alert.calm_since = None
    alert.sentence = packed(sentence)


def transition(alert: Alert, kind: str, at: datetime) -> Transition:
    """Return the row that says how an alert has just changed."""
    return Transition(
        alert=alert,
        kind=kind,
        severity=alert.severity,
        value=alert.value,
        sentence=alert.sentence,
        at=at,
    )


def write(changes: Changes) -> None:
    """Write everything that a batch asks for, in as few statements as can be."""
    # What ends goes first: the same series may have opened another alert since.
    bulk.update([*changes.altered.values()], CHANGED)
    bulk.update([*changes.reworded.values()], REWORDED)
    bulk.insert(changes.opened)
    told: list[Transition | Note] = [*changes.transitions, *changes.notes]
    for row in told:
        # The alert had no key when the row was made; now it has.
        row.alert_id = row.alert.pk
    for kind, count in Counter(row.kind for row in changes.transitions).items():
        TRANSITIONS.labels(kind).inc(count)
    bulk.insert(changes.transitions)
    bulk.insert(changes.notes)


def packed(sentence: Sentence | None) -> dict[str, Any]:
    """Return a sentence as a row keeps it."""
    return {"id": sentence.id, "params": dict(sentence.params)} if sentence else {}
