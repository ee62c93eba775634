"""REST: receivers."""

from collections.abc import Mapping
from typing import Any

from django.db import models
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from bkmonitor.accounts.models import Space
from bkmonitor.api import filters
from bkmonitor.api.notifications import NotificationSerializer
from bkmonitor.api.viewsets import Fields, OwnedSerializer, SavedViewSet
from bkmonitor.notifications import services
from bkmonitor.notifications.addresses import shown_address
from bkmonitor.notifications.models import Receiver
from bkmonitor.pipeline.bells import ring_delivery


class ReceiverSerializer(OwnedSerializer):
    """Who or what gets messages. An address may be a secret: it is not given back."""

    address = serializers.CharField(
        write_only=True,
        max_length=2000,
        help_text="A mail address, a URL, or a URL of Apprise's.",
    )
    address_hint = serializers.SerializerMethodField(
        help_text="The mail address; of a URL the scheme and the host."
    )
    settings = serializers.DictField(
        write_only=True,
        required=False,
        help_text="The channel's own, such as the secret that signs webhooks. One "
        "that is left out stays as it is; an empty one is taken away. With an address "
        "on another scheme, host or port, each has to be given again or taken away.",
    )
    settings_given = serializers.SerializerMethodField(
        help_text="Names of the settings that have a value."
    )

    class Meta(OwnedSerializer.Meta):
        model = Receiver
        fields = (
            "id", "space", "name", "channel", "address", "address_hint", "settings",
            "settings_given", "language", "time_zone", "is_default", "enabled",
            "confirmed_at", "created_at",
        )  # fmt: skip
        read_only_fields = ("confirmed_at", "created_at")

    def get_address_hint(self, receiver: Receiver) -> str:
        """Return as much of the address as is surely no secret."""
        return shown_address(receiver)

    def get_settings_given(self, receiver: Receiver) -> list[str]:
        """Return the names of the settings, not their values."""
        return sorted(receiver.settings)


class CodeSerializer(serializers.Serializer[Any]):
    """The code that the newest test message carried."""

    code = serializers.CharField(max_length=20)


@extend_schema_view(
    list=extend_schema(
        parameters=[
            OpenApiParameter("space", description="Slug of a space."),
            OpenApiParameter("channel", enum=Receiver.Channel.values),
            OpenApiParameter("search", description="Part of the name."),
        ]
    )
)
class ReceiverViewSet(SavedViewSet):
    """Receivers: who or what gets messages, and whether they arrive."""

    queryset = Receiver.objects.all()
    serializer_class = ReceiverSerializer

    def narrow(
        self, rows: models.QuerySet[Any], params: Mapping[str, str]
    ) -> models.QuerySet[Any]:
        """Filter by channel and name."""
        if channels := filters.words(params, "channel", Receiver.Channel.values):
            rows = rows.filter(channel__in=channels)
        if search := filters.text(params, "search"):
            rows = rows.filter(name__icontains=search)
        return rows

    def save_row(self, space: Space, fields: Fields, row: Any | None) -> Any:
        """Save by the room's verb."""
        return services.save_receiver(space, fields, receiver=row)

    def remove_row(self, row: Any) -> None:
        """Remove the receiver; what was waiting for it has failed."""
        services.delete_receiver(row)

    @extend_schema(request=None, responses={202: NotificationSerializer})
    @action(detail=True, methods=["post"])
    def test(self, request: Request, pk: str) -> Response:
        """Send a test message; follow the notification to see whether it went."""
        notification = services.send_test(self.get_object(), timezone.now())
        ring_delivery(notification.pk)
        return Response(NotificationSerializer(notification).data, status=202)

    @extend_schema(request=CodeSerializer, responses=ReceiverSerializer)
    @action(detail=True, methods=["post"])
    def confirm(self, request: Request, pk: str) -> Response:
        """Give the code of the test message: messages arrive."""
        receiver = self.get_object()
        serializer = CodeSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        code = serializer.validated_data["code"]
        confirmed = services.confirm(receiver, code, timezone.now())
        return Response(self.get_serializer(confirmed).data)
