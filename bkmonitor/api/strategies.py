"""REST: strategies."""

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _
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
from bkmonitor.api.revisions import HistoryViewSet
from bkmonitor.api.rule_files import RuleFileActions
from bkmonitor.api.viewsets import Fields, OwnedSerializer
from bkmonitor.detection.port import View
from bkmonitor.evaluation.judgement import judge
from bkmonitor.lib.errors import InvalidInput
from bkmonitor.lib.frame import Frame, Severities
from bkmonitor.metrics.query import query_range
from bkmonitor.pipeline import sources
from bkmonitor.strategies.definition import parse_definition
from bkmonitor.strategies.models import Strategy
from bkmonitor.strategies.promql import check_expression

MOST_POINTS = 1000
MOST_SERIES = 50


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


class PreviewSerializer(serializers.Serializer[Any]):
    """What to show: an expression over a stretch of time, with its limits."""

    space = serializers.CharField(required=False)
    expression = serializers.CharField(max_length=10_000)
    levels = LevelSerializer(many=True, required=False)
    start = serializers.DateTimeField(required=False, help_text="An hour ago.")
    end = serializers.DateTimeField(required=False, help_text="Now.")
    step_s = serializers.IntegerField(required=False, min_value=1, max_value=86400)


class PreviewSeriesSerializer(serializers.Serializer[Any]):
    """One series: its values, null for gaps, and the severity of each."""

    labels = LabelsField()
    values = serializers.ListField(child=serializers.FloatField(allow_null=True))
    severities = serializers.ListField(
        child=serializers.IntegerField(allow_null=True),
        help_text="0 normal, 1 critical, 2 warning, 3 info, null for a gap.",
    )


class PreviewAnswerSerializer(serializers.Serializer[Any]):
    """What the expression gives. Unless complete, `reason` says what is missing."""

    outcome = serializers.ChoiceField(choices=["complete", "partial", "failed"])
    reason = serializers.CharField()
    times = serializers.ListField(
        child=serializers.IntegerField(), help_text="Unix seconds."
    )
    series = PreviewSeriesSerializer(many=True)
    series_count = serializers.IntegerField(
        help_text=f"How many there are; {MOST_SERIES} are shown."
    )


@extend_schema_view(
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
class StrategyViewSet(GalleryActions, RuleFileActions, HistoryViewSet):
    """Strategies: what is watched in the metrics."""

    queryset = Strategy.objects.select_related("created_by")
    serializer_class = StrategySerializer
    roles = {"preview": Role.VIEWER}

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

    @extend_schema(request=PreviewSerializer, responses=PreviewAnswerSerializer)
    @action(detail=False, methods=["post"])
    def preview(self, request: Request) -> Response:
        """Show what an expression gives over a range, and what of it is a problem."""
        space = self.space_of_request()
        serializer = PreviewSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return Response(preview(space, serializer.validated_data, now=timezone.now()))

    def _switch(self, *, enabled: bool) -> Response:
        row = self.get_object()
        saved = self.save_row(row.space, {"enabled": enabled}, row)
        return Response(self.get_serializer(saved).data)


def preview(space: Space, asked: Fields, *, now: datetime) -> dict[str, Any]:
    """Return the answer to a preview; InvalidInput for what makes no sense."""
    check_expression(asked["expression"])
    end = asked.get("end") or now
    start = asked.get("start") or end - timedelta(hours=1)
    span_s = (end - start).total_seconds()
    if span_s <= 0:
        sentence = _("must be before the end")
        raise InvalidInput(f"start: {sentence}", {"start": sentence})
    step_s = max(asked.get("step_s", 15), math.ceil(span_s / MOST_POINTS))
    result = query_range(
        space.slug, asked["expression"], start.timestamp(), end.timestamp(), step_s
    )
    answer = {"outcome": result.outcome, "reason": result.reason}
    if result.frame is None:
        return answer | {"times": [], "series": [], "series_count": 0}
    frame = result.frame
    shown = Frame(frame.times, frame.values[:MOST_SERIES], frame.labels[:MOST_SERIES])
    marks = _judged(shown, asked["expression"], asked.get("levels", []))
    return answer | {
        "times": shown.times.tolist(),
        "series": [
            {
                "labels": dict(labels),
                "values": [v if math.isfinite(v) else None for v in values],
                "severities": [None if mark < 0 else mark for mark in row],
            }
            for labels, values, row in zip(
                shown.labels, shown.values.tolist(), marks.tolist(), strict=True
            )
        ],
        "series_count": len(frame.labels),
    }


def _judged(frame: Frame, expression: str, levels: list[Fields]) -> Severities:
    """Return what each point is found to be by itself."""
    if not levels:
        gaps = np.isnan(frame.values)
        return np.where(gaps, -1, 0).astype(np.int8)
    fields = {"expression": expression, "interval_s": 60, "levels": levels}
    times = np.arange(len(frame.times), dtype=np.int64)
    view = View(times, frame.labels, 1, times, frame.values)
    return judge(parse_definition(fields), {expression: view}, 1).points()
