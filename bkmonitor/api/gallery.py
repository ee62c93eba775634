"""REST: ready strategies, and one made of them."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from bkmonitor.api.auth import person
from bkmonitor.api.viewsets import OwnedViewSet
from bkmonitor.pipeline.gallery import sent_metrics, use_template
from bkmonitor.strategies.gallery.catalogue import SUBJECTS, find_template
from bkmonitor.strategies.gallery.template import Subject, Template

KEY = r"gallery/(?P<key>[a-z0-9-]{1,60})/apply"


class TemplateSerializer(serializers.Serializer[Any]):
    """A ready strategy, and whether it would judge something in a space now."""

    key = serializers.CharField()
    subject = serializers.CharField()
    title = serializers.CharField(help_text="In the reader's language.")
    about = serializers.CharField(help_text="In the reader's language.")
    sender = serializers.CharField(help_text="The program that sends its metrics.")
    metrics = serializers.ListField(child=serializers.CharField())
    missing = serializers.ListField(
        child=serializers.CharField(),
        allow_null=True,
        help_text="Which of the metrics have no samples in the space; null when the "
        "store does not answer.",
    )
    strategy = serializers.DictField(help_text="What is saved when it is applied.")


class ApplySerializer(serializers.Serializer[Any]):
    """Where the strategy is made."""

    space = serializers.CharField(required=False)


class GalleryActions(OwnedViewSet):
    """Ready strategies."""

    @extend_schema(
        parameters=[OpenApiParameter("space", description="Slug of the space.")],
        responses=TemplateSerializer(many=True),
        filters=False,
    )
    @action(detail=False, methods=["get"], pagination_class=None)
    def gallery(self, request: Request) -> Response:
        """List all templates, by what they watch."""
        sent = sent_metrics(self.space_of_request(), now=timezone.now())
        return Response(
            [
                _told(subject, template, sent)
                for subject in SUBJECTS
                for template in subject.templates
            ]
        )

    @extend_schema(request=ApplySerializer)
    @action(detail=False, methods=["post"], url_path=KEY)
    def use_template(self, request: Request, key: str) -> Response:
        """Make a strategy of a template; the second of a name is its “Name (2)”."""
        space = self.space_of_request()
        made = use_template(
            find_template(key), space, by=person(request), now=timezone.now()
        )
        answer = self.get_serializer(made).data
        return Response(answer, status=status.HTTP_201_CREATED)


def _told(
    subject: Subject, template: Template, sent: frozenset[str] | None
) -> dict[str, Any]:
    return {
        "key": template.key,
        "subject": subject.key,
        "title": _(template.title),
        "about": _(template.about),
        "sender": subject.sender,
        "metrics": sorted(template.metrics),
        "missing": None if sent is None else sorted(template.metrics - sent),
        "strategy": template.fields,
    }
