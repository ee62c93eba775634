"""A month as a page of a calendar."""

import calendar
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from bkmonitor.calendars.models import CalendarItem
from bkmonitor.lib.wallclock import YEARS, Wall, write_wall

MOST_ENTRIES = 4
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that is on: `start` names the time of the item, `hours` is "" for whole days."""

    item: CalendarItem
    start: str
    hours: str


@dataclass(slots=True)
class Day:
    """A day of the page: whether it is of the month, and what is on."""

    date: date
    here: bool
    entries: list[Entry] = field(default_factory=list)

    @property
    def shown(self) -> list[Entry]:
        """Return what there is room for."""
        return self.entries[:MOST_ENTRIES]

    @property
    def hidden(self) -> int:
        """Return how many there is no room for."""
        return max(0, len(self.entries) - MOST_ENTRIES)


def read_month(text: str, today: date) -> date:
    """Return the first day of the month of "2026-03"; of today's for anything else."""
    try:
        month = date.fromisoformat(f"{text}-01")
    except ValueError:
        month = today
    return (month if month.year in YEARS else today).replace(day=1)


def next_month(month: date, steps: int = 1) -> date | None:
    """Return the first day of a month before or after; None where calendars end."""
    years, number = divmod(month.month - 1 + steps, 12)
    year = month.year + years
    return date(year, number + 1, 1) if year in YEARS else None


def weeks_of(items: Iterable[CalendarItem], month: date) -> list[list[Day]]:
    """Return the weeks of a month, Monday first, with what is on on each day.

    Each item is on the days of its own time zone: a holiday is a holiday.
    """
    weeks = calendar.Calendar().monthdatescalendar(month.year, month.month)
    days = {day: Day(day, day.month == month.month) for week in weeks for day in week}
    first = datetime.combine(weeks[0][0], time.min)
    last = datetime.combine(weeks[-1][-1] + DAY, time.min)
    for item in items:
        recurring = item.recurring
        for start in recurring.starts(first, last):
            _enter(item, start, start + recurring.length, days)
    for day in days.values():
        day.entries.sort(key=lambda entry: (entry.hours, entry.item.name))
    return [[days[day] for day in week] for week in weeks]


def _enter(item: CalendarItem, start: Wall, end: Wall, days: dict[date, Day]) -> None:
    day, last = start.date(), (end - timedelta.resolution).date()
    while day <= last:
        if day in days:
            entry = Entry(item, write_wall(start), _hours(start, end, day))
            days[day].entries.append(entry)
        day += DAY


def _hours(start: Wall, end: Wall, day: date) -> str:
    """Return from when to when it is on on a day, as far as the day has an edge of it."""
    begins = f"{start:%H:%M}" if start > datetime.combine(day, time.min) else ""
    ends = f"{end:%H:%M}" if end < datetime.combine(day + DAY, time.min) else ""
    return f"{begins}–{ends}" if begins or ends else ""
