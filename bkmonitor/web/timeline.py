"""The story of an alert, in words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Prefetch, prefetch_related_objects
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from bkmonitor.alerts.models import Note, Transition
from bkmonitor.notifications.models import Attempt, Notification
from bkmonitor.notifications.sentences import render
from bkmonitor.notifications.wording import moment, reason_word
from bkmonitor.routing import timeline


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened, as it is shown.

    `tint` colours the mark: "sev-1" to "sev-3", "good", "fault" or "". `said` is a
    person's words; `tries` are the attempts to deliver a message, `pk` is its key.
    """

    at: datetime
    icon: str
    text: str
    tint: str = ""
    detail: str = ""
    said: str = ""
    by: str = ""
    tries: Sequence[Attempt] = field(default_factory=tuple)
    pk: int | None = None


def story(entries: Sequence[timeline.Entry]) -> list[Entry]:
    """Return what happened to an alert, newest first; one query for the attempts."""
    tries = Prefetch("tries", Attempt.objects.order_by("at", "pk"))
    prefetch_related_objects(messages_in(entries), tries)
    return [_told(entry) for entry in reversed(entries)]


def messages_in(entries: Iterable[timeline.Entry]) -> list[Notification]:
    """Return the messages that a story tells of."""
    return [entry.message for entry in entries if entry.message is not None]


TRANSITIONS = {
    Transition.Kind.FIRED: "bell-ringing",
    Transition.Kind.WORSENED: "trending-up",
    Transition.Kind.EASED: "trending-down",
    Transition.Kind.RESOLVED: "circle-check",
}
NOTES = {
    Note.Kind.ACKNOWLEDGED: ("user-check", ""),
    Note.Kind.UNACKNOWLEDGED: ("hand-stop", ""),
    Note.Kind.COMMENT: ("message", ""),
    Note.Kind.DATA_MISSING: ("help-circle", "fault"),
    Note.Kind.DATA_BACK: ("refresh", ""),
    Note.Kind.NOBODY_TOLD: ("bell-off", "fault"),
    Note.Kind.MUTED: ("moon", ""),
}
UNTOLD = {
    "no_receiver": gettext_lazy("No receiver of this space was switched on."),
    "ended_muted": gettext_lazy("It began and ended outside its active time."),
    "began_untold": gettext_lazy(
        "No receiver that is switched on had been told that it began."
    ),
}


def _told(entry: timeline.Entry) -> Entry:
    if entry.message is not None:
        return _of_message(entry.at, entry.message)
    if entry.kind in Transition.Kind.values:
        return _of_transition(entry, Transition.Kind(entry.kind))
    return _of_note(entry, Note.Kind(entry.kind))


def _of_transition(entry: timeline.Entry, kind: Transition.Kind) -> Entry:
    over = kind == Transition.Kind.RESOLVED
    return Entry(
        at=entry.at,
        icon=TRANSITIONS[kind],
        text=str(kind.label),
        tint="good" if over else f"sev-{entry.severity}",
        detail=render(entry.sentence) if entry.sentence else "",
    )


def _of_note(entry: timeline.Entry, kind: Note.Kind) -> Entry:
    icon, tint = NOTES[kind]
    comments = kind == Note.Kind.COMMENT
    said, detail = (entry.text, "") if comments else ("", entry.text)
    if kind == Note.Kind.NOBODY_TOLD:
        detail = str(UNTOLD.get(entry.text, entry.text))
    if kind == Note.Kind.MUTED:
        told = _("It is outside its active time: nobody is told before %(moment)s.")
        detail = told % {"moment": moment(entry.text)}
    if kind == Note.Kind.DATA_MISSING:
        detail = _("A complete answer did not hold this series; the alert stays.")
    return Entry(entry.at, icon, str(kind.label), tint, detail, said, entry.by)


def _of_message(at: datetime, row: Notification) -> Entry:
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
        at=at,
        icon="x" if state == Notification.State.FAILED else "send",
        text=texts[state] % {"receiver": row.receiver_name},
        tint="fault" if state == Notification.State.FAILED else "",
        detail=" · ".join((row.get_channel_display(), reason, counted)),
        tries=tries,
        pk=row.pk,
    )
