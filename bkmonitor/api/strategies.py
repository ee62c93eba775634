"""REST: strategies."""

from collections.abc import Mapping
from typing import Any

from django.db import models
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from bkmonitor.accounts.access import Role
from bkmonitor.accounts.models import Space
from bkmonitor.alerts.models import Severity
from bkmonitor.api import filters
from bkmonitor.api.activetime import ActiveTimeField
from bkmonitor.api.auth import person
from bkmonitor.api.composite import CompositeSerializer
from bkmonitor.api.fields import LabelsField
from bkmonitor.api.gallery import GalleryActions
from bkmonitor.api.previews import (
    PreviewActions,
    PreviewAnswerSerializer,
    RangeSerializer,
)
from bkmonitor.api.revisions import HistoryViewSet
from bkmonitor.api.rule_files import RuleFileActions
from bkmonitor.api.viewsets import Fields, OwnedSerializer
from bkmonitor.pipeline import sources
from bkmonitor.strategies.models import Strategy


class TriggerSerializer(serializers.Serializer[Any]):
    """How many anomalous points of how many fire, and how many windows end it."""

    count = serializers.IntegerField(min_value=1, max_value=1000)
    window = serializers.IntegerField(min_value=1, max_value=1000)
    recovery = serializers.IntegerField(min_value=1, max_value=1000)


class LevelSerializer(serializers.Serializer[Any]):
    """When a series has a problem of one severity."""

    severity = serializers.ChoiceField(choices=Severity.choices)
    detectors = serializers.ListField(
        child=serializers.DictField(),
        allow_empty=False,
        help_text="Each a kind and its parameters; see docs/strategies.md.",
    )
    match = serializers.ChoiceField(choices=["all", "any"], required=False)
    expression = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=10_000,
        help_text="PromQL of this level alone; else the strategy's.",
    )
    trigger = TriggerSerializer(required=False)
    over_when = serializers.ListField(
        child=serializers.ListField(child=serializers.DictField()),
        required=False,
        help_text="Conditions on the value for the problem to end, OR of AND.",
    )


class StrategySerializer(OwnedSerializer):
    """What is watched: one PromQL expression, and what of it is a problem.

    A strategy of the kind composite has conditions over others' alerts instead.
    """

    query = serializers.DictField(
        required=False,
        allow_null=True,
        help_text="What the expression is built from: docs/strategies.md, Queries. "
        "Whichever of the two is changed decides.",
    )
    levels = LevelSerializer(many=True, required=False)
    composite = CompositeSerializer(required=False, allow_null=True)
    labels = LabelsField()
    active_time = ActiveTimeField(
        required=False,
        allow_null=True,
        help_text="When people are told; null is always.",
    )
    created_by = serializers.CharField(read_only=True, allow_null=True)

    class Meta(OwnedSerializer.Meta):
        model = Strategy
        fields = (
            "id", "space", "name", "enabled", "kind", "composite", "query", "expression", "unit", "filters", "interval_s",
            "levels", "trigger_count", "trigger_window", "recovery_window", "delay_s", "late_periods",
            "flap_count", "flap_window_s", "no_data", "active_time", "labels", "summary",
            "description", "runbook_url", "created_by", "created_at", "updated_at",
            "last_tick_at", "judged_at", "outcome", "outcome_reason", "failing_since",
            "series_count", "counts", "skipped_ticks", "skipped_until",
        )  # fmt: skip
        read_only_fields = (
            "filters", "created_at", "updated_at", "last_tick_at", "judged_at", "outcome",
            "outcome_reason", "failing_since", "series_count", "counts", "skipped_ticks",
            "skipped_until",
        )  # fmt: skip


class PreviewSerializer(StrategySerializer):
    """A definition, saved or not, and the time to replay it over."""

    def get_fields(self) -> dict[str, Any]:
        """Ask for nothing that has a default, and for the time."""
        fields = {
            name: field
            for name, field in super().get_fields().items()
            if not field.read_only
        }
        for field in fields.values():
            field.required = False
        return {**fields, **RangeSerializer().get_fields()}


@extend_schema_view(
    preview=extend_schema(request=PreviewSerializer, responses=PreviewAnswerSerializer),
    use_template=extend_schema(responses={201: StrategySerializer}),
    list=extend_schema(
        parameters=[
            OpenApiParameter("space", description="Slug of a space."),
            OpenApiParameter("search", description="Part of the name."),
            OpenApiParameter("enabled", bool),
            OpenApiParameter("kind", enum=Strategy.Kind.values),
            OpenApiParameter("outcome", enum=Strategy.Outcome.values),
        ]
    ),
)
class StrategyViewSet(GalleryActions, RuleFileActions, PreviewActions, HistoryViewSet):
    """Strategies: what is watched in the metrics."""

    queryset = Strategy.objects.select_related("created_by")
    serializer_class = StrategySerializer
    roles = {"preview": Role.VIEWER, "backtest": Role.VIEWER}

    def narrow(
        self, rows: models.QuerySet[Any], params: Mapping[str, str]
    ) -> models.QuerySet[Any]:
        """Filter by name, switch, kind and outcome."""
        if search := filters.text(params, "search"):
            rows = rows.filter(name__icontains=search)
        if (enabled := filters.flag(params, "enabled")) is not None:
            rows = rows.filter(enabled=enabled)
        if kind := filters.words(params, "kind", Strategy.Kind.values):
            rows = rows.filter(kind__in=kind)
        if outcome := filters.words(params, "outcome", Strategy.Outcome.values):
            rows = rows.filter(outcome__in=outcome)
        return rows

    def save_row(self, space: Space, fields: Fields, row: Any | None) -> Any:
        """Save by the corridor's verb, which ends the alerts of a disabled one."""
        return sources.save_strategy(
            space,
            fields,
            by=person(self.request),
            now=timezone.now(),
            strategy=row,
        )

    def remove_row(self, row: Any) -> None:
        """Remove the strategy and end its alerts."""
        sources.remove(row, by=person(self.request), now=timezone.now())

    @extend_schema(request=None, responses=StrategySerializer)
    @action(detail=True, methods=["post"])
    def enable(self, request: Request, pk: str) -> Response:
        """Evaluate it again."""
        return self._switch(enabled=True)

    @extend_schema(request=None, responses=StrategySerializer)
    @action(detail=True, methods=["post"])
    def disable(self, request: Request, pk: str) -> Response:
        """Evaluate it no more; its alerts end."""
        return self._switch(enabled=False)

    def _switch(self, *, enabled: bool) -> Response:
        row = self.get_object()
        saved = self.save_row(row.space, {"enabled": enabled}, row)
        return Response(self.get_serializer(saved).data)
