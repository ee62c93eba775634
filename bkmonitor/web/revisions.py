"""The history of a strategy, in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml
from django.utils.translation import gettext as _

from bkmonitor.lib.difference import Line, lines_between
from bkmonitor.strategies.models import StrategyRevision
from bkmonitor.web.forms.strategies import StrategyForm

Kind = StrategyRevision.Kind
EMPTY = "–"
ICONS = {
    Kind.CREATED: "plus",
    Kind.CHANGED: "edit",
    Kind.RESTORED: "refresh",
    Kind.DELETED: "trash",
}


@dataclass(frozen=True, slots=True)
class Change:
    """What a field was and what it became; `lines` compares what has more than one."""

    label: str
    before: str
    after: str
    lines: Sequence[Line] = ()


@dataclass(frozen=True, slots=True)
class Shown:
    """One revision as it is shown; `whole` is its definition to read."""

    revision: StrategyRevision
    icon: str
    text: str
    changes: Sequence[Change]
    whole: str


def shown(rows: Sequence[StrategyRevision]) -> list[Shown]:
    """Return revisions of one strategy with what each has changed; one query."""
    before = StrategyRevision.objects.filter(
        strategy_id__in={row.strategy_id for row in rows},
        number__in=[row.number - 1 for row in rows],
    )
    definitions = dict(before.values_list("number", "definition"))
    return [
        Shown(
            revision=row,
            icon=ICONS[Kind(row.kind)],
            text=_text(row),
            changes=_changes(row, definitions.get(row.number - 1)),
            whole=_document(row.definition),
        )
        for row in rows
    ]


def _text(row: StrategyRevision) -> str:
    if row.kind == Kind.RESTORED:
        return _("Restored to revision %(number)s") % {"number": row.restored_from}
    if row.kind == Kind.CHANGED and row.changed == ["enabled"]:
        return _("Switched on") if row.definition["enabled"] else _("Switched off")
    return str(Kind(row.kind).label)


def _changes(
    row: StrategyRevision, before: Mapping[str, Any] | None
) -> Sequence[Change]:
    if before is None:
        return ()
    return [
        change_of(name, before.get(name), row.definition[name]) for name in row.changed
    ]


def change_of(name: str, before: Any, after: Any) -> Change:
    """Return what a field was and what it became, to read."""
    old, new = _readable(before), _readable(after)
    long = "\n" in old or "\n" in new
    lines = lines_between(old, new) if long else ()
    return Change(_label(name), old or EMPTY, new or EMPTY, lines)


def _label(name: str) -> str:
    field = StrategyForm.base_fields.get(name)
    return str(field.label) if field else name.replace("_", " ")


def _readable(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list | dict):
        return _document(value) if value else ""
    return "" if value is None else str(value)


def _document(value: Any) -> str:
    """Write a definition as YAML: what is innermost stands on one line."""
    return yaml.safe_dump(
        value, allow_unicode=True, default_flow_style=None, width=100
    ).rstrip()
