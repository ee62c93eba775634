"""What users want watched in their metrics."""

from typing import Any, Self

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from bkmonitor.accounts.fields import check_web_address
from bkmonitor.accounts.models import OwnedQuerySet, Space

# What decides which points are a problem, and when.
DEFINING = (
    "expression", "interval_s", "levels", "trigger_count", "trigger_window",
    "recovery_window", "late_periods", "flap_count", "flap_window_s", "no_data", "unit",
)  # fmt: skip


class StrategyQuerySet(OwnedQuerySet):
    """Strategies, by what is to be done with them."""

    def due(self, now: object) -> Self:
        """Keep the enabled ones whose next evaluation has come."""
        return self.filter(enabled=True, next_run_at__lte=now)


class Strategy(models.Model):
    """What is watched: series, when they are a problem, and how one begins and ends.

    `levels` says for each severity which detectors find a point anomalous
    (strategies/definition.py). `query` is what `expression` was built from, if it
    was not written by hand. A composite strategy watches alerts of others instead.
    """

    class Kind(models.TextChoices):
        METRIC = "metric", _("Metric")
        COMPOSITE = "composite", _("Composite")

    class Outcome(models.TextChoices):
        NEVER = "never", _("Not evaluated yet")
        COMPLETE = "complete", _("Evaluated")
        FAILING = "failing", _("Evaluation failing")

    space = models.ForeignKey(Space, models.CASCADE, related_name="strategies")
    name = models.CharField(max_length=100)
    enabled = models.BooleanField(default=True)
    kind = models.CharField(max_length=9, choices=Kind, default=Kind.METRIC)
    expression = models.TextField(blank=True)
    query = models.JSONField(null=True, blank=True)
    composite = models.JSONField(null=True, blank=True)
    # Every series that is absent is normal: the expression drops it by itself.
    filters = models.BooleanField(default=False, editable=False)
    unit = models.CharField(max_length=20, blank=True)
    interval_s = models.PositiveIntegerField(
        default=60, validators=[MinValueValidator(10), MaxValueValidator(3600)]
    )
    levels = models.JSONField(default=list, blank=True)
    trigger_count = models.PositiveSmallIntegerField(default=1)
    trigger_window = models.PositiveSmallIntegerField(default=1)
    recovery_window = models.PositiveSmallIntegerField(default=1)
    # How long after a tick it is evaluated. A store shows a sample a second or two
    # after it was written; who looks at the very moment of a tick sees a part of the
    # series as they are and a part as they were.
    delay_s = models.PositiveSmallIntegerField(
        default=3, validators=[MaxValueValidator(600)]
    )
    late_periods = models.PositiveSmallIntegerField(
        default=1, validators=[MaxValueValidator(10)]
    )
    flap_count = models.PositiveSmallIntegerField(
        default=6, validators=[MaxValueValidator(20)]
    )
    flap_window_s = models.PositiveIntegerField(
        default=1800, validators=[MaxValueValidator(86400)]
    )
    no_data = models.JSONField(default=dict, blank=True)
    # When people are told, by lib/activetime.py; null is always.
    active_time = models.JSONField(null=True, blank=True)
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
    # Since when it is what it is now: nothing older is judged by it.
    judged_from = models.DateTimeField(null=True, editable=False)
    last_tick_at = models.DateTimeField(null=True)
    # The newest tick that could be judged; those missed since are caught up with.
    judged_at = models.DateTimeField(null=True)
    # Of the newest evaluation: how many points were normal, anomalous, not judged.
    counts = models.JSONField(default=dict)
    # Ticks that were missed for too long to be judged at all, and the last of them.
    skipped_ticks = models.PositiveIntegerField(default=0)
    skipped_until = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=8, choices=Outcome, default=Outcome.NEVER)
    outcome_reason = models.TextField(blank=True)
    failing_since = models.DateTimeField(null=True)
    series_count = models.PositiveIntegerField(default=0)

    objects = StrategyQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        verbose_name_plural = "strategies"
        indexes = [
            models.Index(
                fields=["space"],
                name="strategy_composites",
                condition=models.Q(kind="composite"),
            )
        ]
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

    @property
    def definition(self) -> dict[str, Any]:
        """Return the fields that `parse_definition` reads."""
        return {name: getattr(self, name) for name in DEFINING}


class ExpectedSeries(models.Model):
    """A series that has come before, so that its absence can be noticed.

    Without a fingerprint it stands for anything, where nothing has come before.
    """

    strategy = models.ForeignKey(Strategy, models.CASCADE, related_name="expected")
    fingerprint = models.CharField(max_length=16)
    labels = models.JSONField()
    # For how many evaluations in a row it has not come, as far as that is counted,
    # and the tick at which this was last written: a tick counts once.
    missed = models.PositiveSmallIntegerField(default=0)
    missed_at = models.DateTimeField()
    missing_since = models.DateTimeField(null=True)

    # Whether this is the tick at which it is expected no more; never stored.
    forgotten = False

    class Meta:
        ordering = ["pk"]
        verbose_name_plural = "expected series"
        constraints = [
            models.UniqueConstraint(
                fields=["strategy", "fingerprint"], name="expected_series_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.strategy_id} {self.labels}"


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
