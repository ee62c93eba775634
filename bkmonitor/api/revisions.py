"""REST: the history of strategies."""

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from bkmonitor.accounts.access import require
from bkmonitor.api.auth import person
from bkmonitor.api.viewsets import SavedViewSet
from bkmonitor.pipeline import sources
from bkmonitor.strategies.models import StrategyRevision
from bkmonitor.strategies.revisions import deleted, history_of


class RevisionSerializer(serializers.ModelSerializer[StrategyRevision]):
    """What a strategy was from one change to the next, and who made the change."""

    strategy = serializers.IntegerField(source="strategy_id", read_only=True)
    space = serializers.CharField(source="space.slug", read_only=True)
    by = serializers.CharField(
        read_only=True, allow_null=True, help_text="null for a program."
    )
    changed = serializers.ListField(
        child=serializers.CharField(),
        read_only=True,
        help_text="The fields that differ from the revision before.",
    )
    definition = serializers.DictField(
        read_only=True, help_text="All fields as they were stored."
    )

    class Meta:
        model = StrategyRevision
        fields = (
            "strategy", "space", "number", "kind", "restored_from", "at", "by", "changed",
            "definition",
        )  # fmt: skip
        read_only_fields = fields


class HistoryViewSet(SavedViewSet):
    """What strategies were, those that are deleted too, and the way back."""

    ordering: tuple[str, ...] = ("name", "pk")

    @extend_schema(responses=RevisionSerializer(many=True))
    @action(detail=True, serializer_class=RevisionSerializer, ordering=("-number",))
    def revisions(self, request: Request, pk: str) -> Response:
        """List what the strategy was, the newest first; one that is deleted too."""
        return self._listed(self._history())

    @extend_schema(request=None)
    @action(
        detail=True,
        methods=["post"],
        url_path=r"revisions/(?P<number>[0-9]{1,9})/restore",
    )
    def restore(self, request: Request, pk: str, number: str) -> Response:
        """Make the strategy again what it was; a deleted one comes back under its id."""
        revision = get_object_or_404(self._history(), number=number)
        restored = sources.restore_strategy(
            revision, by=person(request), now=timezone.now()
        )
        return Response(self.get_serializer(restored).data)

    @extend_schema(responses=RevisionSerializer(many=True))
    @action(detail=False, serializer_class=RevisionSerializer, ordering=("-at", "-pk"))
    def deleted(self, request: Request) -> Response:
        """List the last revision of each strategy that was deleted, the newest first."""
        return self._listed(self._in_spaces(deleted(self.who)))

    def _history(self) -> QuerySet[StrategyRevision]:
        rows = history_of(int(self.kwargs["pk"]), self.who)
        newest = rows.first()
        if newest is None:
            self.get_object()
        else:
            require(self.who, newest.space_id, self.needed)
        return rows

    def _listed(self, rows: QuerySet[Any]) -> Response:
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(self.get_serializer(page, many=True).data)
