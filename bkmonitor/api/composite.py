"""REST: the shape of a composite strategy."""

from typing import Any

from rest_framework import serializers

from bkmonitor.alerts.models import Severity


class CompositeMemberSerializer(serializers.Serializer[Any]):
    """A strategy that a condition asks for, and its name in the conditions."""

    alias = serializers.CharField(max_length=30)
    strategy = serializers.IntegerField(help_text="Id of a strategy of the space.")


class CompositeLevelSerializer(serializers.Serializer[Any]):
    """When a combination of labels has a problem of one severity."""

    severity = serializers.ChoiceField(choices=Severity.choices)
    condition = serializers.CharField(
        max_length=1000,
        help_text="Aliases with and, or, not and brackets; an alias may end in "
        ".critical, .warning, .info or .no_data.",
    )


class CompositeSerializer(serializers.Serializer[Any]):
    """Conditions over the alerts of other strategies."""

    members = CompositeMemberSerializer(many=True)
    levels = CompositeLevelSerializer(many=True)
    on = serializers.ListField(
        child=serializers.CharField(max_length=200),
        required=False,
        help_text="Labels by which the members' alerts belong together.",
    )
    hold_s = serializers.IntegerField(
        required=False,
        min_value=0,
        max_value=86_400,
        help_text="For how long a condition holds before it fires, and is over.",
    )
