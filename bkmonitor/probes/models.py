"""Looks from outside, and signs of life."""

import uuid
from typing import Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from bkmonitor.accounts.fields import SealedJSONField, check_web_address
from bkmonitor.accounts.models import OwnedQuerySet, Space

SEVERITIES = ((1, _("Critical")), (2, _("Warning")), (3, _("Info")))


class DueQuerySet(OwnedQuerySet):
    """Things that come round, by whether their time has come."""

    def due(self, now: object) -> Self:
        """Keep the enabled ones whose next run has come."""
        return self.filter(enabled=True, next_run_at__lte=now)


class Probe(models.Model):
    """A look at a target from outside, every so often.

    `results` holds the newest looks, oldest first, as
    [unix seconds, outcome 1 up | 0 down | null not judged, seconds, text]: a probe
    can raise an alert without any other store. `settings` are the kind's own
    (method, headers, body, expected status, keyword, ...), which may hold secrets.
    """

    class Kind(models.TextChoices):
        HTTP = "http", "HTTP"
        TCP = "tcp", "TCP"
        ICMP = "icmp", "ICMP"

    class State(models.TextChoices):
        NEW = "new", _("Not run yet")
        UP = "up", _("Up")
        DOWN = "down", _("Down")
        UNKNOWN = "unknown", _("Not judged")

    space = models.ForeignKey(Space, models.CASCADE, related_name="probes")
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=4, choices=Kind)
    target = models.CharField(max_length=500)
    settings = SealedJSONField(blank=True, default=dict)
    interval_s = models.PositiveIntegerField(
        default=60, validators=[MinValueValidator(10), MaxValueValidator(86400)]
    )
    timeout_s = models.PositiveSmallIntegerField(
        default=10, validators=[MinValueValidator(1), MaxValueValidator(60)]
    )
    severity = models.PositiveSmallIntegerField(choices=SEVERITIES, default=1)
    trigger_count = models.PositiveSmallIntegerField(default=1)
    trigger_window = models.PositiveSmallIntegerField(default=1)
    recovery_window = models.PositiveSmallIntegerField(default=1)
    labels = models.JSONField(default=dict, blank=True)
    runbook_url = models.CharField(
        max_length=500, blank=True, validators=[check_web_address]
    )
    enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    next_run_at = models.DateTimeField(db_index=True)
    last_run_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=7, choices=State, default=State.NEW)
    results = models.JSONField(default=list)
    certificate_expires_at = models.DateTimeField(null=True)

    objects = DueQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["space", "name"], name="probe_name_unique"),
            models.CheckConstraint(
                name="probe_trigger_possible",
                condition=models.Q(
                    trigger_count__gte=1,
                    trigger_count__lte=models.F("trigger_window"),
                    recovery_window__gte=1,
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Heartbeat(models.Model):
    """Waits for a sign of life every `period_s`, and gives it `grace_s` more.

    `deadline_at` is the moment at which silence becomes a problem; it is NULL while
    nothing is waited for (never pinged, or disabled).
    """

    class State(models.TextChoices):
        NEW = "new", _("Waiting for the first ping")
        UP = "up", _("Up")
        DOWN = "down", _("Down")

    space = models.ForeignKey(Space, models.CASCADE, related_name="heartbeats")
    name = models.CharField(max_length=100)
    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    period_s = models.PositiveIntegerField(
        default=86400,
        validators=[MinValueValidator(10), MaxValueValidator(366 * 86400)],
    )
    grace_s = models.PositiveIntegerField(
        default=3600, validators=[MinValueValidator(1), MaxValueValidator(366 * 86400)]
    )
    severity = models.PositiveSmallIntegerField(choices=SEVERITIES, default=1)
    labels = models.JSONField(default=dict, blank=True)
    runbook_url = models.CharField(
        max_length=500, blank=True, validators=[check_web_address]
    )
    enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    state = models.CharField(max_length=4, choices=State, default=State.NEW)
    last_ping_at = models.DateTimeField(null=True)
    # The run that is under way, and the id that its start carried.
    last_start_at = models.DateTimeField(null=True)
    last_start_rid = models.UUIDField(null=True)
    last_duration_s = models.FloatField(null=True)
    # What the newest ping that counts said; a failure stands until a success.
    last_failed = models.BooleanField(default=False)
    last_exit_status = models.PositiveSmallIntegerField(null=True)
    # A failure that no judgement has seen yet, whatever came after it.
    unjudged_failure_at = models.DateTimeField(null=True)
    deadline_at = models.DateTimeField(null=True, db_index=True)
    # Pings that changed what the next judgement will say; NULL when judged.
    ring_at = models.DateTimeField(null=True, db_index=True)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["space", "name"], name="heartbeat_name_unique"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Listening(models.Model):
    """When heartbeats were last judged: up to then, silence was heard. One row."""

    judged_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"listened until {self.judged_at:%Y-%m-%d %H:%M:%S}"


class Ping(models.Model):
    """One sign of life that came in."""

    class Kind(models.TextChoices):
        SUCCESS = "success", _("Success")
        START = "start", _("Start")
        FAIL = "fail", _("Failure")
        LOG = "log", _("Log")

    heartbeat = models.ForeignKey(Heartbeat, models.CASCADE, related_name="pings")
    at = models.DateTimeField()
    kind = models.CharField(max_length=7, choices=Kind)
    exit_status = models.PositiveSmallIntegerField(null=True)
    duration_s = models.FloatField(null=True)
    method = models.CharField(max_length=10)
    remote_address = models.CharField(max_length=45, blank=True)
    user_agent = models.CharField(max_length=200, blank=True)
    run_id = models.UUIDField(null=True)
    body = models.TextField(blank=True)

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["heartbeat", "-at"], name="ping_newest")]

    def __str__(self) -> str:
        return f"{self.kind} at {self.at:%Y-%m-%d %H:%M:%S}"
