"""Rule files into a space: what they would change, and the change itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from bkmonitor.accounts.models import Space, User
from bkmonitor.ascode.drafts import Draft, draft_strategies
from bkmonitor.ascode.rule_file import Place, read_rules
from bkmonitor.lib.errors import InvalidInput
from bkmonitor.pipeline import sources
from bkmonitor.strategies.models import Strategy
from bkmonitor.strategies.schema import check_strategy
from bkmonitor.strategies.services import EDITABLE

# What a rule cannot say, as Prometheus has it; later it is the user's to change.
NEW = {"flap_count": 0}


class Action(StrEnum):
    """What becomes of a rule."""

    CREATE = "create"
    CHANGE = "change"
    KEEP = "keep"
    REFUSE = "refuse"


@dataclass(slots=True)
class Step:
    """One strategy of an import, or the rules that become none.

    places    the rules it stands for
    before    what the fields that change were; none of a new one
    notes     why it is refused, or what is not to the letter as in the file
    existing  the strategy of that name
    """

    action: Action
    places: Sequence[Place]
    name: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    before: Mapping[str, Any] = field(default_factory=dict)
    notes: Sequence[str] = ()
    existing: Strategy | None = None


def plan_import(space: Space, files: Mapping[str, str]) -> list[Step]:
    """Return what importing rule files, by their names, would do; nothing is written.

    Strategies are found again by their names. Raises InvalidInput, naming the line,
    for what is no rule file.
    """
    rules = [rule for file, text in files.items() for rule in read_rules(text, file)]
    drafts = draft_strategies(rules)
    names = [draft.fields["name"] for draft in drafts if draft.fields]
    existing = Strategy.objects.filter(space=space, name__in=names)
    by_name = {strategy.name: strategy for strategy in existing}
    return [_step(draft, by_name.get(draft.fields.get("name", ""))) for draft in drafts]


@transaction.atomic
def carry_out(
    space: Space, steps: Sequence[Step], *, by: User | None, now: datetime
) -> None:
    """Make and change the strategies of a plan: all of them, or none.

    Raises InvalidInput, naming the strategy, if one is not sound any more.
    """
    for step in steps:
        if step.action not in (Action.CREATE, Action.CHANGE):
            continue
        try:
            sources.save_strategy(
                space, step.fields, by=by, now=now, strategy=step.existing
            )
        except InvalidInput as error:
            raise InvalidInput(f"{step.name}: {error}") from error


def count_actions(steps: Sequence[Step]) -> dict[str, int]:
    """Return how many strategies are to be made, changed and kept, how many refused."""
    return {
        action.value: sum(step.action is action for step in steps) for action in Action
    }


def _step(draft: Draft, existing: Strategy | None) -> Step:
    places = [rule.place for rule in draft.rules]
    if draft.wrong:
        return Step(Action.REFUSE, places, places[0].rule, notes=draft.wrong)
    name = draft.fields["name"]
    before: Mapping[str, Any] = {}
    try:
        if existing is None:
            action, fields = Action.CREATE, draft.fields | NEW
        else:
            fields, before = _changes(draft.fields, existing)
            action = Action.CHANGE if fields else Action.KEEP
        check_strategy(_whole(existing) | fields)
    except InvalidInput as error:
        return Step(Action.REFUSE, places, name, notes=[str(error), *draft.notes])
    return Step(action, places, name, fields, before, draft.notes, existing)


def _changes(
    fields: Mapping[str, Any], existing: Strategy
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the fields that would become others, and what they are now."""
    if existing.kind != Strategy.Kind.METRIC:
        raise InvalidInput(_("a composite strategy has this name"))
    changed = {
        name: value
        for name, value in fields.items()
        if _comparable(name, value) != _comparable(name, getattr(existing, name))
    }
    if "expression" not in changed:
        # It was built from a query that says the same.
        changed.pop("query", None)
    return changed, {name: getattr(existing, name) for name in changed}


def _comparable(name: str, value: Any) -> Any:
    """Return a value without what a level may leave unsaid."""
    if name != "levels":
        return value
    unsaid = (None, "", "all")
    return [
        {key: own for key, own in level.items() if own not in unsaid}
        for level in sorted(value, key=lambda level: level["severity"])
    ]


def _whole(strategy: Strategy | None) -> dict[str, Any]:
    like = strategy or Strategy()
    return {name: getattr(like, name) for name in EDITABLE}
