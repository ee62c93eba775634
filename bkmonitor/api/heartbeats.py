"""REST: heartbeats."""

from collections.abc import Mapping
from typing import Any

from django.db import models
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from bkmonitor.accounts.access import ORDER, Role, allows, role_in
from bkmonitor.accounts.installation import public_url
from bkmonitor.accounts.models import ApiToken, Member, Space
from bkmonitor.api import filters
from bkmonitor.api.auth import person
from bkmonitor.api.fields import LabelsField
from bkmonitor.api.viewsets import Fields, OwnedSerializer, SavedViewSet
from bkmonitor.pipeline import sources
from bkmonitor.probes.models import Heartbeat, Ping

MOST_PINGS = 100


class HeartbeatSerializer(OwnedSerializer):
    """Waits for a sign of life every `period_s`, and gives it `grace_s` more."""

    labels = LabelsField()
    ping_url = serializers.SerializerMethodField(
        help_text="Where the signs of life go. Whoever knows it can send one, so it "
        "is null for those who may not change the heartbeat."
    )

    class Meta(OwnedSerializer.Meta):
        model = Heartbeat
        fields = (
            "id", "space", "name", "ping_url", "period_s", "grace_s", "severity", "labels",
            "runbook_url", "enabled", "created_at", "state", "last_ping_at", "last_start_at",
            "last_duration_s", "last_failed", "last_exit_status", "deadline_at",
        )  # fmt: skip
        read_only_fields = (
            "created_at", "state", "last_ping_at", "last_start_at", "last_duration_s",
            "last_failed", "last_exit_status", "deadline_at",
        )  # fmt: skip

    def get_ping_url(self, heartbeat: Heartbeat) -> str | None:
        """Return the address for who may change the heartbeat."""
        if heartbeat.space_id not in self.context["editable"]:
            return None
        return f"{self.context['base']}/ping/{heartbeat.uuid}"


class PingSerializer(serializers.ModelSerializer[Ping]):
    """One sign of life that came in."""

    class Meta:
        model = Ping
        fields = (
            "id", "at", "kind", "exit_status", "duration_s", "method", "remote_address",
            "user_agent", "run_id", "body",
        )  # fmt: skip


@extend_schema_view(
    list=extend_schema(
        parameters=[
            OpenApiParameter("space", description="Slug of a space."),
            OpenApiParameter("search", description="Part of the name."),
            OpenApiParameter("state", enum=Heartbeat.State.values),
            OpenApiParameter("enabled", bool),
        ]
    )
)
class HeartbeatViewSet(SavedViewSet):
    """Heartbeats: they wait for a sign of life, and miss it."""

    queryset = Heartbeat.objects.all()
    serializer_class = HeartbeatSerializer

    def get_serializer_context(self) -> dict[str, Any]:
        """Add in which spaces the addresses may be told, and how they begin."""
        context = dict(super().get_serializer_context())
        if getattr(self, "swagger_fake_view", False):
            return context
        return context | {"editable": self._editable(), "base": public_url()}

    def narrow(
        self, rows: models.QuerySet[Any], params: Mapping[str, str]
    ) -> models.QuerySet[Any]:
        """Filter by name, state and switch."""
        if search := filters.text(params, "search"):
            rows = rows.filter(name__icontains=search)
        if states := filters.words(params, "state", Heartbeat.State.values):
            rows = rows.filter(state__in=states)
        if (enabled := filters.flag(params, "enabled")) is not None:
            rows = rows.filter(enabled=enabled)
        return rows

    def save_row(self, space: Space, fields: Fields, row: Any | None) -> Any:
        """Save by the corridor's verb, which ends the alerts of a disabled one."""
        return sources.save_heartbeat(
            space, fields, by=person(self.request), now=timezone.now(), heartbeat=row
        )

    def remove_row(self, row: Any) -> None:
        """Remove the heartbeat and end its alerts."""
        sources.remove(row, by=person(self.request), now=timezone.now())

    @extend_schema(request=None, responses=HeartbeatSerializer)
    @action(detail=True, methods=["post"])
    def enable(self, request: Request, pk: str) -> Response:
        """Wait again."""
        return self._switch(enabled=True)

    @extend_schema(request=None, responses=HeartbeatSerializer)
    @action(detail=True, methods=["post"])
    def disable(self, request: Request, pk: str) -> Response:
        """Wait no more; its alerts end."""
        return self._switch(enabled=False)

    @extend_schema(responses=PingSerializer(many=True))
    @action(detail=True, pagination_class=None)
    def pings(self, request: Request, pk: str) -> Response:
        """List the newest hundred signs of life, the newest first."""
        newest = self.get_object().pings.order_by("-at", "-pk")[:MOST_PINGS]
        return Response(PingSerializer(newest, many=True).data)

    def _switch(self, *, enabled: bool) -> Response:
        row = self.get_object()
        saved = self.save_row(row.space, {"enabled": enabled}, row)
        return Response(self.get_serializer(saved).data)

    def _editable(self) -> set[int]:
        if isinstance(self.who, ApiToken):
            space_id = self.who.space_id
            return (
                {space_id}
                if allows(role_in(self.who, space_id), Role.EDITOR)
                else set()
            )
        enough = ORDER[ORDER.index(Role.EDITOR) :]
        mine = Member.objects.filter(user=self.who, role__in=enough)
        return set(mine.values_list("space_id", flat=True))
