"""The shape of active time, for the API's document; the room names what is wrong with it."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers


class WindowSerializer(serializers.Serializer[Any]):
    """From `start` to before `end` on some days; an end before the start is the next day's."""

    days = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=7),
        help_text="The days on which it starts; 1 is Monday.",
    )
    start = serializers.CharField(help_text="HH:MM on the wall of the time zone.")
    end = serializers.CharField(
        help_text="HH:MM, not in the window; 24:00 is midnight."
    )


class ActiveTimeSerializer(serializers.Serializer[Any]):
    """When people are told. Outside of it alerts are muted, not closed."""

    timezone = serializers.CharField(help_text="A name of the IANA database.")
    weekly = WindowSerializer(
        many=True, required=False, help_text="None means the whole week."
    )
    calendars = serializers.ListField(
        child=serializers.IntegerField(),
        required=False,
        help_text="Active while one of these is on, and only then.",
    )
    rest_calendars = serializers.ListField(
        child=serializers.IntegerField(),
        required=False,
        help_text="Not active while one of these is on, unless one of `calendars` is.",
    )


@extend_schema_field(ActiveTimeSerializer(allow_null=True))
class ActiveTimeField(serializers.JSONField):
    """Takes what comes: a serializer would drop what it does not know without a word."""
