"""Receivers, and the outbox that is also the log."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from bkmonitor.accounts.fields import SealedJSONField, SealedTextField, check_time_zone
from bkmonitor.accounts.models import OwnedQuerySet, Space


class Receiver(models.Model):
    """Who or what gets messages: an address on a channel.

    `address` is what the channel needs (a mail address, a URL) and may hold a
    secret; `settings` are the channel's own, such as the key that signs webhooks.
    An empty language or time zone is the space's.
    """

    class Channel(models.TextChoices):
        EMAIL = "email", _("E-mail")
        WEBHOOK = "webhook", _("Webhook")
        APPRISE = "apprise", _("Chat or push (Apprise)")

    space = models.ForeignKey(Space, models.CASCADE, related_name="receivers")
    name = models.CharField(max_length=100)
    channel = models.CharField(max_length=10, choices=Channel)
    address = SealedTextField()
    settings = SealedJSONField(blank=True, default=dict)
    language = models.CharField(max_length=10, blank=True)
    time_zone = models.CharField(
        max_length=64, blank=True, validators=[check_time_zone]
    )
    is_default = models.BooleanField(default=True)
    enabled = models.BooleanField(default=True)
    # Set when a message is known to have arrived: its code was typed in, or a
    # webhook answered 2xx.
    confirmed_at = models.DateTimeField(null=True, blank=True)
    code_digest = models.CharField(max_length=64, blank=True)
    code_sent_at = models.DateTimeField(null=True, blank=True)
    code_tries = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["space", "name"], name="receiver_name_unique"
            )
        ]

    def __str__(self) -> str:
        return self.name


class NotificationQuerySet(OwnedQuerySet):
    """Notifications, by what is to be done with them."""

    def due(self, now: datetime) -> Self:
        """Keep those that wait and whose time has come."""
        return self.filter(state="pending", next_attempt_at__lte=now)

    def beside(self, notification: Notification) -> Self:
        """Keep what waits in the same thread for the same receiver, itself included."""
        return self.filter(
            thread=notification.thread,
            receiver_id=notification.receiver_id,
            state="pending",
        )

    def overtaking(self, notification: Notification) -> Self:
        """Keep what is newer in its thread and has reached the same receiver.

        After "resolved" has arrived, a "firing" that had to wait would be a lie.
        """
        return self.filter(
            thread=notification.thread,
            receiver_id=notification.receiver_id,
            receiver__isnull=False,
            pk__gt=notification.pk,
            state="sent",
        )


class Notification(models.Model):
    """One message to one receiver, and its fate.

    `key` is made of what the message is about, so that asking twice for the same
    message makes one row; it travels as Idempotency-Key and Message-ID. `thread`
    names what messages belong together; this room does not know what it means.
    """

    class State(models.TextChoices):
        PENDING = "pending", _("Waiting")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Failed")
        # A newer message of the same thread arrived before this one could.
        SKIPPED = "skipped", _("Overtaken")

    space = models.ForeignKey(Space, models.CASCADE, related_name="notifications")
    receiver = models.ForeignKey(
        Receiver, models.SET_NULL, null=True, related_name="notifications"
    )
    receiver_name = models.CharField(max_length=100)
    channel = models.CharField(max_length=10, choices=Receiver.Channel)
    key = models.CharField(max_length=64, unique=True)
    thread = models.CharField(max_length=64, db_index=True)
    reason = models.CharField(max_length=20)
    message = models.JSONField()
    state = models.CharField(max_length=7, choices=State, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True)
    # While a try is under way; a worker that died leaves it behind.
    leased_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                name="notification_due",
                condition=models.Q(state="pending"),
            ),
            models.Index(fields=["space", "-created_at"], name="notification_by_space"),
        ]

    def __str__(self) -> str:
        return f"{self.reason} to {self.receiver_name}"


class Attempt(models.Model):
    """One try to deliver a notification, and what the provider answered."""

    notification = models.ForeignKey(Notification, models.CASCADE, related_name="tries")
    at = models.DateTimeField()
    ok = models.BooleanField()
    detail = models.TextField(blank=True)

    class Meta:
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{'sent' if self.ok else 'failed'} at {self.at:%H:%M:%S}"
