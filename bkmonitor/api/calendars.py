"""REST: calendars and what is written in them."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db import models
from django.db.models import Count
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from bkmonitor.accounts.models import Space
from bkmonitor.api import filters
from bkmonitor.api.viewsets import ID, Fields, OwnedSerializer, SavedViewSet
from bkmonitor.calendars import services
from bkmonitor.calendars.models import Calendar, CalendarItem
from bkmonitor.calendars.series import Scope
from bkmonitor.lib.errors import InvalidInput
from bkmonitor.lib.spans import Span
from bkmonitor.lib.wallclock import write_wall
from bkmonitor.pipeline import calendars

LONGEST_SPAN = timedelta(days=400)
USUAL_SPAN = timedelta(days=31)


class CalendarSerializer(OwnedSerializer):
    """Days or hours that belong together; strategies' active time goes by them."""

    item_count = serializers.IntegerField(read_only=True, default=0)

    class Meta(OwnedSerializer.Meta):
        model = Calendar
        fields = (
            "id", "space", "name", "description", "item_count", "created_at", "updated_at",
        )  # fmt: skip
        read_only_fields = ("created_at", "updated_at")


class ItemSerializer(serializers.ModelSerializer[CalendarItem]):
    """From `start` to before `end` on the wall of `time_zone`, and again by `rule`."""

    start = serializers.CharField(
        help_text="What the clock on the wall shows, such as 2026-12-24T18:00."
    )
    end = serializers.CharField(help_text="The same; at most 366 days after the start.")
    time_zone = serializers.CharField(
        required=False,
        help_text="A name of the IANA database; the space's if left out.",
    )
    rule = serializers.CharField(
        required=False,
        allow_blank=True,
        help_text="An RRULE of RFC 5545, by the day or longer: FREQ=WEEKLY;BYDAY=MO.",
    )
    exceptions = serializers.ListField(
        child=serializers.CharField(),
        required=False,
        help_text="Starts that the rule gives and that are left out.",
    )

    class Meta:
        model = CalendarItem
        fields: tuple[str, ...] = (
            "id",
            "name",
            "start",
            "end",
            "time_zone",
            "rule",
            "exceptions",
            "uid",
        )
        read_only_fields = ("uid",)


class ItemChangeSerializer(ItemSerializer):
    """What becomes of an item, or of some of its times.

    With `occurrence` the fields are those of the time that begins then, and `scope`
    says which others change with it. Without, they are those of the item itself.
    """

    occurrence = serializers.CharField(required=False)
    scope = serializers.ChoiceField(choices=Scope.choices, required=False)

    class Meta(ItemSerializer.Meta):
        fields = (*ItemSerializer.Meta.fields, "occurrence", "scope")


class FileSerializer(serializers.Serializer[Any]):
    """An .ics file. `time_zone`, or the space's, is that of times that name none."""

    ics = serializers.CharField()
    time_zone = serializers.CharField(required=False, allow_blank=True)


class SkippedSerializer(serializers.Serializer[Any]):
    """An event that could not be taken, and why."""

    name = serializers.CharField()
    reason = serializers.CharField()


class ImportedSerializer(serializers.Serializer[Any]):
    """How many items came of a file, and which of its events did not."""

    items = serializers.IntegerField()
    skipped = SkippedSerializer(many=True)


class OccurrenceSerializer(serializers.Serializer[Any]):
    """One time that an item is on. Its `occurrence` names it when it is changed."""

    item = serializers.IntegerField(source="item.pk")
    name = serializers.CharField(source="item.name")
    occurrence = serializers.SerializerMethodField()
    start_at = serializers.DateTimeField(source="span.start")
    end_at = serializers.DateTimeField(source="span.end")

    def get_occurrence(self, found: services.Occurrence) -> str:
        """Return its start on the wall."""
        return write_wall(found.start)


