"""An alert and what happened to it, as the message that travels."""

from datetime import datetime

from bkmonitor.alerts.models import Alert
from bkmonitor.notifications.message import Message


def message_of(
    alert: Alert, *, reason: str, severity: int, sentence: dict[str, object]
) -> Message:
    """Return what a receiver is told of an alert; `alert.space` must be loaded."""
    return Message(
        reason=reason,
        severity=severity,
        title=alert.source_name,
        sentence=sentence,
        summary=alert.summary,
        description=alert.description,
        labels=alert.labels,
        path=f"/s/{alert.space.slug}/alerts/{alert.pk}/",
        runbook_url=alert.runbook_url,
        value=alert.value,
        started_at=alert.started_at.isoformat(),
        ended_at=_iso(alert.ended_at),
        alert_id=alert.pk,
        space_name=alert.space.name,
    )


def thread_of(alert: Alert) -> str:
    """Return the name under which all messages about an alert are kept together."""
    return f"alert:{alert.pk}"


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
