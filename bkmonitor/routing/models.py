"""Alerts told together, and when they are told again."""

from django.db import models

from bkmonitor.accounts.models import OwnedQuerySet, Space
from bkmonitor.alerts.models import Alert


class AlertGroup(models.Model):
    """What is told together; for now one alert is its own group.

    `next_repeat_at` is NULL when there is nothing left to repeat. `repeats` makes
    the key of the next repeat.
    """

    space = models.ForeignKey(Space, models.CASCADE, related_name="alert_groups")
    alert = models.OneToOneField(Alert, models.CASCADE, related_name="group")
    next_repeat_at = models.DateTimeField(null=True, db_index=True)
    repeats = models.PositiveIntegerField(default=0)

    objects = OwnedQuerySet.as_manager()

    def __str__(self) -> str:
        return f"group of alert {self.alert_id}"
