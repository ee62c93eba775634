"""REST: rule files of Prometheus and vmalert."""

from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from bkmonitor.api.auth import person
from bkmonitor.api.viewsets import OwnedViewSet
from bkmonitor.ascode.importing import (
    Action,
    Step,
    carry_out,
    count_actions,
    plan_import,
)
from bkmonitor.ascode.rule_writer import YAML, write_rule_file
from bkmonitor.strategies.models import Strategy


class ImportSerializer(serializers.Serializer[Any]):
    """A rule file, and whether it is only to be looked at."""

    space = serializers.CharField(required=False)
    file = serializers.CharField(
        default="rules.yml", max_length=200, help_text="Its name, for the report."
    )
    text = serializers.CharField(trim_whitespace=False, help_text="What stands in it.")
    dry_run = serializers.BooleanField(default=False)


class PlaceSerializer(serializers.Serializer[Any]):
    """Where a rule stands."""

    file = serializers.CharField()
    group = serializers.CharField()
    rule = serializers.CharField()
    line = serializers.IntegerField()


class StepSerializer(serializers.Serializer[Any]):
    """What became of a rule, or of several that are levels of one strategy."""

    action = serializers.ChoiceField(choices=[each.value for each in Action])
    strategy = serializers.CharField()
    rules = PlaceSerializer(many=True)
    changed = serializers.ListField(
        child=serializers.CharField(), help_text="Fields of a strategy that was there."
    )
    notes = serializers.ListField(
        child=serializers.CharField(),
        help_text="Why it is refused, or what is not to the letter as in the file.",
    )


class ImportAnswerSerializer(serializers.Serializer[Any]):
    """What became of every rule of a file."""

    dry_run = serializers.BooleanField()
    counts = serializers.DictField(child=serializers.IntegerField())
    steps = StepSerializer(many=True)


class YamlErrors(JSONRenderer):
    """Errors for who accepts YAML alone: JSON is that too."""

    media_type = YAML
    format = "yaml"


class RuleFileActions(OwnedViewSet):
    """Strategies from rule files, and to them."""

    @extend_schema(request=ImportSerializer, responses=ImportAnswerSerializer)
    @action(detail=False, methods=["post"], url_path="import")
    def import_rules(self, request: Request) -> Response:
        """Make or change a strategy for each alerting rule; all of them, or none."""
        space = self.space_of_request()
        serializer = ImportSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        asked = serializer.validated_data
        steps = plan_import(space, {asked["file"]: asked["text"]})
        if not asked["dry_run"]:
            carry_out(space, steps, by=person(request), now=timezone.now())
        answer = {
            "dry_run": asked["dry_run"],
            "counts": count_actions(steps),
            "steps": [_step(step) for step in steps],
        }
        return Response(ImportAnswerSerializer(answer).data)

    @extend_schema(
        parameters=[OpenApiParameter("space", description="Slug of the space.")],
        responses={(200, YAML): OpenApiTypes.STR},
    )
    @action(
        detail=False,
        methods=["get"],
        url_path="export",
        renderer_classes=[JSONRenderer, YamlErrors],
    )
    def export_rules(self, request: Request) -> HttpResponse:
        """Answer a space's strategies as a rule file of Prometheus."""
        space = self.space_of_request()
        strategies = Strategy.objects.filter(space=space).order_by("name")
        return HttpResponse(write_rule_file(strategies), content_type=YAML)


def _step(step: Step) -> dict[str, Any]:
    return {
        "action": step.action,
        "strategy": step.name,
        "rules": step.places,
        "changed": list(step.before),
        "notes": step.notes,
    }