@extend_schema_view(
    list=extend_schema(
        parameters=[
            OpenApiParameter("space", description="Slug of a space."),
            OpenApiParameter("search", description="Part of the name."),
        ]
    )
)
class CalendarViewSet(SavedViewSet):
    """Calendars: days on and days off."""

    queryset = Calendar.objects.annotate(item_count=Count("items"))
    serializer_class = CalendarSerializer

    def narrow(
        self, rows: models.QuerySet[Any], params: Mapping[str, str]
    ) -> models.QuerySet[Any]:
        """Filter by name."""
        if search := filters.text(params, "search"):
            rows = rows.filter(name__icontains=search)
        return rows

    def save_row(self, space: Space, fields: Fields, row: Any | None) -> Any:
        """Save the calendar's name and description."""
        return services.save_calendar(space, fields, calendar=row)

    def remove_row(self, row: Any) -> None:
        """Remove the calendar; 409 while strategies go by it."""
        calendars.remove(row)

    @extend_schema(
        methods=["GET"],
        responses=ItemSerializer(many=True),
        operation_id="calendar_items",
    )
    @extend_schema(
        methods=["POST"], request=ItemSerializer, responses={201: ItemSerializer}
    )
    @action(detail=True, methods=["get", "post"], pagination_class=None)
    def items(self, request: Request, pk: str) -> Response:
        """List what is written in the calendar, all of it, or write something into it."""
        calendar = self.get_object()
        if request.method == "GET":
            return Response(ItemSerializer(calendar.items.all(), many=True).data)
        fields = _fields(ItemSerializer(data=request.data))
        made = calendars.save_item(calendar, fields, now=timezone.now())
        return Response(ItemSerializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(methods=["GET"], responses=ItemSerializer)
    @extend_schema(
        methods=["PATCH"], request=ItemChangeSerializer, responses=ItemSerializer
    )
    @extend_schema(
        methods=["DELETE"],
        parameters=[
            OpenApiParameter(
                "occurrence", description="The start of one of its times."
            ),
            OpenApiParameter("scope", enum=Scope.values),
        ],
        responses={204: None},
    )
    @action(
        detail=True,
        methods=["get", "patch", "delete"],
        url_path=f"items/(?P<item>{ID})",
    )
    def item(self, request: Request, pk: str, item: str) -> Response:
        """Show an item, change it, or take it out; all of its times or some of them."""
        found = get_object_or_404(
            self.get_object().items.select_related("calendar__space"), pk=item
        )
        if request.method == "DELETE":
            _remove(found, request.query_params)
            return Response(status=status.HTTP_204_NO_CONTENT)
        if request.method == "PATCH":
            found = _change(found, request.data)
        return Response(ItemSerializer(found).data)

    @extend_schema(request=FileSerializer, responses=ImportedSerializer)
    @action(detail=True, methods=["post"], url_path="import")
    def import_ics(self, request: Request, pk: str) -> Response:
        """Write the events of an .ics file into the calendar, in place of those of its names."""
        calendar = self.get_object()
        fields = _fields(FileSerializer(data=request.data))
        imported = calendars.import_ics(
            calendar,
            fields["ics"],
            time_zone=fields.get("time_zone", ""),
            now=timezone.now(),
        )
        return Response(ImportedSerializer(imported).data)

    @extend_schema(
        parameters=[
            OpenApiParameter("start", description="A moment; now if left out."),
            OpenApiParameter("end", description="A moment; 31 days later if left out."),
        ],
        responses=OccurrenceSerializer(many=True),
    )
    @action(detail=True, pagination_class=None)
    def occurrences(self, request: Request, pk: str) -> Response:
        """List each time that something is on, in order; of 400 days at most."""
        items = self.get_object().items.select_related("calendar")
        found = services.occurrences(items, _asked_span(request.query_params))
        return Response(OccurrenceSerializer(found, many=True).data)


def _fields(serializer: serializers.BaseSerializer[Any]) -> Fields:
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


def _change(item: CalendarItem, asked: Any) -> CalendarItem:
    fields, now = (
        _fields(ItemChangeSerializer(data=asked, partial=True)),
        timezone.now(),
    )
    occurrence, scope = fields.pop("occurrence", None), fields.pop("scope", None)
    if occurrence is None:
        return calendars.save_item(item.calendar, fields, now=now, item=item)
    return calendars.change_occurrence(
        item, fields, occurrence=occurrence, scope=_scope(scope), now=now
    )


def _remove(item: CalendarItem, params: Mapping[str, str]) -> None:
    occurrence = params.get("occurrence")
    if occurrence is None:
        calendars.remove_item(item, now=timezone.now())
        return
    scope = _scope(next(iter(filters.words(params, "scope", Scope.values)), None))
    calendars.remove_occurrence(
        item, occurrence=occurrence, scope=scope, now=timezone.now()
    )


def _scope(word: str | None) -> Scope:
    if word is None:
        told = _("say which of its times are meant: %(scopes)s") % {
            "scopes": ", ".join(Scope.values)
        }
        raise InvalidInput(f"scope: {told}", {"scope": told})
    return Scope(word)


def _asked_span(params: Mapping[str, str]) -> Span:
    start = filters.instant(params, "start") or timezone.now()
    end = filters.instant(params, "end") or start + USUAL_SPAN
    if not start < end <= start + LONGEST_SPAN:
        told = _("must be after the start, by %(n)s days at most") % {"n": LONGEST_SPAN.days}  # fmt: skip
        raise InvalidInput(f"end: {told}", {"end": told})
    return Span(start, end)
