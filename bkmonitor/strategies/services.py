"""The verbs of strategies: the only code that writes this room's tables."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from bkmonitor.accounts import bulk
from bkmonitor.accounts.models import Space, User
from bkmonitor.accounts.rows import store
from bkmonitor.accounts.validation import check_row
from bkmonitor.lib.errors import InvalidInput
from bkmonitor.strategies.activetime import check_calendars
from bkmonitor.strategies.composite import check_members, parse_composite
from bkmonitor.strategies.expected import forget_all
from bkmonitor.strategies.expressed import settle
from bkmonitor.strategies.models import DEFINING, Strategy, StrategyRevision
from bkmonitor.strategies.no_data import parse_no_data
from bkmonitor.strategies.revisions import Edit, note_deleted, note_saved
from bkmonitor.strategies.schema import check_strategy

EDITABLE = (
    "name", "enabled", "kind", "query", "composite", "unit", *DEFINING[:-1], "delay_s",
    "active_time", "labels", "summary", "description", "runbook_url",
)  # fmt: skip
# What an evaluation writes to a strategy's row.
EVALUATED = (
    "last_tick_at", "judged_at", "outcome", "outcome_reason", "failing_since", "counts",
    "series_count", "skipped_ticks", "skipped_until",
)  # fmt: skip
SCHEDULE = ("pk", "space_id", "expression", "interval_s", "delay_s", "next_run_at")
TRY_AGAIN = timedelta(minutes=1)
_NOT_TYPED = {field.name for field in Strategy._meta.fields} - {*EDITABLE}


def save_strategy(
    space: Space,
    fields: Mapping[str, Any],
    *,
    by: User | None,
    now: datetime,
    strategy: Strategy | None = None,
) -> Strategy:
    """Make a strategy, or change the one given, and have it evaluated at once.

    `fields` may leave out what stays as it is. Raises InvalidInput with what is
    wrong of each field; nothing is written then.
    """
    strategy = strategy or Strategy(space=space, created_by=by)
    return _save(strategy, fields, Edit(by, now))


@transaction.atomic
def restore_strategy(
    revision: StrategyRevision, *, by: User | None, now: datetime
) -> Strategy:
    """Make a strategy again what it was; one that was deleted comes back under its id.

    Raises InvalidInput if what it was is not sound any more.
    """
    strategy = Strategy.objects.filter(pk=revision.strategy_id).first() or Strategy(
        pk=revision.strategy_id, space=revision.space, created_by=by
    )
    # What the revision does not name came later, and was as a new strategy has it.
    whole = _as_it_is(Strategy()) | revision.definition
    return _save(strategy, whole, Edit(by, now, restored_from=revision.number))


@transaction.atomic
def _save(strategy: Strategy, fields: Mapping[str, Any], edit: Edit) -> Strategy:
    unknown = set(fields) - set(EDITABLE)
    if unknown:
        raise InvalidInput(f"a strategy has no field {', '.join(sorted(unknown))}")
    before = _stored(strategy)
    stored = before or _as_it_is(strategy)
    whole = stored | dict(fields) | settle(fields, stored)
    derived = check_strategy(whole)
    check_calendars(strategy.space, whole["active_time"])
    _check_kind(strategy, before, whole)
    if before and _looks_at(whole) != _looks_at(before):
        strategy.changed_at = edit.at
    if not before or any(
        whole[name] != before[name] for name in ("enabled", *DEFINING)
    ):
        strategy.judged_from = edit.at
    for name, value in (whole | derived).items():
        setattr(strategy, name, value)
    strategy.next_run_at = edit.at
    check_row(strategy, exclude=_NOT_TYPED)
    # What its evaluations note meanwhile is not ours to write back.
    changed = [
        *whole,
        *derived,
        "changed_at",
        "judged_from",
        "updated_at",
        "next_run_at",
    ]
    store(strategy, changed)
    was_off = before is not None and not before["enabled"]
    watches = strategy.enabled and parse_no_data(strategy.no_data).watches
    # What went away while nobody looked is not missing when somebody looks again.
    if strategy.changed_at == edit.at or was_off or not watches:
        forget_all(strategy)
    note_saved(strategy, before, whole, edit)
    return strategy


def _looks_at(fields: Mapping[str, Any]) -> object:
    """Return what decides which series there are."""
    levels = fields["levels"] or ()
    asked = {level.get("expression") or fields["expression"] for level in levels}
    return asked, fields["composite"]


def _check_kind(
    strategy: Strategy, before: Mapping[str, Any] | None, whole: Mapping[str, Any]
) -> None:
    if before and whole["kind"] != before["kind"]:
        told = _("a strategy stays of the kind it was made")
        raise InvalidInput(f"kind: {told}", {"kind": told})
    if whole["kind"] == Strategy.Kind.COMPOSITE:
        check_members(parse_composite(whole["composite"]), strategy.space_id)


@transaction.atomic
def delete_strategy(strategy: Strategy, *, by: User | None, now: datetime) -> None:
    """Remove a strategy; its history stays. Who calls ends its alerts."""
    if (last := _stored(strategy)) is not None:
        note_deleted(strategy, last, Edit(by, now))
    strategy.delete()


def _stored(strategy: Strategy) -> dict[str, Any] | None:
    """Return what the database has of a strategy, locked until commit."""
    row = Strategy.objects.select_for_update().filter(pk=strategy.pk)
    return row.values(*EDITABLE).first()


def _as_it_is(strategy: Strategy) -> dict[str, Any]:
    return {name: getattr(strategy, name) for name in EDITABLE}


@dataclass(frozen=True, slots=True)
class Claim:
    """Strategies that one worker evaluates for one moment."""

    tick: int
    ids: tuple[int, ...]


def claim_due(now: datetime, *, limit: int = 2000, batch: int = 100) -> list[Claim]:
    """Take the strategies whose time has come, and set their next time.

    A tick is a multiple of the interval in Unix seconds, so that evaluations of
    one interval share it. Who was away for an hour evaluates once, at the newest
    tick; the evaluation judges those between too. A tick is claimed when the delay of
    the strategy has passed since. Two callers never get the same strategy. Those
    with the same expression stay together, for they share its answer; a claim has
    more than `batch` only where so many do.
    """
    by_tick: dict[int, list[Strategy]] = defaultdict(list)
    if not Strategy.objects.due(now).exists():
        return []
    with transaction.atomic():
        due = Strategy.objects.due(now).order_by("next_run_at")
        rows = list(due.select_for_update(skip_locked=True).only(*SCHEDULE)[:limit])
        for strategy in rows:
            settled = int(now.timestamp()) - strategy.delay_s
            tick = settled // strategy.interval_s * strategy.interval_s
            by_tick[tick].append(strategy)
            following = tick + strategy.interval_s + strategy.delay_s
            strategy.next_run_at = datetime.fromtimestamp(following, UTC)
        bulk.update(rows, ["next_run_at"])
    return [
        Claim(tick, ids)
        for tick, claimed in sorted(by_tick.items())
        for ids in _batches(claimed, batch)
    ]


def _batches(claimed: Iterable[Strategy], size: int) -> Iterator[tuple[int, ...]]:
    """Yield the ids in portions of at least `size`, the last of what there is."""
    ids: list[int] = []
    ordered = sorted(claimed, key=_asked)
    for _asks, same in groupby(ordered, key=_asked):
        ids.extend(strategy.pk for strategy in same)
        if len(ids) >= size:
            yield tuple(ids)
            ids = []
    if ids:
        yield tuple(ids)


def _asked(strategy: Strategy) -> tuple[int, str]:
    return strategy.space_id, strategy.expression


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What the newest evaluation of a strategy gave."""

    strategy: Strategy
    counts: Mapping[str, int]
    skipped: int


