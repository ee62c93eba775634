"""When people are told of what a strategy finds, and when not."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from bkmonitor.accounts.models import Space
from bkmonitor.calendars.models import Calendar
from bkmonitor.calendars.services import recurring_of
from bkmonitor.lib.activetime import (
    HORIZON,
    ActiveTime,
    Calendars,
    is_active,
    next_change,
    parse_active_time,
)
from bkmonitor.lib.errors import InvalidInput
from bkmonitor.strategies.models import Strategy

logger = logging.getLogger(__name__)


def check_calendars(space: Space, raw: dict[str, Any] | None) -> None:
    """Raise InvalidInput, for `active_time`, unless the calendars it names are the space's."""
    definition = parse_active_time(raw)
    if definition is None or not definition.named:
        return
    own = Calendar.objects.filter(space=space, pk__in=definition.named)
    if missing := definition.named - set(own.values_list("pk", flat=True)):
        told = _("this space has no calendar %(pk)s") % {"pk": min(missing)}
        raise InvalidInput(f"active_time: {told}", {"active_time": told})


def quiet_until(ids: Iterable[int], now: datetime) -> dict[int, datetime]:
    """Return, of strategies that are outside their active time, when it begins again.

    At most four queries, however many there are. One that is not to begin within
    HORIZON has that far end. A strategy that is gone, or whose definition cannot be
    read any more, is never quiet: better told at a wrong hour than not at all.
    """
    rows = Strategy.objects.filter(pk__in=set(ids), active_time__isnull=False)
    definitions = {
        pk: definition
        for pk, raw in rows.values_list("pk", "active_time")
        if (definition := _parsed(pk, raw)) is not None
    }
    named = {key for each in definitions.values() for key in each.named}
    calendars = recurring_of(named)
    # Many strategies of a team have the same hours.
    until = {each: _until(each, calendars, now) for each in set(definitions.values())}
    return {
        pk: begins
        for pk, definition in definitions.items()
        if (begins := until[definition]) is not None
    }


@dataclass(frozen=True, slots=True)
class Activity:
    """Whether a strategy is in its active time, and when that changes; None if not soon."""

    active: bool
    changes_at: datetime | None


def activity_of(strategy: Strategy, now: datetime) -> Activity | None:
    """Return how it stands with a strategy's active time; None if it has none."""
    definition = _parsed(strategy.pk, strategy.active_time)
    if definition is None:
        return None
    calendars = recurring_of(definition.named)
    active = is_active(definition, calendars, now)
    return Activity(active, next_change(definition, calendars, now))


def names_going_by(calendar: Calendar) -> dict[int, str]:
    """Return the names of the strategies whose active time names a calendar, by key."""
    rows = Strategy.objects.filter(space=calendar.space_id, active_time__isnull=False)
    return {
        pk: name
        for pk, name, raw in rows.values_list("pk", "name", "active_time")
        if (found := _parsed(pk, raw)) is not None and calendar.pk in found.named
    }


def _until(
    definition: ActiveTime, calendars: Calendars, now: datetime
) -> datetime | None:
    if is_active(definition, calendars, now):
        return None
    return next_change(definition, calendars, now) or now + HORIZON


def _parsed(pk: int, raw: dict[str, Any] | None) -> ActiveTime | None:
    try:
        return parse_active_time(raw)
    except InvalidInput as error:
        logger.error(
            "active_time.unreadable", extra={"strategy": pk, "reason": str(error)}
        )
        return None
