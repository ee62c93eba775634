"""Everything that happened to an alert, in order: what changed, who did what, who was told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bkmonitor.alerts.models import Alert, Note
from bkmonitor.notifications.models import Notification
from bkmonitor.routing.services import thread_of


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened.

    `kind` is that of the transition or note, or "notification"; then `state` says
    what became of the message, `to` for whom it was, and `text` why it failed.
    """

    at: datetime
    kind: str
    severity: int | None = None
    value: float | None = None
    sentence: Mapping[str, Any] = field(default_factory=dict)
    by: str = ""
    text: str = ""
    to: str = ""
    channel: str = ""
    reason: str = ""
    state: str = ""


def entry_of_note(note: Note) -> Entry:
    """Return what somebody did or said."""
    return Entry(note.at, note.kind, by=str(note.by or ""), text=note.text)


def timeline_of(alert: Alert) -> list[Entry]:
    """Return what happened to an alert, oldest first. Three queries."""
    changes = [
        Entry(row.at, row.kind, row.severity, row.value, row.sentence)
        for row in alert.transitions.all()
    ]
    notes = [entry_of_note(row) for row in alert.notes.select_related("by")]
    told = Notification.objects.filter(space=alert.space_id, thread=thread_of(alert))
    messages = [
        Entry(
            row.sent_at or row.created_at,
            "notification",
            to=row.receiver_name,
            channel=row.channel,
            reason=row.reason,
            state=row.state,
            text=row.last_error,
        )
        for row in told.order_by("created_at", "pk")
    ]
    # The sort is stable: of what has one moment the change comes first.
    return sorted([*changes, *notes, *messages], key=lambda entry: entry.at)
