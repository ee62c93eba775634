"""REST: probes."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.db import models
from django.utils import timezone
from drf_spectacular.utils import (
    OpenApiParameter,
    extend_schema,
    extend_schema_field,
    extend_schema_view,
)
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from bkmonitor.accounts.models import Space
from bkmonitor.api import filters
from bkmonitor.api.auth import person
from bkmonitor.api.fields import LabelsField
from bkmonitor.api.viewsets import Fields, OwnedSerializer, SavedViewSet
from bkmonitor.pipeline import sources
from bkmonitor.probes.kept import without_secrets
from bkmonitor.probes.models import Probe


class LookSerializer(serializers.Serializer[Any]):
    """One look at the target; `up` is null where nothing can be said of it."""

    at = serializers.DateTimeField()
    up = serializers.BooleanField(allow_null=True)
    seconds = serializers.FloatField(allow_null=True)
    text = serializers.CharField()


class ProbeSerializer(OwnedSerializer):
    """A look at a target from outside, every so often."""

    labels = LabelsField()
    settings = serializers.DictField(
        required=False,
        help_text="The kind's own: method, headers, body, expected_status, keyword "
        "and others. The values of headers and the body may be secrets: they are "
        "answered as null, and null leaves what is stored as it is, as does leaving "
        "a setting out. An empty one is taken away. With a target on another scheme, "
        "host or port, secrets have to be given again or taken away.",
    )

    class Meta(OwnedSerializer.Meta):
        model = Probe
        fields = (
            "id", "space", "name", "kind", "target", "settings", "interval_s", "timeout_s",
            "severity", "trigger_count", "trigger_window", "recovery_window", "labels",
            "runbook_url", "enabled", "created_at", "next_run_at", "last_run_at", "state",
            "certificate_expires_at",
        )  # fmt: skip
        read_only_fields = (
            "created_at", "next_run_at", "last_run_at", "state", "certificate_expires_at",
        )  # fmt: skip

    def to_representation(self, instance: Probe) -> dict[str, Any]:
        """Show the settings without what may be a secret."""
        shown = super().to_representation(instance)
        return shown | {"settings": without_secrets(instance.settings)}


class ProbeDetailSerializer(ProbeSerializer):
    """A probe with its newest looks, oldest first."""

    looks = serializers.SerializerMethodField()

    class Meta(ProbeSerializer.Meta):
        fields = (*ProbeSerializer.Meta.fields, "looks")  # type: ignore[assignment]

    @extend_schema_field(LookSerializer(many=True))
    def get_looks(self, probe: Probe) -> Any:
        """Return the looks that ride on the row."""
        outcomes = {1: True, 0: False}
        looks = [
            {
                "at": datetime.fromtimestamp(at, UTC),
                "up": outcomes.get(outcome),
                "seconds": seconds,
                "text": text,
            }
            for at, outcome, seconds, text in (look[:4] for look in probe.results)
        ]
        return LookSerializer(looks, many=True).data


@extend_schema_view(
    list=extend_schema(
        parameters=[
            OpenApiParameter("space", description="Slug of a space."),
            OpenApiParameter("search", description="Part of the name or the target."),
            OpenApiParameter("kind", enum=Probe.Kind.values),
            OpenApiParameter("state", enum=Probe.State.values),
            OpenApiParameter("enabled", bool),
        ]
    ),
    retrieve=extend_schema(responses=ProbeDetailSerializer),
)
class ProbeViewSet(SavedViewSet):
    """Probes: looks at a target from outside."""

    queryset = Probe.objects.all()
    serializer_class = ProbeSerializer

    def get_queryset(self) -> models.QuerySet[Any]:
        """Leave the looks out of a list: they are most of a row."""
        rows = super().get_queryset()
        return rows if self.detail else rows.defer("results")

    def get_serializer_class(self) -> type[serializers.BaseSerializer[Any]]:
        """Show the looks of one probe, not of many."""
        return ProbeDetailSerializer if self.action == "retrieve" else ProbeSerializer

    def narrow(
        self, rows: models.QuerySet[Any], params: Mapping[str, str]
    ) -> models.QuerySet[Any]:
        """Filter by name or target, kind, state and switch."""
        if search := filters.text(params, "search"):
            named = models.Q(name__icontains=search)
            rows = rows.filter(named | models.Q(target__icontains=search))
        if kinds := filters.words(params, "kind", Probe.Kind.values):
            rows = rows.filter(kind__in=kinds)
        if states := filters.words(params, "state", Probe.State.values):
            rows = rows.filter(state__in=states)
        if (enabled := filters.flag(params, "enabled")) is not None:
            rows = rows.filter(enabled=enabled)
        return rows

    def save_row(self, space: Space, fields: Fields, row: Any | None) -> Any:
        """Save by the corridor's verb, which ends the alerts of a disabled one."""
        return sources.save_probe(
            space, fields, by=person(self.request), now=timezone.now(), probe=row
        )

    def remove_row(self, row: Any) -> None:
        """Remove the probe and end its alerts."""
        sources.remove(row, by=person(self.request), now=timezone.now())

    @extend_schema(request=None, responses=ProbeSerializer)
    @action(detail=True, methods=["post"])
    def enable(self, request: Request, pk: str) -> Response:
        """Look again."""
        return self._change({"enabled": True})

    @extend_schema(request=None, responses=ProbeSerializer)
    @action(detail=True, methods=["post"])
    def disable(self, request: Request, pk: str) -> Response:
        """Look no more; its alerts end."""
        return self._change({"enabled": False})

    @extend_schema(request=None, responses=ProbeSerializer)
    @action(detail=True, methods=["post"])
    def run(self, request: Request, pk: str) -> Response:
        """Look at once instead of at the next turn; the look itself comes later."""
        return self._change({})

    def _change(self, fields: Fields) -> Response:
        row = self.get_object()
        saved = self.save_row(row.space, fields, row)
        return Response(self.get_serializer(saved).data)