def note_evaluated(done: Iterable[Evaluated], *, at: datetime) -> None:
    """Remember that these had complete answers at a tick, and what came of it."""
    rows = []
    for one in done:
        strategy = one.strategy
        strategy.last_tick_at = strategy.judged_at = at
        strategy.outcome, strategy.outcome_reason = Strategy.Outcome.COMPLETE, ""
        strategy.failing_since = None
        strategy.counts = dict(one.counts)
        strategy.series_count = sum(one.counts.values())
        if one.skipped:
            strategy.skipped_ticks += one.skipped
            strategy.skipped_until = at
        rows.append(strategy)
    bulk.update(rows, EVALUATED)


def note_failing(
    strategy: Strategy, *, at: datetime, reason: str, now: datetime
) -> None:
    """Remember that the newest evaluation could not judge, why, and since when.

    It is tried again in a minute: a store that was away for a moment must not cost
    a strategy of an hour the whole hour.
    """
    row = Strategy.objects.filter(pk=strategy.pk)
    row.filter(failing_since=None).update(failing_since=at)
    row.update(
        last_tick_at=at, outcome=Strategy.Outcome.FAILING, outcome_reason=reason[:2000]
    )
    again_at = now + TRY_AGAIN
    row.filter(next_run_at__gt=again_at).update(next_run_at=again_at)


def count_failing() -> int:
    """Return how many enabled strategies could not be judged last time."""
    return Strategy.objects.filter(
        enabled=True, outcome=Strategy.Outcome.FAILING
    ).count()


def find(ids: Iterable[int]) -> list[Strategy]:
    """Return the enabled strategies with these keys and their spaces."""
    return list(
        Strategy.objects.filter(pk__in=ids, enabled=True).select_related("space")
    )


def wake_composites(members: Collection[int], now: datetime) -> None:
    """Have the composites with any of these members judged at once.

    Call in the transaction that changes the members' alerts, after it has.
    """
    spaces = Strategy.objects.filter(pk__in=members).values("space_id")
    composites = Strategy.objects.filter(
        space_id__in=spaces, kind=Strategy.Kind.COMPOSITE, enabled=True
    )
    woken = [
        pk
        for pk, raw in composites.values_list("pk", "composite")
        if any(member["strategy"] in members for member in raw["members"])
    ]
    # In one order, so that two who wake the same ones do not wait for each other.
    later = Strategy.objects.filter(pk__in=woken, next_run_at__gt=now).order_by("pk")
    rows = [strategy.pk for strategy in later.only("pk").select_for_update()]
    Strategy.objects.filter(pk__in=rows).update(next_run_at=now)


def named(ids: Collection[int]) -> dict[int, Strategy]:
    """Return strategies with what a composite needs to know of its members."""
    rows = Strategy.objects.filter(pk__in=ids)
    return rows.only("pk", "name", "enabled", "outcome").in_bulk()
