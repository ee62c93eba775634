"""The verbs of calendars: the only code that writes this room's tables."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from bkmonitor.accounts.models import Space
from bkmonitor.accounts.rows import store
from bkmonitor.accounts.validation import check_row
from bkmonitor.calendars.ics import Draft, Skipped, read_ics
from bkmonitor.calendars.models import Calendar, CalendarItem
from bkmonitor.lib.errors import InvalidInput
from bkmonitor.lib.recurrence import Recurring, check_rule
from bkmonitor.lib.spans import Span
from bkmonitor.lib.wallclock import Wall, parse_wall, write_wall, zone_of

logger = logging.getLogger(__name__)

EDITABLE = ("name", "description")
ITEM_EDITABLE = ("name", "start", "end", "time_zone", "rule", "exceptions")
MOST_ITEMS = 2_000
MOST_EXCEPTIONS = 1_000
LONGEST = timedelta(days=366)
MOST_SHOWN = 5_000


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time that an item is on: `start` names it, `span` is when it is."""

    item: CalendarItem
    start: Wall
    span: Span


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of a file: how many items there are now, and which events are not."""

    items: int
    skipped: list[Skipped]


def save_calendar(
    space: Space, fields: Mapping[str, Any], *, calendar: Calendar | None = None
) -> Calendar:
    """Make a calendar, or change the one given; InvalidInput names what is wrong."""
    _check_known(fields, EDITABLE, "a calendar")
    calendar = calendar or Calendar(space=space)
    for name, value in fields.items():
        setattr(calendar, name, value)
    check_row(calendar, exclude=["space"])
    store(calendar, [*EDITABLE, "updated_at"])
    return calendar


def delete_calendar(calendar: Calendar) -> None:
    """Remove a calendar with its items. Who calls makes sure that nobody goes by it."""
    calendar.delete()


@transaction.atomic
def save_item(
    calendar: Calendar, fields: Mapping[str, Any], *, item: CalendarItem | None = None
) -> CalendarItem:
    """Write an item into a calendar, or change the one given, each time that it is on.

    `fields` may leave out what stays as it is. Raises InvalidInput with what is wrong
    of each field; nothing is written then.
    """
    _check_known(fields, ITEM_EDITABLE, "an item")
    hold(calendar)
    if item is None and calendar.items.count() >= MOST_ITEMS:
        raise InvalidInput(f"a calendar has at most {MOST_ITEMS} items")
    item = item or CalendarItem(calendar=calendar, time_zone=calendar.space.time_zone)
    for name, value in fields.items():
        setattr(item, name, value)
    _check_item(item)
    store(item, ITEM_EDITABLE)
    return item


def _check_item(item: CalendarItem) -> None:
    check_row(item, exclude=["calendar", "start", "end", "rule", "exceptions"])
    start, end = (
        parse_wall(item.start, field="start"),
        parse_wall(item.end, field="end"),
    )
    if end <= start:
        raise _wrong("end", _("must be after the start"))
    if end - start > LONGEST:
        raise _wrong("end", _("must be at most %(n)s days after the start") % {"n": LONGEST.days})  # fmt: skip
    item.rule = check_rule(str(item.rule), start, zone_of(item.time_zone))
    left_out = item.exceptions
    if not isinstance(left_out, list) or len(left_out) > MOST_EXCEPTIONS:
        raise _wrong("exceptions", f"must be a list of at most {MOST_EXCEPTIONS}")
    walls = {parse_wall(each, field="exceptions") for each in left_out}
    item.exceptions = sorted(write_wall(wall) for wall in walls)


def delete_item(item: CalendarItem) -> None:
    """Remove an item, each time that it is on."""
    hold(item.calendar)
    item.delete()


@transaction.atomic
def import_ics(calendar: Calendar, text: str, *, time_zone: str = "") -> Imported:
    """Write the events of an .ics file into a calendar.

    What came from a file before, by the names that files give (UID), is replaced, so
    that the newer edition of a file can be imported again and again. `time_zone`, or
    the space's, is that of times that name none. InvalidInput, for the field `ics`, if
    it is no calendar; events that cannot be taken are in the answer.
    """
    hold(calendar)
    read = read_ics(text, zone_of(time_zone or calendar.space.time_zone))
    items, skipped = [], list(read.skipped)
    for draft in read.drafts:
        item = _item_of(calendar, draft)
        try:
            _check_item(item)
        except InvalidInput as error:
            skipped.append(Skipped(draft.name, str(error)))
        else:
            items.append(item)
    named = {draft.uid for draft in read.drafts} - {""}
    for some in _portions(sorted(named)):
        calendar.items.filter(uid__in=some).delete()
    if calendar.items.count() + len(items) > MOST_ITEMS:
        raise _wrong("ics", _("a calendar has at most %(n)s items") % {"n": MOST_ITEMS})
    CalendarItem.objects.bulk_create(items, batch_size=500)
    return Imported(len(items), skipped)


def _item_of(calendar: Calendar, draft: Draft) -> CalendarItem:
    return CalendarItem(
        calendar=calendar,
        name=draft.name,
        start=write_wall(draft.start),
        end=write_wall(draft.end),
        time_zone=draft.zone.key,
        rule=draft.rule,
        exceptions=[write_wall(each) for each in draft.exceptions],
        uid=draft.uid,
    )


def recurring_of(ids: Iterable[int]) -> dict[int, list[Recurring]]:
    """Return what is written in the calendars of these keys that exist; two queries.

    An item that cannot be read any more, because its time zone is gone, is left out:
    who asks has others to care for.
    """
    wanted = set(ids)
    if not wanted:
        return {}
    known = Calendar.objects.filter(pk__in=wanted).values_list("pk", flat=True)
    found: dict[int, list[Recurring]] = {pk: [] for pk in known}
    for item in CalendarItem.objects.filter(calendar__in=wanted):
        try:
            found.setdefault(item.calendar_id, []).append(item.recurring)
        except InvalidInput as error:
            logger.error(
                "calendar.unreadable", extra={"item": item.pk, "reason": str(error)}
            )
    return found


def occurrences(items: Iterable[CalendarItem], within: Span) -> list[Occurrence]:
    """Return, in order, each time that an item is on in a span; at most MOST_SHOWN."""
    found = (
        Occurrence(item, start, span)
        for item in items
        for start, span in item.recurring.occurrences(within)
    )
    return sorted(found, key=lambda each: (each.span, each.item.pk))[:MOST_SHOWN]


def hold(calendar: Calendar) -> None:
    """Lock a calendar until commit, and note that what is in it changes."""
    Calendar.objects.select_for_update().filter(pk=calendar.pk).first()
    calendar.save(update_fields=["updated_at"])


def _portions(names: list[str]) -> Iterable[list[str]]:
    return (names[start : start + 500] for start in range(0, len(names), 500))


def _check_known(fields: Mapping[str, Any], known: Iterable[str], what: str) -> None:
    if unknown := set(fields) - set(known):
        raise InvalidInput(f"{what} has no field {', '.join(sorted(unknown))}")


def _wrong(field: str, told: str) -> InvalidInput:
    return InvalidInput(f"{field}: {told}", {field: told})
