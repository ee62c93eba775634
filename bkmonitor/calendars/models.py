"""Calendars and what is written in them."""

from django.db import models

from bkmonitor.accounts.fields import check_time_zone
from bkmonitor.accounts.models import OwnedQuerySet, Space
from bkmonitor.lib.recurrence import Recurring
from bkmonitor.lib.wallclock import parse_wall, zone_of


class Calendar(models.Model):
    """Days or hours that belong together, such as the holidays of a country."""

    space = models.ForeignKey(Space, models.CASCADE, related_name="calendars")
    name = models.CharField(max_length=100)
    description = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["space", "name"], name="calendar_name_unique"
            )
        ]

    def __str__(self) -> str:
        return self.name


class CalendarItem(models.Model):
    """A stretch of time in a calendar, and when it comes again.

    `start` and `end` are what the clock on the wall of `time_zone` shows, such as
    2026-12-24T18:00, and no moments: a zone may change its mind about its clock, and
    the holiday still begins at midnight. So are `exceptions`, the starts that `rule`
    gives and that are left out. `uid` is the name that a file gave it.
    """

    calendar = models.ForeignKey(Calendar, models.CASCADE, related_name="items")
    name = models.CharField(max_length=200)
    start = models.CharField(max_length=16)
    end = models.CharField(max_length=16)
    time_zone = models.CharField(max_length=64, validators=[check_time_zone])
    rule = models.CharField(max_length=500, blank=True)
    exceptions = models.JSONField(default=list, blank=True)
    uid = models.CharField(max_length=255, blank=True)

    class Meta:
        ordering = ["start", "pk"]
        indexes = [models.Index(fields=["calendar", "uid"], name="calendar_item_uid")]

    def __str__(self) -> str:
        return self.name

    @property
    def recurring(self) -> Recurring:
        """Return when it is on."""
        return Recurring(
            parse_wall(self.start, field="start"),
            parse_wall(self.end, field="end"),
            zone_of(self.time_zone),
            self.rule,
            frozenset(parse_wall(each, field="exceptions") for each in self.exceptions),
        )
