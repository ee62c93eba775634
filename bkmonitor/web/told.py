"""Why somebody was told of an alert, or was not."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count
from django.utils.translation import gettext as _

from bkmonitor.alerts.models import Alert
from bkmonitor.notifications.models import Notification, Receiver
from bkmonitor.routing.message import thread_of


@dataclass(frozen=True, slots=True)
class Told:
    """One receiver of the space, how its messages about an alert fared, and why."""

    receiver: Receiver
    sent: int
    waiting: int
    failed: int
    why: str


def who_was_told(
    alert: Alert, notifications: Iterable[Notification], *, muted: bool = False
) -> list[Told]:
    """Return every receiver of the alert's space with the reason of what it got.

    `muted` says that the alert is outside its active time.
    """
    counts: Counter[tuple[int | None, str]] = Counter(
        (row.receiver_id, row.state) for row in notifications
    )
    receivers = Receiver.objects.filter(space_id=alert.space_id)
    return [_told(receiver, alert, counts, muted) for receiver in receivers]


def _told(
    receiver: Receiver,
    alert: Alert,
    counts: Counter[tuple[int | None, str]],
    muted: bool,
) -> Told:
    sent, waiting, failed = (
        counts[receiver.pk, state] for state in ("sent", "pending", "failed")
    )
    why = _why(receiver, alert, sent + waiting + failed, muted)
    return Told(receiver, sent, waiting, failed, why)


def _why(receiver: Receiver, alert: Alert, messages: int, muted: bool) -> str:
    if messages and not receiver.confirmed_at:
        return _("It was never confirmed that messages arrive there.")
    if messages:
        return _("It gets everything of this space.")
    if not receiver.enabled:
        return _("It is switched off.")
    if not receiver.is_default:
        return _("It is not one of the receivers that get everything.")
    if muted:
        return _("The alert is muted until its active time begins.")
    if receiver.created_at > alert.started_at:
        return _("It was added after the alert began.")
    return _("Nothing was sent yet; changes are sent within seconds.")


def messages_by_alert(alerts: Iterable[Alert]) -> dict[int, dict[str, Any]]:
    """Return, by alert, how many messages were sent, wait and failed; one query."""
    threads = {thread_of(alert): alert.pk for alert in alerts}
    rows = (
        Notification.objects.filter(thread__in=list(threads))
        .values("thread", "state")
        .order_by()
        .annotate(count=Count("pk"))
    )
    found: dict[int, dict[str, Any]] = {pk: {} for pk in threads.values()}
    for row in rows:
        found[threads[row["thread"]]][row["state"]] = row["count"]
    return found
