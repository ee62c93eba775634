"""The desk at which a batch of alerts is dealt with: what is known, and what is to do."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

from bkmonitor.alerts import services as alerts
from bkmonitor.alerts.models import Alert, SourceKind
from bkmonitor.alerts.services import Untold
from bkmonitor.notifications.dispatch import Dispatch
from bkmonitor.notifications.models import Receiver
from bkmonitor.notifications.services import default_receivers, enqueue, told_receivers
from bkmonitor.routing.message import message_of, thread_of
from bkmonitor.routing.models import AlertGroup
from bkmonitor.routing.standing import MUTED, Moment, Standing, Step
from bkmonitor.strategies.activetime import quiet_until

BATCH = 500
# An alert that tells of missing data is its strategy's, too.
OF_STRATEGIES = (SourceKind.STRATEGY, SourceKind.NO_DATA)


@dataclass(slots=True)
class Desk:
    """Some alerts at one moment: who is there to be told, who was, and how each stands.

    What is decided is gathered, and written by `close` with a handful of statements.
    """

    now: datetime
    receivers: dict[int, list[Receiver]]
    quiet: dict[int, datetime]
    standings: dict[int, Standing]
    dispatches: list[Dispatch] = field(default_factory=list)
    untold: list[Untold] = field(default_factory=list)

    @classmethod
    def open(
        cls, about: Iterable[Alert], groups: Iterable[AlertGroup], now: datetime
    ) -> Self:
        """Gather what is known of some alerts; their groups are locked until commit."""
        wanted = {alert.pk: alert for alert in about}
        # First of all: who was told is only certain while the groups are held.
        held = {group.alert_id: group for group in groups}
        threads = told_receivers(map(thread_of, wanted.values()))
        return cls(
            now=now,
            receivers=default_receivers(alert.space_id for alert in wanted.values()),
            quiet=quiet_until({*map(_strategy_of, wanted.values())} - {0}, now),
            standings={
                pk: _standing(held.get(pk), threads.get(thread_of(alert), frozenset()))
                for pk, alert in wanted.items()
            },
        )

    def moment(self, alert: Alert) -> Moment:
        """Return what time it is for an alert."""
        keys = frozenset(each.pk for each in self.receivers[alert.space_id])
        return Moment(self.now, keys, self.quiet.get(_strategy_of(alert)))

    def take(
        self,
        alert: Alert,
        step: Step,
        about: tuple[object, ...],
        *,
        severity: int,
        sentence: dict[str, object],
    ) -> None:
        """Take what was decided of an alert; `about` makes the key of its message."""
        self.standings[alert.pk] = step.standing
        if step.note:
            until = step.standing.muted_until if step.note == MUTED else None
            self.untold.append(Untold(alert.pk, step.note, until))
        if step.tell:
            message = message_of(
                alert, reason=step.reason, severity=severity, sentence=sentence
            )
            whom = [
                receiver
                for receiver in self.receivers[alert.space_id]
                if receiver.pk in step.tell
            ]
            self.dispatches.append(Dispatch(whom, message, thread_of(alert), about))

    def close(self) -> int:
        """Write the messages and the notes; return how many messages there are."""
        alerts.note_untold(self.untold, at=self.now)
        return enqueue(self.dispatches, self.now)


def _strategy_of(alert: Alert) -> int:
    """Return the key of the strategy an alert comes from, 0 if it comes from another thing."""
    return alert.source_id if alert.source_kind in OF_STRATEGIES else 0


def _standing(group: AlertGroup | None, told: frozenset[int]) -> Standing:
    if group is None:
        return Standing(told)
    return Standing(told, group.held, group.muted_until, group.next_repeat_at)
