"""Problems on series, their changes, and what was noted of them."""

import json
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast
from django.db.models.lookups import Exact
from django.utils.translation import gettext_lazy as _

from bkmonitor.accounts.models import OwnedQuerySet, Space


class Severity(models.IntegerChoices):
    """How bad; a smaller number is worse."""

    CRITICAL = 1, _("Critical")
    WARNING = 2, _("Warning")
    INFO = 3, _("Info")


class SourceKind(models.TextChoices):
    """What kind of thing an alert comes from."""

    STRATEGY = "strategy", _("Strategy")
    PROBE = "probe", _("Probe")
    HEARTBEAT = "heartbeat", _("Heartbeat")
    NO_DATA = "no_data", _("No data")
    EXTERNAL = "external", _("External")


class AlertQuerySet(OwnedQuerySet):
    """Alerts, by state and source."""

    def firing(self) -> Self:
        """Keep those that are not over."""
        return self.filter(state="firing")

    def of_source(self, kind: str, source_id: int) -> Self:
        """Keep those that come from one strategy, probe or heartbeat."""
        return self.filter(source_kind=kind, source_id=source_id)

    def with_label(self, name: str, value: str) -> Self:
        """Keep those whose label `name` is `value`."""
        return self.filter(Exact(KeyTextTransform(name, "labels"), value))

    def search(self, words: str) -> Self:
        """Keep those that have every word in their source's name, summary or labels."""
        rows = self
        for word in words.split():
            rows = rows.with_word(word)
        return rows

    def with_word(self, word: str) -> Self:
        """Keep those that have a word, which may hold spaces, in name, summary or labels."""
        # SQLite keeps letters beyond ASCII escaped in JSON, PostgreSQL as they are.
        escaped = json.dumps(word)[1:-1]
        rows = self.alias(labels_text=Cast("labels", models.TextField()))
        return rows.filter(
            Q(source_name__icontains=word)
            | Q(summary__icontains=word)
            | Q(labels_text__icontains=word)
            | Q(labels_text__icontains=escaped)
        )


class Alert(models.Model):
    """One problem on one series, from the first firing to the resolution.

    `sentence` is a message id and its parameters, rendered in the reader's
    language; `summary` and `description` are the source's own texts.
    """

    class State(models.TextChoices):
        FIRING = "firing", _("Firing")
        RESOLVED = "resolved", _("Resolved")

    space = models.ForeignKey(Space, models.CASCADE, related_name="alerts")
    source_kind = models.CharField(max_length=9, choices=SourceKind)
    source_id = models.BigIntegerField()
    source_name = models.CharField(max_length=100)
    labels = models.JSONField()
    fingerprint = models.CharField(max_length=16)
    # Unique while firing, NULL once resolved: "one firing alert per series" is
    # then a fact of the database on every backend.
    open_key = models.CharField(max_length=64, unique=True, null=True)  # noqa: DJ001
    severity = models.PositiveSmallIntegerField(choices=Severity)
    state = models.CharField(max_length=8, choices=State, default=State.FIRING)
    value = models.FloatField(null=True)
    sentence = models.JSONField(default=dict)
    summary = models.TextField(blank=True)
    description = models.TextField(blank=True)
    runbook_url = models.CharField(max_length=500, blank=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    end_reason = models.CharField(max_length=20, blank=True)
    # Since when no complete answer has held a sample of this series; it stays firing until
    # the series is forgotten.
    missing_since = models.DateTimeField(null=True)
    # Since when the problem is over while the alert is held, for the series flaps.
    calm_since = models.DateTimeField(null=True)
    # How the series was judged of late: [moment in Unix seconds, severity or 0] of each
    # change. Not what was told of it: samples that come late may change it.
    changes = models.JSONField(default=list)
    acked_at = models.DateTimeField(null=True)
    acked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )

    objects = AlertQuerySet.as_manager()

    class Meta:
        ordering = ["-started_at", "-pk"]
        indexes = [
            models.Index(
                fields=["source_kind", "source_id", "fingerprint"], name="alert_series"
            ),
            models.Index(
                fields=["space", "state", "-started_at"], name="alert_by_state"
            ),
            models.Index(
                fields=["source_kind", "source_id", "ended_at"], name="alert_by_end"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="alert_ended_iff_resolved",
                condition=Q(state="firing", ended_at=None, open_key__isnull=False)
                | Q(state="resolved", ended_at__isnull=False, open_key=None),
            )
        ]

    def __str__(self) -> str:
        return f"{self.source_name} {self.labels}"


class Transition(models.Model):
    """A change of an alert. An unrouted row is work still to do."""

    class Kind(models.TextChoices):
        FIRED = "fired", _("Fired")
        WORSENED = "worsened", _("Became more severe")
        EASED = "eased", _("Became less severe")
        RESOLVED = "resolved", _("Resolved")

    alert = models.ForeignKey(Alert, models.CASCADE, related_name="transitions")
    kind = models.CharField(max_length=8, choices=Kind)
    severity = models.PositiveSmallIntegerField(choices=Severity)
    value = models.FloatField(null=True)
    sentence = models.JSONField(default=dict)
    at = models.DateTimeField()
    routed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["at", "pk"]
        indexes = [
            models.Index(
                fields=["at"], name="transition_unrouted", condition=Q(routed_at=None)
            )
        ]

    def __str__(self) -> str:
        return f"{self.alert_id} {self.kind}"


class Note(models.Model):
    """Something that happened to an alert without changing its state."""

    class Kind(models.TextChoices):
        ACKNOWLEDGED = "acknowledged", _("Acknowledged")
        UNACKNOWLEDGED = "unacknowledged", _("Acknowledgement taken back")
        COMMENT = "comment", _("Comment")
        DATA_MISSING = "data_missing", _("Data missing")
        DATA_BACK = "data_back", _("Data back")
        FLAPPING = "flapping", _("Flapping")
        NOBODY_TOLD = "nobody_told", _("Nobody told")
        MUTED = "muted", _("Muted")

    alert = models.ForeignKey(Alert, models.CASCADE, related_name="notes")
    kind = models.CharField(max_length=14, choices=Kind)
    at = models.DateTimeField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    text = models.TextField(blank=True)

    class Meta:
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.alert_id} {self.kind}"


class Watermark(models.Model):
    """Up to which moment a source has been judged; its row is also the source's lock."""

    source_kind = models.CharField(max_length=9, choices=SourceKind)
    source_id = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source_kind", "source_id"], name="watermark_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.source_kind} {self.source_id} at {self.at}"
