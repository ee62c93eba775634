"""Everything that happened to an alert, in order: what changed, who did what, who was told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bkmonitor.alerts.models import Alert, Note
from bkmonitor.notifications.models import Notification
from bkmonitor.routing.message import thread_of

# Of an alert that lasts for weeks the newest messages are enough.
MOST_MESSAGES = 200


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened.

    `kind` is that of the transition or note, or "notification"; then `state` says
    what became of the message, `to` for whom it was, and `text` why it failed;
    `message` is its row.
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
    message: Notification | None = None


def entry_of_note(note: Note) -> Entry:
    """Return what somebody did or said."""
    return Entry(note.at, note.kind, by=str(note.by or ""), text=note.text)


def timeline_of(alert: Alert) -> list[Entry]:
    """Return what happened to an alert, oldest first. Three queries.

    Of the messages about it the newest MOST_MESSAGES are told.
    """
    changes = [
        Entry(row.at, row.kind, row.severity, row.value, row.sentence)
        for row in alert.transitions.all()
    ]
    notes = [entry_of_note(row) for row in alert.notes.select_related("by")]
    told = Notification.objects.filter(space=alert.space_id, thread=thread_of(alert))
    newest = list(told.order_by("-created_at", "-pk")[:MOST_MESSAGES])
    messages = [_entry_of_message(row) for row in reversed(newest)]
    # The sort is stable: of what has one moment the change comes first.
    return sorted([*changes, *notes, *messages], key=lambda entry: entry.at)


def _entry_of_message(row: Notification) -> Entry:
    return Entry(
        row.sent_at or row.created_at,
        "notification",
        to=row.receiver_name,
        channel=row.channel,
        reason=row.reason,
        state=row.state,
        text=row.last_error,
        message=row,
    )
