"""REST: what a strategy would have done, before it is saved and after."""

import math
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from bkmonitor.accounts.models import Space
from bkmonitor.api.fields import LabelsField
from bkmonitor.api.viewsets import Fields, OwnedViewSet
from bkmonitor.evaluation.drawing import Drawn
from bkmonitor.evaluation.preview import Preview, preview
from bkmonitor.evaluation.telling import tell_not_replayed
from bkmonitor.lib.errors import InvalidInput, NotJudged
from bkmonitor.strategies.expressed import settle
from bkmonitor.strategies.models import DEFINING, Strategy

MOST_SERIES = 50
USUALLY = timedelta(hours=1)


class RangeSerializer(serializers.Serializer[Any]):
    """A stretch of time."""

    to = serializers.DateTimeField(required=False, help_text="Now.")

    def get_fields(self) -> dict[str, Any]:
        """Add `from`, which is no name in Python."""
        begin = serializers.DateTimeField(required=False, help_text="An hour before.")
        return {"from": begin, **super().get_fields()}


class SpanSerializer(serializers.Serializer[Any]):
    """One alert that there would have been."""

    start = serializers.IntegerField(help_text="Unix seconds.")
    end = serializers.IntegerField(allow_null=True, help_text="null: it is open.")
    severities = serializers.ListField(
        child=serializers.ListField(child=serializers.IntegerField()),
        help_text="[moment, severity] of the beginning and of every change.",
    )


class SeriesSerializer(serializers.Serializer[Any]):
    """One series; of a long time each value stands for several, as the worst does."""

    labels = LabelsField()
    values = serializers.ListField(child=serializers.FloatField(allow_null=True))
    severities = serializers.ListField(
        child=serializers.IntegerField(allow_null=True),
        help_text="What the detectors find of each value: 0 normal, 1 critical, "
        "2 warning, 3 info, null where they could not judge.",
    )
    value = serializers.FloatField(allow_null=True, help_text="The newest.")
    severity = serializers.IntegerField(help_text="Of the alert that is open; 0: none.")
    fired = serializers.IntegerField(help_text="How many alerts.")
    spans = SpanSerializer(many=True)


class SummarySerializer(serializers.Serializer[Any]):
    """All series and the whole time in a few numbers."""

    fired = serializers.IntegerField(help_text="How many alerts.")
    by_severity = serializers.DictField(
        child=serializers.IntegerField(), help_text="By the worst that each had."
    )
    median_s = serializers.FloatField(allow_null=True)
    longest_s = serializers.IntegerField(allow_null=True)
    flaps = serializers.IntegerField(
        help_text="Alerts that began soon after another of their series."
    )
    firing_now = serializers.IntegerField()
    series = serializers.IntegerField()
    ticks = serializers.IntegerField()
    normal = serializers.IntegerField(help_text="Points.")
    anomalous = serializers.IntegerField(help_text="Points.")
    unjudged = serializers.DictField(
        child=serializers.IntegerField(), help_text="Points, by the reason."
    )


class PreviewAnswerSerializer(serializers.Serializer[Any]):
    """What would have been. Where it failed, `reason` says what the store lacked."""

    outcome = serializers.ChoiceField(choices=["complete", "failed"])
    reason = serializers.CharField()
    times = serializers.ListField(
        child=serializers.IntegerField(), help_text="Unix seconds."
    )
    series = SeriesSerializer(
        many=True,
        help_text=f"The worst, at most {MOST_SERIES}; summary counts all that are judged.",
    )
    summary = SummarySerializer(allow_null=True)
    remarks = serializers.ListField(
        child=serializers.CharField(),
        help_text="What of the strategy is not part of it, in words.",
    )
    series_left_out = serializers.IntegerField(
        help_text="How many series there are besides: too many to judge in such a time."
    )


class PreviewActions(OwnedViewSet):
    """Replay a definition over the past."""

    @action(detail=False, methods=["post"])
    def preview(self, request: Request) -> Response:
        """Say what a definition would have done; nothing is saved.

        It takes what making a strategy takes, and may leave out what has a default.
        """
        space = self.space_of_request()
        serializer = self.get_serializer(data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        fields = {
            name: value
            for name, value in serializer.validated_data.items()
            if name != "space"
        }
        fields |= settle(fields, {})
        return Response(answer(space, fields, _range(request), now=timezone.now()))

    @extend_schema(request=RangeSerializer, responses=PreviewAnswerSerializer)
    @action(detail=True, methods=["post"])
    def backtest(self, request: Request, pk: str) -> Response:
        """Say what a strategy, as it is now, would have done."""
        row = self.get_object()
        more = {"kind": row.kind, "delay_s": row.delay_s, "no_data": row.no_data}
        fields = {**more, **row.definition}
        return Response(answer(row.space, fields, _range(request), now=timezone.now()))


def answer(
    space: Space, fields: Fields, asked: Fields, *, now: datetime
) -> dict[str, Any]:
    """Return the answer to a preview; InvalidInput for what makes no sense."""
    # The samples of the newest ticks may still be on their way.
    settled = now - timedelta(seconds=fields.get("delay_s", Strategy().delay_s))
    end = min(asked.get("to", settled), settled)
    start = asked.get("from", end - USUALLY)
    if start > end:
        sentence = _("must be before the end")
        raise InvalidInput(f"from: {sentence}", {"from": sentence})
    if fields.get("kind") == Strategy.Kind.COMPOSITE:
        sentence = _("a composite strategy has no series; replay its members")
        raise InvalidInput(f"kind: {sentence}", {"kind": sentence})
    own = {name: fields[name] for name in DEFINING if name in fields}
    try:
        found = preview(
            space.slug, own, start.timestamp(), end.timestamp(), shown=MOST_SERIES
        )
    except NotJudged as error:
        nothing: Fields = {
            "times": [],
            "series": [],
            "summary": None,
            "series_left_out": 0,
            "remarks": [],
        }
        return {"outcome": "failed", "reason": str(error), **nothing}
    remarks = tell_not_replayed(fields.get("no_data") or {})
    return {"outcome": "complete", "reason": "", **_as_json(found), "remarks": remarks}


def _range(request: Request) -> Fields:
    serializer = RangeSerializer(data=request.data)
    serializer.is_valid(raise_exception=True)
    found: Fields = serializer.validated_data
    return found


def _as_json(found: Preview) -> Mapping[str, Any]:
    return {
        "times": found.times.tolist(),
        "series": [_series(one) for one in found.series],
        "summary": asdict(found.summary),
        "series_left_out": found.left_out,
    }


def _series(one: Drawn) -> Mapping[str, Any]:
    return {
        "labels": dict(one.labels),
        "values": [_number(value) for value in one.values.tolist()],
        "severities": [None if mark < 0 else mark for mark in one.points.tolist()],
        "value": _number(one.now),
        "severity": one.severity,
        "fired": one.fired,
        "spans": [
            {"start": span.start, "end": span.end, "severities": span.severities}
            for span in one.spans
        ],
    }


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
