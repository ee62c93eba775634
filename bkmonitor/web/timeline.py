"""Everything that happened to an alert, merged into one story."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Prefetch
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bkmonitor.accounts.models import User
from bkmonitor.alerts.models import Alert, Note, Transition
from bkmonitor.notifications.models import Attempt, Notification
from bkmonitor.notifications.wording import reason_word, render
from bkmonitor.routing.services import thread_of

# Of an alert that lasts for weeks the newest messages are enough.
MOST_NOTIFICATIONS = 200


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened.

    `tint` colours the mark: "sev-1" to "sev-3", "good", "fault" or "". `said` is a
    person's words; `tries` are the attempts to deliver a message.
    """

    at: datetime
    icon: str
    text: str
    tint: str = ""
    detail: str = ""
    said: str = ""
    by: User | None = None
    tries: Sequence[Attempt] = field(default_factory=tuple)


def story(alert: Alert, notifications: Iterable[Notification]) -> list[Entry]:
    """Return what happened to an alert, newest first."""
    entries = [_of_transition(row) for row in alert.transitions.all()]
    entries += [_of_note(row) for row in alert.notes.select_related("by")]
    entries += [_of_notification(row) for row in notifications]
    # The sort is stable: of what has one moment the change came first.
    return sorted(entries, key=lambda entry: entry.at)[::-1]


def notifications_about(alert: Alert) -> list[Notification]:
    """Return the newest messages about an alert, with their attempts; two queries."""
    rows = Notification.objects.filter(
        space_id=alert.space_id, thread=thread_of(alert)
    ).prefetch_related(Prefetch("tries", Attempt.objects.order_by("at", "pk")))
    return list(rows.order_by("-created_at", "-pk")[:MOST_NOTIFICATIONS])


TRANSITIONS = {
    Transition.Kind.FIRED: "bell-ringing",
    Transition.Kind.WORSENED: "trending-up",
    Transition.Kind.EASED: "trending-down",
    Transition.Kind.RESOLVED: "circle-check",
}


def _of_transition(row: Transition) -> Entry:
    over = row.kind == Transition.Kind.RESOLVED
    return Entry(
        at=row.at,
        icon=TRANSITIONS[Transition.Kind(row.kind)],
        text=row.get_kind_display(),
        tint="good" if over else f"sev-{row.severity}",
        detail=render(row.sentence) if row.sentence else "",
    )


NOTES = {
    Note.Kind.ACKNOWLEDGED: ("user-check", ""),
    Note.Kind.UNACKNOWLEDGED: ("hand-stop", ""),
    Note.Kind.COMMENT: ("message", ""),
    Note.Kind.DATA_MISSING: ("help-circle", "fault"),
    Note.Kind.DATA_BACK: ("refresh", ""),
    Note.Kind.NOBODY_TOLD: ("bell-off", "fault"),
}


def _of_note(row: Note) -> Entry:
    kind = Note.Kind(row.kind)
    icon, tint = NOTES[kind]
    said, detail = (row.text, "") if kind == Note.Kind.COMMENT else ("", row.text)
    if kind == Note.Kind.NOBODY_TOLD:
        detail = _("No receiver of this space was switched on.")
    if kind == Note.Kind.DATA_MISSING:
        detail = _("A complete answer did not hold this series; the alert stays.")
    return Entry(row.at, icon, str(kind.label), tint, detail, said, row.by)


def _of_notification(row: Notification) -> Entry:
    tries: list[Any] = list(row.tries.all())
    texts = {
        Notification.State.SENT: _("Message sent to %(receiver)s"),
        Notification.State.PENDING: _("Message to %(receiver)s is waiting"),
        Notification.State.FAILED: _("Message to %(receiver)s could not be delivered"),
        Notification.State.SKIPPED: _(
            "Message to %(receiver)s was overtaken by a newer one"
        ),
    }
    state = Notification.State(row.state)
    reason = reason_word(row.reason)
    counted = ngettext("%d attempt", "%d attempts", len(tries)) % len(tries)
    return Entry(
        at=row.sent_at or row.created_at,
        icon="x" if state == Notification.State.FAILED else "send",
        text=texts[state] % {"receiver": row.receiver_name},
        tint="fault" if state == Notification.State.FAILED else "",
        detail=" · ".join((row.get_channel_display(), reason, counted)),
        tries=tries,
    )
