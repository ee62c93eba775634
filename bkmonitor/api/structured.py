"""REST: structured queries as PromQL, and PromQL as structured queries."""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from bkmonitor.lib.errors import InvalidInput
from bkmonitor.strategies.structured import from_promql, to_promql


class PromqlSerializer(serializers.Serializer[Any]):
    """A query in one of its two forms."""

    query = serializers.DictField(
        required=False,
        help_text="A structured query: docs/strategies.md, Queries.",
    )
    expression = serializers.CharField(
        required=False, max_length=10_000, help_text="PromQL."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Insist on one of the two."""
        if len(attrs) != 1:
            raise InvalidInput(_("send a query or an expression, not both"))
        return attrs


class PromqlView(APIView):
    """Structured queries as PromQL, and PromQL as structured queries."""

    @extend_schema(
        operation_id="strategies_promql_create",
        request=PromqlSerializer,
        responses=PromqlSerializer,
    )
    def post(self, request: Request) -> Response:
        """Answer with the form that was not sent.

        PromQL that no structured query has is refused: `not expressible`, with the
        part of it.
        """
        serializer = PromqlSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        sent = serializer.validated_data
        if "query" in sent:
            return Response({"expression": to_promql(sent["query"])})
        return Response({"query": from_promql(sent["expression"])})
