"""The service watches itself, in a space of its own, from the first minute."""

from datetime import datetime

from django.conf import settings
from django.db import transaction

from bkmonitor.accounts.models import Member, Space, User
from bkmonitor.accounts.services import create_space
from bkmonitor.notifications.models import Receiver
from bkmonitor.pipeline.sources import save_probe, save_strategy
from bkmonitor.probes.models import Probe
from bkmonitor.strategies.gallery import service
from bkmonitor.strategies.models import Strategy

SLUG = "bkmonitor"
STRATEGIES = tuple(template.fields for template in service.TEMPLATES)


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
