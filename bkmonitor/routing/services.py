"""Decide whom to tell of what changed: the only code that writes this room's tables."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from bkmonitor.alerts import services as alerts
from bkmonitor.alerts.models import Alert, Transition
from bkmonitor.routing.desk import BATCH, OF_STRATEGIES, Desk
from bkmonitor.routing.models import AlertGroup
from bkmonitor.routing.standing import on_change, on_look

REMEMBERED = ["held", "muted_until", "next_repeat_at"]


@transaction.atomic
def route_pending(now: datetime, *, limit: int = 500) -> int:
    """Turn waiting transitions into notifications; return how many there were.

    What to tell, whom, and that it was decided is written in one transaction:
    after a crash the transition is still waiting, and the notifications' keys keep
    a second run from telling anything twice.
    """
    waiting = _in_turn(alerts.take_unrouted(limit))
    keys = sorted({row.alert_id for row in waiting})
    groups = AlertGroup.objects.filter(alert__in=keys).order_by("alert_id")
    desk = Desk.open((row.alert for row in waiting), groups.select_for_update(), now)
    for row in waiting:
        step = on_change(desk.standings[row.alert_id], row.kind, desk.moment(row.alert))
        about = ("transition", row.pk)
        desk.take(row.alert, step, about, severity=row.severity, sentence=row.sentence)
    desk.close()
    _remember(desk, {row.alert_id: row.alert for row in waiting})
    alerts.mark_routed(waiting, at=now)
    return len(waiting)


def _in_turn(transitions: list[Transition]) -> list[Transition]:
    """Leave out the ends of alerts whose beginning another worker has under way.

    Whom to tell of an end is known once it is known who was told of the beginning.
    """
    ends = {row.alert_id for row in transitions if row.kind == Transition.Kind.RESOLVED}
    if not ends:
        return transitions
    ahead = alerts.with_changes_elsewhere(transitions)
    return [row for row in transitions if row.alert_id not in ends & ahead]


def _remember(desk: Desk, about: dict[int, Alert]) -> None:
    # In one order for all workers, so that none waits for another in a circle.
    groups = [
        AlertGroup(
            space_id=alert.space_id,
            alert_id=pk,
            held=desk.standings[pk].held,
            muted_until=desk.standings[pk].muted_until,
            next_repeat_at=desk.standings[pk].look_at,
        )
        for pk, alert in sorted(about.items())
    ]
    AlertGroup.objects.bulk_create(
        groups,
        batch_size=BATCH,
        update_conflicts=True,
        unique_fields=["alert"],
        update_fields=REMEMBERED,
    )


@transaction.atomic
def look_again(now: datetime, *, limit: int = 500) -> int:
    """Tell again of what nobody has taken, and what was held once active time begins.

    Returns how many alerts were looked at. A second run finds their times moved, and
    groups that another worker has in hand are left to it.
    """
    due = AlertGroup.objects.filter(next_repeat_at__lte=now).order_by("next_repeat_at")
    locked = due.select_for_update(skip_locked=True, of=("self",))
    groups = list(locked.select_related("alert__space")[:limit])
    desk = Desk.open((group.alert for group in groups), groups, now)
    for group in groups:
        alert = group.alert
        step = on_look(
            desk.standings[alert.pk],
            desk.moment(alert),
            firing=alert.state == Alert.State.FIRING,
            taken=alert.acked_at is not None,
        )
        if step.tell:
            group.repeats += 1
        about = ("repeat", group.pk, group.repeats)
        desk.take(alert, step, about, severity=alert.severity, sentence=alert.sentence)
        group.held, group.muted_until = step.standing.held, step.standing.muted_until
        group.next_repeat_at = step.standing.look_at
    desk.close()
    AlertGroup.objects.bulk_update(groups, [*REMEMBERED, "repeats"], batch_size=BATCH)
    return len(groups)


def reconsider(strategy_ids: Iterable[int], now: datetime) -> None:
    """Have what is muted of these strategies looked at again: their hours have changed."""
    muted = Alert.objects.filter(
        source_kind__in=OF_STRATEGIES,
        source_id__in=list(strategy_ids),
        group__muted_until__isnull=False,
    )
    AlertGroup.objects.filter(alert__in=muted).update(next_repeat_at=now)
