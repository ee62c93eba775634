"""What has to happen in several rooms when a calendar changes."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from bkmonitor.calendars import series, services
from bkmonitor.calendars.models import Calendar, CalendarItem
from bkmonitor.calendars.series import Scope
from bkmonitor.calendars.services import Imported
from bkmonitor.lib.errors import Conflict
from bkmonitor.routing.services import reconsider
from bkmonitor.strategies.activetime import names_going_by


@transaction.atomic
def save_item(
    calendar: Calendar,
    fields: Mapping[str, Any],
    *,
    now: datetime,
    item: CalendarItem | None = None,
) -> CalendarItem:
    """Write an item, and have what its calendar had muted looked at again."""
    saved = services.save_item(calendar, fields, item=item)
    _reconsider(calendar, now)
    return saved


@transaction.atomic
def change_occurrence(
    item: CalendarItem,
    fields: Mapping[str, Any],
    *,
    occurrence: str,
    scope: Scope,
    now: datetime,
) -> CalendarItem:
    """Change some of the times of an item, and have what was muted looked at again."""
    changed = series.change_occurrence(item, fields, occurrence=occurrence, scope=scope)
    _reconsider(item.calendar, now)
    return changed


@transaction.atomic
def remove_occurrence(
    item: CalendarItem, *, occurrence: str, scope: Scope, now: datetime
) -> None:
    """Remove some of the times of an item, and have what was muted looked at again."""
    series.remove_occurrence(item, occurrence=occurrence, scope=scope)
    _reconsider(item.calendar, now)


@transaction.atomic
def remove_item(item: CalendarItem, *, now: datetime) -> None:
    """Remove an item, each time that it is on, and have what was muted looked at again."""
    services.delete_item(item)
    _reconsider(item.calendar, now)


@transaction.atomic
def import_ics(
    calendar: Calendar, text: str, *, now: datetime, time_zone: str = ""
) -> Imported:
    """Import a file, and have what the calendar had muted looked at again."""
    imported = services.import_ics(calendar, text, time_zone=time_zone)
    _reconsider(calendar, now)
    return imported


@transaction.atomic
def remove(calendar: Calendar) -> None:
    """Delete a calendar; Conflict, with their names, while strategies go by it."""
    if names := names_going_by(calendar):
        told = _("strategies go by this calendar: %(names)s") % {
            "names": ", ".join(sorted(names.values())[:5])
        }
        raise Conflict(told)
    services.delete_calendar(calendar)


def _reconsider(calendar: Calendar, now: datetime) -> None:
    reconsider(names_going_by(calendar), now)
