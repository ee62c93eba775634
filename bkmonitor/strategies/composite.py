"""Is the definition of a composite strategy sound?"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bkmonitor.lib.errors import InvalidInput
from bkmonitor.lib.labels import LABEL_NAME
from bkmonitor.strategies.condition import (
    ALIAS,
    WORDS,
    Composite,
    Condition,
    Level,
    UnreadableCondition,
    holds_of_nothing,
    members_of,
    parse_condition,
)
from bkmonitor.strategies.models import Strategy

FIELDS = frozenset({"members", "levels", "on", "hold_s"})
MOST_MEMBERS = 26
LONGEST_HOLD_S = 86_400
SEVERITIES = (1, 2, 3)
PROBLEMS: Mapping[str, str | Promise] = {
    "long": gettext_lazy("it is too long"),
    "deep": gettext_lazy("too many brackets are within each other"),
    "character": gettext_lazy("“%(found)s” means nothing here"),
    "member": gettext_lazy("an alias has to stand here"),
    "operator": gettext_lazy("“and” or “or” has to stand before “%(found)s”"),
    "unclosed": gettext_lazy("this bracket is never closed"),
    "predicate": gettext_lazy("behind a dot stands critical, warning, info or no_data"),
}


def parse_composite(raw: Any) -> Composite:
    """Return what the `composite` of a strategy's row says.

    Raises InvalidInput that names each part that is wrong, as "composite.levels".
    """
    if not isinstance(raw, Mapping) or set(raw) - FIELDS:
        told = _("has members, levels, on and hold_s")
        raise InvalidInput(f"composite: {told}", {"composite": told})
    wrong: dict[str, str] = {}
    parts = {
        name: _read(reader, raw.get(name), name, wrong)
        for name, reader in READERS.items()
    }
    if not wrong:
        composite = Composite(**parts)
        _read(_check_together, composite, "levels", wrong)
    if wrong:
        raise InvalidInput("; ".join(f"{k}: {v}" for k, v in wrong.items()), wrong)
    return composite


def check_members(composite: Composite, space_id: int) -> None:
    """Raise InvalidInput unless every member is a strategy of the space, and no composite.

    A composite within a composite could go round in circles.
    """
    ids = set(composite.members.values())
    rows = Strategy.objects.filter(space_id=space_id, pk__in=ids)
    known = dict(rows.values_list("pk", "kind"))
    for alias, strategy in composite.members.items():
        if strategy not in known:
            told = _("%(alias)s: there is no strategy %(id)s in this space")
        elif known[strategy] == Strategy.Kind.COMPOSITE:
            told = _("%(alias)s: strategy %(id)s is a composite itself")
        else:
            continue
        told = told % {"alias": alias, "id": strategy}
        raise InvalidInput(f"composite.members: {told}", {"composite.members": told})


def read_condition(text: str) -> Condition:
    """Return the condition that a text says; ValueError has a sentence with the place."""
    try:
        return parse_condition(text)
    except UnreadableCondition as error:
        told = str(PROBLEMS[error.problem]) % {"found": error.found}
        place = _("at character %(n)s") % {"n": error.at + 1}
        raise ValueError(f"{place}: {told}") from error


def _read(reader: Any, raw: Any, name: str, wrong: dict[str, str]) -> Any:
    try:
        return reader(raw)
    except ValueError as error:
        wrong[f"composite.{name}"] = str(error)


def _members(raw: Any) -> dict[str, int]:
    if not isinstance(raw, list) or not 1 <= len(raw) <= MOST_MEMBERS:
        raise ValueError(_("needs 1 to %(most)s strategies") % {"most": MOST_MEMBERS})
    found: dict[str, int] = {}
    for entry in raw:
        if not isinstance(entry, Mapping) or set(entry) != {"alias", "strategy"}:
            raise ValueError(_("each has an alias and a strategy"))
        alias, strategy = entry["alias"], entry["strategy"]
        if not isinstance(alias, str) or not ALIAS.fullmatch(alias) or alias in WORDS:
            raise ValueError(
                _("“%(alias)s” is no alias: small letters, digits and _, a letter first, and not and, or, not")
                % {"alias": alias}
            )  # fmt: skip
        if alias in found:
            raise ValueError(_("the alias “%(alias)s” stands twice") % {"alias": alias})
        if not _is_whole(strategy):
            raise ValueError(_("a strategy is named by its number"))
        found[alias] = strategy
    return found


def _levels(raw: Any) -> tuple[Level, ...]:
    if not isinstance(raw, list) or not raw:
        raise ValueError(_("needs at least one condition"))
    levels = []
    for entry in raw:
        if not isinstance(entry, Mapping) or set(entry) != {"severity", "condition"}:
            raise ValueError(_("each has a severity and a condition"))
        if entry["severity"] not in SEVERITIES:
            raise ValueError(_("a severity is 1, 2 or 3"))
        text = str(entry["condition"]).strip()
        levels.append(Level(entry["severity"], read_condition(text), text))
    if len({level.severity for level in levels}) < len(levels):
        raise ValueError(_("each severity can stand there once"))
    return tuple(levels)


def _on(raw: Any) -> tuple[str, ...]:
    names = [] if raw is None else raw
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError(_("is a list of label names"))
    for name in names:
        if not LABEL_NAME.match(name) or name.startswith("__"):
            raise ValueError(_("“%(name)s” is not a label name") % {"name": name})
    return tuple(dict.fromkeys(names))


def _hold_s(raw: Any) -> int:
    seconds = 0 if raw is None else raw
    if not _is_whole(seconds) or not 0 <= seconds <= LONGEST_HOLD_S:
        raise ValueError(
            _("must be from 0 to %(most)s seconds") % {"most": LONGEST_HOLD_S}
        )
    return int(seconds)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


READERS = {"members": _members, "levels": _levels, "on": _on, "hold_s": _hold_s}


def _check_together(composite: Composite) -> None:
    """Hold the conditions against the members and the labels."""
    asked = {m.alias for level in composite.levels for m in members_of(level.condition)}
    if unknown := asked - composite.members.keys():
        raise ValueError(_("no strategy has the alias %(names)s") % _listed(unknown))
    if unused := composite.members.keys() - asked:
        raise ValueError(_("no condition asks for %(names)s") % _listed(unused))
    if composite.on and any(
        holds_of_nothing(one.condition) for one in composite.levels
    ):
        raise ValueError(
            _("It holds while no member fires; nothing then says of which %(names)s. Leave the labels out, or add what has to fire.")
            % _listed(composite.on)
        )  # fmt: skip


def _listed(names: Iterable[str]) -> dict[str, str]:
    return {"names": ", ".join(sorted(names))}
