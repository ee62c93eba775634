"""What users want watched in their metrics."""

from typing import Self

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from bkmonitor.accounts.fields import check_web_address
from bkmonitor.accounts.models import OwnedQuerySet, Space


class StrategyQuerySet(OwnedQuerySet):
    """Strategies, by what is to be done with them."""

    def due(self, now: object) -> Self:
        """Keep the enabled ones whose next evaluation has come."""
        return self.filter(enabled=True, next_run_at__lte=now)


class Strategy(models.Model):
    """One PromQL expression, limits per severity, and how many hits make a problem.

    `limits` is a list of {"severity": 1..3, "operator": ">", "value": 90.0}; the
    operator "any" (no value) takes every series that the expression returns.
    """

    class Outcome(models.TextChoices):
        NEVER = "never", _("Not evaluated yet")
        COMPLETE = "complete", _("Evaluated")
        FAILING = "failing", _("Evaluation failing")

    space = models.ForeignKey(Space, models.CASCADE, related_name="strategies")
    name = models.CharField(max_length=100)
    enabled = models.BooleanField(default=True)
    expression = models.TextField()
    # The expression drops series by itself: one that is absent is then normal.
    filters = models.BooleanField(default=False, editable=False)
    interval_s = models.PositiveIntegerField(
        default=60, validators=[MinValueValidator(10), MaxValueValidator(3600)]
    )
    limits = models.JSONField(default=list)
    trigger_count = models.PositiveSmallIntegerField(default=1)
    trigger_window = models.PositiveSmallIntegerField(default=1)
    recovery_window = models.PositiveSmallIntegerField(default=1)
    labels = models.JSONField(default=dict, blank=True)
    summary = models.TextField(blank=True)
    description = models.TextField(blank=True)
    runbook_url = models.CharField(
        max_length=500, blank=True, validators=[check_web_address]
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True
    )
    created_at = models.DateTimeField(auto_now_add=True)
    # When the expression became another one: series of the former mean nothing more.
    changed_at = models.DateTimeField(null=True, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    next_run_at = models.DateTimeField(db_index=True)
    last_tick_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=8, choices=Outcome, default=Outcome.NEVER)
    outcome_reason = models.TextField(blank=True)
    failing_since = models.DateTimeField(null=True)
    series_count = models.PositiveIntegerField(default=0)

    objects = StrategyQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        verbose_name_plural = "strategies"
        constraints = [
            models.UniqueConstraint(
                fields=["space", "name"], name="strategy_name_unique"
            ),
            models.CheckConstraint(
                name="strategy_trigger_possible",
                condition=models.Q(
                    trigger_count__gte=1,
                    trigger_count__lte=models.F("trigger_window"),
                    recovery_window__gte=1,
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class StrategyRevision(models.Model):
    """What a strategy was from one save to the next; the newest is what it is now.

    The history outlives its strategy, so that what somebody deleted can be read and
    brought back. A migration that gives definitions another shape changes the ones
    kept here too.
    """

    class Kind(models.TextChoices):
        CREATED = "created", _("Created")
        CHANGED = "changed", _("Changed")
        RESTORED = "restored", _("Restored")
        DELETED = "deleted", _("Deleted")

    space = models.ForeignKey(Space, models.CASCADE, related_name="+")
    # No foreign key: the strategy may be gone. Ids are never given twice.
    strategy_id = models.BigIntegerField()
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=8, choices=Kind)
    restored_from = models.PositiveIntegerField(null=True)
    at = models.DateTimeField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    definition = models.JSONField()
    # The names of the fields that differ from the revision before.
    changed = models.JSONField(default=list)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["strategy_id", "number"], name="revision_number_unique"
            )
        ]
        indexes = [
            models.Index(
                fields=["space", "-at"],
                name="revision_deleted",
                condition=models.Q(kind="deleted"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.strategy_id} as of {self.number}"
