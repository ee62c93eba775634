"""How states look: an icon and a word each, so that colour is never alone."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from bkmonitor.alerts.models import Severity

SEVERITY = {
    Severity.CRITICAL: "alert-octagon-filled",
    Severity.WARNING: "alert-triangle-filled",
    Severity.INFO: "info-circle-filled",
}


@dataclass(frozen=True, slots=True)
class Look:
    """The icon, the word and the tint ("", good, fault, accent, quiet) of a state."""

    icon: str
    label: str | Promise
    look: str = ""


STATES = {
    "firing": Look("bell-ringing", _("Firing")),
    "muted": Look("moon", _("Muted"), "quiet"),
    "resolved": Look("circle-check", _("Resolved"), "good"),
    "acknowledged": Look("user-check", _("Acknowledged"), "accent"),
    "up": Look("circle-check", _("Up"), "good"),
    "down": Look("circle-x", _("Down")),
    "unknown": Look("help-circle", _("Not judged"), "quiet"),
    "anomaly": Look("trending-up", _("Anomaly"), "fault"),
    "new": Look("circle-dashed", _("Not run yet"), "quiet"),
    "disabled": Look("player-pause", _("Off"), "quiet"),
    "enabled": Look("circle-check", _("On"), "good"),
    "never": Look("circle-dashed", _("Not evaluated yet"), "quiet"),
    "complete": Look("circle-check", _("Evaluated"), "good"),
    "failing": Look("alert-circle", _("Failing"), "fault"),
    "pending": Look("clock", _("Waiting"), "accent"),
    "sent": Look("check", _("Sent"), "good"),
    "failed": Look("x", _("Failed"), "fault"),
    "skipped": Look("circle-dashed", _("Overtaken"), "quiet"),
    "confirmed": Look("circle-check", _("Confirmed"), "good"),
    "unconfirmed": Look("circle-dashed", _("Not confirmed"), "fault"),
    "revoked": Look("x", _("Revoked"), "quiet"),
    "expired": Look("clock", _("Expired"), "quiet"),
    "active": Look("circle-check", _("Active"), "good"),
    "late": Look("clock", _("Late"), "fault"),
    "on_time": Look("circle-check", _("On time"), "good"),
    "missing": Look("help-circle", _("No sign of life"), "fault"),
    "create": Look("plus", _("New"), "good"),
    "change": Look("edit", _("Changed"), "accent"),
    "keep": Look("check", _("Unchanged"), "quiet"),
    "refuse": Look("circle-x", _("Not taken"), "fault"),
}


def state(word: str) -> Look:
    """Return how a state looks; one nobody described shows its own name."""
    return STATES.get(word) or Look("circle", word)
