"""REST: alerts."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import models
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from bkmonitor.accounts.access import Role
from bkmonitor.alerts import services
from bkmonitor.alerts.models import Alert, AlertQuerySet, Severity, SourceKind
from bkmonitor.api import filters
from bkmonitor.api.auth import person
from bkmonitor.api.fields import LabelsField, SentenceSerializer
from bkmonitor.api.viewsets import OwnedSerializer, ReadViewSet
from bkmonitor.lib.errors import InvalidInput
from bkmonitor.lib.labels import LABEL_NAME
from bkmonitor.routing.timeline import entry_of_note, timeline_of

SEVERITY = {severity.name.lower(): severity.value for severity in Severity}


class AlertSerializer(OwnedSerializer):
    """A problem on one series, from its start to its end."""

    labels = LabelsField(read_only=True, help_text="Which series it is about.")
    sentence = SentenceSerializer(read_only=True)
    # Not a URLField, which would promise one: most alerts have none.
    runbook_url = serializers.CharField(read_only=True)
    acked_by = serializers.CharField(read_only=True, allow_null=True)
    severity_name = serializers.SerializerMethodField()
    muted_until = serializers.SerializerMethodField(
        help_text="Outside its active time: nobody is told before. Null if it is not muted."
    )

    class Meta(OwnedSerializer.Meta):
        model = Alert
        fields = (
            "id", "space", "source_kind", "source_id", "source_name", "labels", "fingerprint",
            "severity", "severity_name", "state", "value", "sentence", "summary", "description",
            "runbook_url", "started_at", "ended_at", "end_reason", "missing_since",
            "acked_at", "acked_by", "muted_until",
        )  # fmt: skip
        read_only_fields = fields

    def get_severity_name(self, alert: Alert) -> str:
        """Return the severity as a word."""
        return Severity(alert.severity).name.lower()

    def get_muted_until(self, alert: Alert) -> datetime | None:
        """Return when active time begins again."""
        group = getattr(alert, "group", None)
        muted = group is not None and alert.state == Alert.State.FIRING
        return group.muted_until if group and muted else None


class EntrySerializer(serializers.Serializer[Any]):
    """One thing that happened to an alert; which fields say something depends on the kind."""

    at = serializers.DateTimeField()
    kind = serializers.CharField()
    severity = serializers.IntegerField(allow_null=True)
    value = serializers.FloatField(allow_null=True)
    sentence = serializers.DictField()
    by = serializers.CharField()
    text = serializers.CharField()
    to = serializers.CharField()
    channel = serializers.CharField()
    reason = serializers.CharField()
    state = serializers.CharField()


class CommentSerializer(serializers.Serializer[Any]):
    """Words for the timeline."""

    text = serializers.CharField(max_length=10_000)


@extend_schema_view(
    list=extend_schema(
        parameters=[
            OpenApiParameter("space", description="Slug of a space."),
            OpenApiParameter(
                "state", description="firing, resolved; several by commas."
            ),
            OpenApiParameter(
                "severity", description="critical, warning, info; several by commas."
            ),
            OpenApiParameter("acknowledged", bool),
            OpenApiParameter(
                "source",
                description="strategy, probe, heartbeat, external; or strategy:7.",
            ),
            OpenApiParameter(
                "label",
                many=True,
                description="name=value; may be given more than once, all have to hold.",
            ),
            OpenApiParameter(
                "search", description="Words of the name, the summary or the labels."
            ),
        ]
    )
)
class AlertViewSet(ReadViewSet):
    """Alerts. They are changed by verbs, never by writing fields."""

    queryset = Alert.objects.select_related("acked_by", "group")
    serializer_class = AlertSerializer
    ordering = ("-started_at", "-pk")
    writes = Role.RESPONDER

    def narrow(
        self, rows: models.QuerySet[Any], params: Mapping[str, str]
    ) -> models.QuerySet[Any]:
        """Filter by state, severity, acknowledgement, source, labels and words."""
        if states := filters.words(params, "state", Alert.State.values):
            rows = rows.filter(state__in=states)
        if names := filters.words(params, "severity", SEVERITY):
            rows = rows.filter(severity__in=[SEVERITY[name] for name in names])
        if (acknowledged := filters.flag(params, "acknowledged")) is not None:
            rows = rows.filter(acked_at__isnull=not acknowledged)
        assert isinstance(rows, AlertQuerySet)  # noqa: S101
        rows = _of_source(rows, filters.text(params, "source"))
        return _with_labels(rows, params).search(filters.text(params, "search"))

    @extend_schema(responses=EntrySerializer(many=True))
    @action(detail=True, pagination_class=None)
    def timeline(self, request: Request, pk: str) -> Response:
        """List what happened to the alert, oldest first; of messages the newest 200."""
        entries = timeline_of(self.get_object())
        return Response(EntrySerializer(entries, many=True).data)

    @extend_schema(request=None, responses=AlertSerializer)
    @action(detail=True, methods=["post"])
    def acknowledge(self, request: Request, pk: str) -> Response:
        """Take the alert; 409 if it is over or somebody has it."""
        alert = services.acknowledge(
            self.get_object(), by=person(request), at=timezone.now()
        )
        return Response(self.get_serializer(alert).data)

    @extend_schema(request=None, responses=AlertSerializer)
    @action(detail=True, methods=["post"])
    def unacknowledge(self, request: Request, pk: str) -> Response:
        """Give the alert back; 409 if it is over or nobody has it."""
        alert = services.unacknowledge(
            self.get_object(), by=person(request), at=timezone.now()
        )
        return Response(self.get_serializer(alert).data)

    @extend_schema(request=CommentSerializer, responses={201: EntrySerializer})
    @action(detail=True, methods=["post"])
    def comment(self, request: Request, pk: str) -> Response:
        """Add words to the timeline."""
        alert = self.get_object()
        serializer = CommentSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        note = services.comment(
            alert,
            by=person(request),
            at=timezone.now(),
            text=serializer.validated_data["text"],
        )
        return Response(EntrySerializer(entry_of_note(note)).data, status=201)


def _of_source(rows: AlertQuerySet, source: str) -> AlertQuerySet:
    if not source:
        return rows
    kind, _colon, source_id = source.partition(":")
    filters.words({"source": kind}, "source", SourceKind.values)
    if not source_id:
        return rows.filter(source_kind=kind)
    pk = filters.number({"source": source_id}, "source")
    return rows.filter(source_kind=kind, source_id=pk)


def _with_labels(rows: AlertQuerySet, params: Mapping[str, str]) -> AlertQuerySet:
    asked = params.getlist("label") if isinstance(params, QueryDict) else []
    for pair in asked:
        name, equals, value = filters.text({"label": pair}, "label").partition("=")
        if not equals or not LABEL_NAME.match(name):
            sentence = _("must be name=value")
            raise InvalidInput(f"label: {sentence}", {"label": sentence})
        rows = rows.with_label(name, value)
    return rows
