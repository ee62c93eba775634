"""REST: scrape targets."""

from collections.abc import Mapping
from dataclasses import asdict
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
from bkmonitor.api.fields import LabelsField
from bkmonitor.api.viewsets import Fields, OwnedSerializer, SavedViewSet
from bkmonitor.metrics import services
from bkmonitor.metrics.models import ScrapeTarget

KEPT = (
    "Left out, it stays; empty, it is taken away. With a URL on another scheme, host "
    "or port, it has to be given again or taken away."
)


class ScrapeTargetSerializer(OwnedSerializer):
    """An endpoint whose metrics are fetched. Its credentials are not given back."""

    labels = LabelsField(help_text="Labels that each sample of this gets.")
    password = serializers.CharField(
        write_only=True,
        required=False,
        allow_blank=True,
        max_length=4000,
        help_text=KEPT,
    )
    bearer_token = serializers.CharField(
        write_only=True,
        required=False,
        allow_blank=True,
        max_length=4000,
        help_text=KEPT,
    )
    secrets_given = serializers.SerializerMethodField(
        help_text="Names of the credentials that are stored."
    )

    class Meta(OwnedSerializer.Meta):
        model = ScrapeTarget
        fields = (
            "id", "space", "name", "url", "labels", "interval_s", "enabled", "username",
            "password", "bearer_token", "secrets_given", "verify_tls", "ca_certificate",
            "created_at",
        )  # fmt: skip
        read_only_fields = ("created_at",)

    def get_secrets_given(self, target: ScrapeTarget) -> list[str]:
        """Return the names of the credentials, not their values."""
        return [name for name in services.SECRETS if getattr(target, name)]


class HealthSerializer(serializers.Serializer[Any]):
    """What is known of the last scrape of a target."""

    id = serializers.IntegerField()
    state = serializers.ChoiceField(choices=["up", "down", "unknown", "disabled"])
    error = serializers.CharField()
    scraped_at = serializers.DateTimeField(allow_null=True)
    duration_s = serializers.FloatField(allow_null=True)
    samples = serializers.IntegerField(allow_null=True)


@extend_schema_view(
    list=extend_schema(
        parameters=[
            OpenApiParameter("space", description="Slug of a space."),
            OpenApiParameter("search", description="Part of the name or the URL."),
            OpenApiParameter("enabled", bool),
        ]
    )
)
class ScrapeTargetViewSet(SavedViewSet):
    """Scrape targets: endpoints whose metrics are fetched again and again."""

    queryset = ScrapeTarget.objects.all()
    serializer_class = ScrapeTargetSerializer

    def narrow(
        self, rows: models.QuerySet[Any], params: Mapping[str, str]
    ) -> models.QuerySet[Any]:
        """Filter by name or URL, and by the switch."""
        if search := filters.text(params, "search"):
            named = models.Q(name__icontains=search) | models.Q(url__icontains=search)
            rows = rows.filter(named)
        if (enabled := filters.flag(params, "enabled")) is not None:
            rows = rows.filter(enabled=enabled)
        return rows

    def save_row(self, space: Space, fields: Fields, row: Any | None) -> Any:
        """Save by the room's verb."""
        return services.save_target(space, fields, target=row)

    def remove_row(self, row: Any) -> None:
        """Remove the target; its samples stay until they are too old."""
        services.delete_target(row)

    @extend_schema(
        parameters=[OpenApiParameter("space", description="Slug of the space.")],
        responses=HealthSerializer(many=True),
    )
    @action(detail=False, pagination_class=None)
    def health(self, request: Request) -> Response:
        """Tell of each target of a space whether it answers; users name the space."""
        space = self.space_of_request()
        known = services.target_health(space, now=timezone.now())
        return Response(
            HealthSerializer(
                [{"id": pk} | asdict(health) for pk, health in known.items()], many=True
            ).data
        )
