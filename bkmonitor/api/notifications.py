"""REST: notifications, what was told to whom."""

from collections.abc import Mapping
from typing import Any

from django.db import models
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import serializers

from bkmonitor.api import filters
from bkmonitor.api.viewsets import OwnedSerializer, ReadViewSet
from bkmonitor.notifications.models import Attempt, Notification


class AttemptSerializer(serializers.ModelSerializer[Attempt]):
    """One try to deliver, and what the provider answered."""

    class Meta:
        model = Attempt
        fields = ("at", "ok", "detail")


class NotificationSerializer(OwnedSerializer):
    """One message to one receiver, and its fate."""

    class Meta(OwnedSerializer.Meta):
        model = Notification
        fields = (
            "id", "space", "receiver", "receiver_name", "channel", "reason", "state",
            "attempts", "next_attempt_at", "created_at", "sent_at", "last_error",
        )  # fmt: skip
        read_only_fields = fields


class NotificationDetailSerializer(NotificationSerializer):
    """A notification with its message and every try."""

    message = serializers.SerializerMethodField()
    tries = AttemptSerializer(many=True, read_only=True)

    class Meta(NotificationSerializer.Meta):
        fields = (*NotificationSerializer.Meta.fields, "message", "tries")  # type: ignore[assignment]
        read_only_fields = fields  # type: ignore[assignment]

    def get_message(self, notification: Notification) -> dict[str, Any]:
        """Return what is told, without the code of a test message."""
        return {k: v for k, v in notification.message.items() if k != "code"}


@extend_schema_view(
    list=extend_schema(
        parameters=[
            OpenApiParameter("space", description="Slug of a space."),
            OpenApiParameter("state", enum=Notification.State.values),
            OpenApiParameter("receiver", int, description="Id of a receiver."),
            OpenApiParameter("alert", int, description="Id of an alert."),
        ]
    )
)
class NotificationViewSet(ReadViewSet):
    """Notifications: what was told to whom, and whether it arrived."""

    queryset = Notification.objects.all()
    ordering = ("-created_at", "-pk")

    def get_serializer_class(self) -> type[serializers.BaseSerializer[Any]]:
        """Show the message and the tries of one, not of many."""
        if self.action == "retrieve":
            return NotificationDetailSerializer
        return NotificationSerializer

    def narrow(
        self, rows: models.QuerySet[Any], params: Mapping[str, str]
    ) -> models.QuerySet[Any]:
        """Filter by state, receiver and alert."""
        if states := filters.words(params, "state", Notification.State.values):
            rows = rows.filter(state__in=states)
        if (receiver := filters.number(params, "receiver")) is not None:
            rows = rows.filter(receiver=receiver)
        if (alert := filters.number(params, "alert")) is not None:
            rows = rows.filter(message__alert_id=alert)
        return rows
