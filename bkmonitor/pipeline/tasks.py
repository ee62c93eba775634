"""Every Celery task of the data path, in the order of the flow.

A task translates and rings the next bell; it decides nothing. All of them find
their work in rows, so that a message that is lost, late or doubled costs time only.
"""

from celery import shared_task
from django.utils import timezone

from bkmonitor.notifications import services as notifications
from bkmonitor.notifications.channels.registry import CHANNELS
from bkmonitor.pipeline import flow
from bkmonitor.pipeline.charts import chart_of
from bkmonitor.probes import services as probes
from bkmonitor.routing import services as routing
from bkmonitor.strategies import services as strategies

# What one call takes on; where there was more, it rings again.
BATCH = 500


@shared_task
def ring_evaluations() -> None:
    """Hand out the strategies whose time has come (beat)."""
    for claim in strategies.claim_due(timezone.now()):
        evaluate_strategies.delay(list(claim.ids), claim.tick)


@shared_task
def evaluate_strategies(ids: list[int], tick: int) -> None:
    """Evaluate a batch of strategies at one tick (Unix seconds)."""
    if flow.evaluate_batch(ids, tick, clock=timezone.now):
        route_transitions.delay()


@shared_task
def ring_probes() -> None:
    """Hand out the probes whose time has come (beat)."""
    for claim in probes.claim_due_probes(timezone.now()):
        run_probes.delay(list(claim.ids), claim.tick)


@shared_task
def run_probes(ids: list[int], tick: int) -> None:
    """Look at a batch of targets and judge what was seen."""
    if flow.probe_batch(ids, tick):
        route_transitions.delay()


@shared_task
def judge_heartbeats() -> None:
    """Judge heartbeats that rang or are late (beat, and a ping that changes something)."""
    if flow.judge_due_heartbeats(timezone.now):
        route_transitions.delay()


@shared_task
def route_transitions() -> None:
    """Decide whom to tell (beat, and whoever changed an alert)."""
    routed = routing.route_pending(timezone.now(), limit=BATCH)
    looked_at = routing.look_again(timezone.now(), limit=BATCH)
    if routed or looked_at:
        deliver_notifications.delay()
    if BATCH in (routed, looked_at):
        route_transitions.delay()


@shared_task
def deliver_notifications() -> None:
    """Send what is due (beat, and whoever made a notification)."""
    due = notifications.due(timezone.now(), BATCH)
    for pk in due:
        deliver_notification.delay(pk)
    if len(due) == BATCH:
        # Behind those just handed out: by then they are sent or leased.
        deliver_notifications.delay()


@shared_task
def deliver_notification(pk: int) -> None:
    """Send one notification, unless somebody else has it."""
    notifications.deliver(pk, channels=CHANNELS, chart=chart_of, now=timezone.now())
