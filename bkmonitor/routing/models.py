"""Alerts told together, and when they are told again."""

from django.db import models

from bkmonitor.accounts.models import OwnedQuerySet, Space
from bkmonitor.alerts.models import Alert


class AlertGroup(models.Model):
    """What is told together; for now one alert is its own group.

    `next_repeat_at` is when it is to be looked at again: to tell it again, or to tell
    what was held while it was muted; NULL when nothing is left to tell. `held` is the
    kind of change that waits for the active time, which begins at `muted_until`; that
    is NULL while nothing is muted. `repeats` makes the key of the next message.
    """

    space = models.ForeignKey(Space, models.CASCADE, related_name="alert_groups")
    alert = models.OneToOneField(Alert, models.CASCADE, related_name="group")
    next_repeat_at = models.DateTimeField(null=True, db_index=True)
    repeats = models.PositiveIntegerField(default=0)
    held = models.CharField(max_length=8, blank=True, default="", db_default="")
    muted_until = models.DateTimeField(null=True)

    objects = OwnedQuerySet.as_manager()

    def __str__(self) -> str:
        return f"group of alert {self.alert_id}"
