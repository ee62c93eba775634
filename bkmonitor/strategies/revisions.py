"""The history of strategies: who made what of them, and when."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from bkmonitor.accounts.access import Principal
from bkmonitor.accounts.models import User
from bkmonitor.strategies.models import Strategy, StrategyRevision

Kind = StrategyRevision.Kind
Definition = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Edit:
    """Who changes a strategy, when, and which revision they bring back, if one.

    `by` is None where it is a program.
    """

    by: User | None
    at: datetime
    restored_from: int | None = None


def note_saved(
    strategy: Strategy, before: Definition | None, after: Definition, edit: Edit
) -> None:
    """Add what a save has made of a strategy; nothing if it is what it was.

    `before` is what was stored, None where nothing was. Call in the transaction of
    the save, with the strategy's row locked.
    """
    last = _newest(strategy)
    if last is None and before is not None:
        # It is older than the history, which begins with what it was until now.
        made = Edit(strategy.created_by, strategy.created_at)
        _add(strategy, Kind.CREATED, before, list(before), made)
    was = before or (last.definition if last else {})
    changed = [name for name in after if name not in was or was[name] != after[name]]
    if changed or before is None:
        _add(strategy, _kind(before, edit), after, changed, edit)


def note_deleted(strategy: Strategy, last: Definition, edit: Edit) -> None:
    """Add that a strategy was deleted, and what it was then."""
    _add(strategy, Kind.DELETED, last, [], edit)


def history_of(strategy_id: int, who: Principal) -> QuerySet[StrategyRevision]:
    """Return the revisions of a strategy, if `who` may see it, the newest first."""
    rows = StrategyRevision.objects.visible_to(who).filter(strategy_id=strategy_id)
    return rows.select_related("space", "by").order_by("-number")


def deleted(who: Principal) -> QuerySet[StrategyRevision]:
    """Return the last revision of each strategy that is deleted and not back."""
    later = StrategyRevision.objects.filter(
        strategy_id=OuterRef("strategy_id"), number__gt=OuterRef("number")
    )
    rows = StrategyRevision.objects.visible_to(who).filter(kind=Kind.DELETED)
    return rows.filter(~Exists(later)).select_related("space", "by")


def _newest(strategy: Strategy) -> StrategyRevision | None:
    rows = StrategyRevision.objects.filter(strategy_id=strategy.pk)
    return rows.order_by("-number").first()


def _kind(before: Definition | None, edit: Edit) -> StrategyRevision.Kind:
    if edit.restored_from is not None:
        return Kind.RESTORED
    return Kind.CREATED if before is None else Kind.CHANGED


def _add(
    strategy: Strategy,
    kind: StrategyRevision.Kind,
    definition: Definition,
    changed: list[str],
    edit: Edit,
) -> None:
    last = _newest(strategy)
    StrategyRevision.objects.create(
        space_id=strategy.space_id,
        strategy_id=strategy.pk,
        number=last.number + 1 if last else 1,
        kind=kind,
        restored_from=edit.restored_from,
        at=edit.at,
        by=edit.by,
        definition=dict(definition),
        changed=changed,
    )
