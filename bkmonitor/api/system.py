"""REST: whether everything works."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from bkmonitor.accounts.access import Role, require
from bkmonitor.accounts.models import ApiToken
from bkmonitor.api.auth import principal
from bkmonitor.pipeline.status import system_status


class QueueSerializer(serializers.Serializer[Any]):
    """A queue, and whether somebody works it."""

    name = serializers.CharField()
    depth = serializers.IntegerField(help_text="Messages that wait.")
    canary_age_s = serializers.FloatField(
        allow_null=True,
        help_text="Seconds since a worker last proved that it works the queue.",
    )
    working = serializers.BooleanField()


class StatusSerializer(serializers.Serializer[Any]):
    """The state of the installation."""

    version = serializers.CharField()
    database = serializers.CharField()
    broker = serializers.BooleanField(help_text="Whether Redis answers.")
    metrics = serializers.BooleanField(
        help_text="Whether there is a time series database."
    )
    queues = QueueSerializer(many=True)
    evaluation_lag_s = serializers.FloatField()
    probe_lag_s = serializers.FloatField()
    delivery_lag_s = serializers.FloatField()
    strategies_failing = serializers.IntegerField()
    deliveries_failed = serializers.IntegerField(help_text="In the last hour.")


class SystemView(APIView):
    """Whether everything works."""

    @extend_schema(operation_id="system_retrieve", responses=StatusSerializer)
    def get(self, request: Request) -> Response:
        """Show queues, lags and versions."""
        who = principal(request)
        if isinstance(who, ApiToken):
            require(who, who.space_id, Role.VIEWER)
        return Response(StatusSerializer(system_status(timezone.now())).data)
