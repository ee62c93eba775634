"""What has to happen in several rooms when a thing that is watched changes."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from bkmonitor.accounts.models import Space, User
from bkmonitor.alerts.services import resolve_source
from bkmonitor.alerts.watermarks import hold
from bkmonitor.probes import services as probes
from bkmonitor.probes.models import Heartbeat, Probe
from bkmonitor.routing.services import reconsider
from bkmonitor.strategies import services as strategies
from bkmonitor.strategies.models import Strategy, StrategyRevision
from bkmonitor.strategies.no_data import parse_no_data

Watched = Strategy | Probe | Heartbeat
KIND: dict[type[Watched], str] = {
    Strategy: "strategy",
    Probe: "probe",
    Heartbeat: "heartbeat",
}


@transaction.atomic
def save_strategy(
    space: Space,
    fields: Mapping[str, Any],
    *,
    by: User | None,
    now: datetime,
    strategy: Strategy | None = None,
) -> Strategy:
    """Save a strategy; when it is disabled its alerts end.

    What its active time had muted is looked at again: it may have another one now.
    """
    if strategy is not None:
        _hold(strategy.pk)
    saved = strategies.save_strategy(space, fields, by=by, now=now, strategy=strategy)
    _end_if_disabled(saved, now)
    _end_no_data(saved, now)
    reconsider([saved.pk], now)
    return saved


@transaction.atomic
def restore_strategy(
    revision: StrategyRevision, *, by: User | None, now: datetime
) -> Strategy:
    """Bring back what a strategy was; if it was disabled then, its alerts end."""
    _hold(revision.strategy_id)
    restored = strategies.restore_strategy(revision, by=by, now=now)
    _end_if_disabled(restored, now)
    _end_no_data(restored, now)
    reconsider([restored.pk], now)
    return restored


@transaction.atomic
def save_probe(
    space: Space,
    fields: Mapping[str, Any],
    *,
    by: User | None,
    now: datetime,
    probe: Probe | None = None,
) -> Probe:
    """Save a probe; when it is disabled its alerts end."""
    saved = probes.save_probe(space, fields, by=by, now=now, probe=probe)
    _end_if_disabled(saved, now)
    return saved


@transaction.atomic
def save_heartbeat(
    space: Space,
    fields: Mapping[str, Any],
    *,
    by: User | None,
    now: datetime,
    heartbeat: Heartbeat | None = None,
) -> Heartbeat:
    """Save a heartbeat; when it is disabled its alerts end."""
    saved = probes.save_heartbeat(space, fields, by=by, now=now, heartbeat=heartbeat)
    _end_if_disabled(saved, now)
    return saved


@transaction.atomic
def remove(thing: Watched, *, by: User | None, now: datetime) -> None:
    """Delete a strategy, probe or heartbeat, and end its alerts with the reason."""
    resolve_source(KIND[type(thing)], thing.pk, at=now, reason="source_removed")
    if isinstance(thing, Strategy):
        resolve_source("no_data", thing.pk, at=now, reason="source_removed")
        strategies.wake_composites([thing.pk], now)
        strategies.delete_strategy(thing, by=by, now=now)
    elif isinstance(thing, Probe):
        probes.delete_probe(thing)
    else:
        probes.delete_heartbeat(thing)


def _hold(strategy: int) -> None:
    hold((kind, strategy) for kind in ("strategy", "no_data"))


def _end_if_disabled(thing: Watched, now: datetime) -> None:
    if not thing.enabled:
        resolve_source(KIND[type(thing)], thing.pk, at=now, reason="source_disabled")
    if isinstance(thing, Strategy):
        strategies.wake_composites([thing.pk], now)


def _end_no_data(strategy: Strategy, now: datetime) -> None:
    """End the alerts for missing data that nobody asks for any more."""
    if not strategy.enabled or not parse_no_data(strategy.no_data).watches:
        resolve_source("no_data", strategy.pk, at=now, reason="source_disabled")
