"""The service watches itself, in a space of its own, from the first minute."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from bkmonitor.accounts.models import Member, Space, User
from bkmonitor.accounts.services import create_space
from bkmonitor.notifications.models import Receiver
from bkmonitor.pipeline.sources import save_probe, save_strategy
from bkmonitor.probes.models import Probe
from bkmonitor.strategies.models import Strategy

SLUG = "bkmonitor"
WARNING, CRITICAL = 2, 1


def _level(severity: int, operator: str, value: float) -> dict[str, Any]:
    groups = [[{"operator": operator, "value": value}]]
    return {
        "severity": severity,
        "detectors": [{"kind": "threshold", "any_of": groups}],
    }


STRATEGIES: tuple[dict[str, Any], ...] = (
    {
        "name": "A queue is not worked",
        "expression": "max by (queue) (bkm_queue_canary_age_seconds)",
        "levels": [_level(CRITICAL, ">", 180)],
        "description": "No worker has taken a canary from this queue for {{ value }} s. "
        "See the System page and the log of the queue's program.",
    },
    {
        "name": "Work waits in a queue that nobody works",
        "expression": 'max(bkm_queue_depth{queue="unrouted"})',
        "levels": [_level(WARNING, ">", 0)],
    },
    {
        "name": "Strategies cannot be evaluated",
        "expression": "max(bkm_evaluations_failing)",
        "levels": [_level(WARNING, ">", 0)],
        "trigger_count": 3,
        "trigger_window": 3,
        "description": "The strategies' pages tell the reason.",
    },
    {
        "name": "Messages cannot be delivered",
        "expression": 'sum by (channel) (increase(bkm_notifications_total{result="failed"}[15m]))',
        "levels": [_level(CRITICAL, ">", 0)],
        "description": "Messages on this channel were given up. "
        "The receivers' pages tell what the provider answered.",
    },
    {
        "name": "The disk is nearly full",
        "expression": "min(bkm_disk_free_ratio) * 100",
        "levels": [_level(WARNING, "<", 15), _level(CRITICAL, "<", 5)],
    },
)


@transaction.atomic
def install(*, by: User, now: datetime) -> Space:
    """Make the built-in space with its strategies and probe; return it.

    Safe to repeat: what is there by name stays as people have changed it. Without a
    store the strategies are made switched off.
    """
    space = Space.objects.filter(is_builtin=True).first()
    if space is None:
        space = create_space(SLUG, "bkmonitor", by=by, is_builtin=True)
    Member.objects.get_or_create(
        user=by, space=space, defaults={"role": Member.Role.ADMIN}
    )
    has_store = bool(settings.VM_QUERY_URL)
    known = set(Strategy.objects.filter(space=space).values_list("name", flat=True))
    for fields in STRATEGIES:
        if fields["name"] not in known:
            save_strategy(space, {**fields, "enabled": has_store}, by=by, now=now)
    if has_store and not Probe.objects.filter(space=space).exists():
        health = f"{settings.VM_QUERY_URL}/health"
        fields = {"name": "VictoriaMetrics answers", "kind": "http", "target": health}
        save_probe(space, {**fields, "interval_s": 30}, by=by, now=now)
    return space


def copy_receiver(receiver: Receiver, space: Space) -> Receiver:
    """Give the built-in space the same receiver, so that its alerts reach somebody."""
    copied, _created = Receiver.objects.get_or_create(
        space=space,
        name=receiver.name,
        defaults={
            "channel": receiver.channel,
            "address": receiver.address,
            "settings": receiver.settings,
            "language": receiver.language,
            "time_zone": receiver.time_zone,
            "confirmed_at": receiver.confirmed_at,
        },
    )
    return copied
