"""Change or remove what comes again: this time, this and all that follow, or all."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db import models, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bkmonitor.calendars.models import CalendarItem
from bkmonitor.calendars.services import ITEM_EDITABLE, delete_item, hold, save_item
from bkmonitor.lib.errors import InvalidInput
from bkmonitor.lib.recurrence import rule_before, rule_from
from bkmonitor.lib.wallclock import Wall, parse_wall, write_wall


class Scope(models.TextChoices):
    """Which of the times that an item is on are meant."""

    ONE = "one", gettext_lazy("This time alone")
    FOLLOWING = "following", gettext_lazy("This and all that follow")
    ALL = "all", gettext_lazy("All of them")


@transaction.atomic
def change_occurrence(
    item: CalendarItem, fields: Mapping[str, Any], *, occurrence: str, scope: Scope
) -> CalendarItem:
    """Change an item from one of its times on; return the item that has the change.

    `occurrence` is the start of that time, and `fields` are those of that time: a
    start that is an hour later moves as many of them as `scope` says by an hour. This
    time alone becomes an item of its own, and so do this and all that follow.
    Raises InvalidInput if it is not on then, or for what `save_item` refuses.
    """
    item, at = _find(item, occurrence)
    asked = {"start": write_wall(at), "end": write_wall(at + item.recurring.length)}
    asked |= dict(fields)
    if item.rule and scope == Scope.ONE:
        return _detach(item, asked, at)
    if item.rule and scope == Scope.FOLLOWING and not _is_first(item, at):
        return _split(item, asked, at)
    return _move(item, asked, at)


@transaction.atomic
def remove_occurrence(item: CalendarItem, *, occurrence: str, scope: Scope) -> None:
    """Take one of the times of an item out of its calendar, or more as `scope` says."""
    item, at = _find(item, occurrence)
    if item.rule and scope == Scope.ONE:
        _leave_out(item, at)
    elif item.rule and scope == Scope.FOLLOWING and not _is_first(item, at):
        _end_before(item, at)
    else:
        delete_item(item)


def _find(item: CalendarItem, occurrence: str) -> tuple[CalendarItem, Wall]:
    """Return the item as it is, locked with its calendar, and the time that is meant."""
    hold(item.calendar)
    item = CalendarItem.objects.select_related("calendar__space").get(pk=item.pk)
    at = parse_wall(occurrence, field="occurrence")
    if at not in item.recurring.starts(at, at + timedelta(minutes=1)):
        told = _("“%(name)s” does not begin then") % {"name": item.name}
        raise InvalidInput(f"occurrence: {told}", {"occurrence": told})
    return item, at


def _is_first(item: CalendarItem, at: Wall) -> bool:
    recurring = item.recurring
    return not any(start < at for start in recurring.starts(recurring.start, at))


def _move(item: CalendarItem, asked: Mapping[str, Any], at: Wall) -> CalendarItem:
    start, moved = _moved(asked, at)
    end = parse_wall(asked["end"], field="end")
    first = item.recurring.start + moved
    whole = {
        "exceptions": _shifted(item.exceptions, moved),
        **asked,
        "start": write_wall(first),
        "end": write_wall(first + (end - start)),
    }
    return save_item(item.calendar, whole, item=item)


def _detach(item: CalendarItem, asked: Mapping[str, Any], at: Wall) -> CalendarItem:
    alone = _copied(item) | dict(asked) | {"rule": "", "exceptions": []}
    _leave_out(item, at)
    return _store_beside(item, alone)


def _split(item: CalendarItem, asked: Mapping[str, Any], at: Wall) -> CalendarItem:
    _start, moved = _moved(asked, at)
    later = [each for each in item.exceptions if each >= write_wall(at)]
    rest = {
        **_copied(item),
        "rule": rule_from(item.rule, item.recurring.start, at),
        "exceptions": _shifted(later, moved),
        **asked,
    }
    _end_before(item, at)
    return _store_beside(item, rest)


def _leave_out(item: CalendarItem, at: Wall) -> None:
    save_item(
        item.calendar, {"exceptions": [*item.exceptions, write_wall(at)]}, item=item
    )


def _end_before(item: CalendarItem, at: Wall) -> None:
    earlier = [each for each in item.exceptions if each < write_wall(at)]
    fields = {"rule": rule_before(item.rule, at), "exceptions": earlier}
    save_item(item.calendar, fields, item=item)


def _store_beside(item: CalendarItem, fields: Mapping[str, Any]) -> CalendarItem:
    # With the name that the file gave: its next edition replaces this one, too.
    beside = CalendarItem(calendar=item.calendar, uid=item.uid)
    return save_item(item.calendar, fields, item=beside)


def _copied(item: CalendarItem) -> dict[str, Any]:
    return {name: getattr(item, name) for name in ITEM_EDITABLE}


def _moved(asked: Mapping[str, Any], at: Wall) -> tuple[Wall, timedelta]:
    start = parse_wall(asked["start"], field="start")
    return start, start - at


def _shifted(exceptions: list[str], by: timedelta) -> list[str]:
    walls = (parse_wall(each, field="exceptions") for each in exceptions)
    return [write_wall(wall + by) for wall in walls]
