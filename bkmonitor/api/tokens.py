"""REST: tokens of a space."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from bkmonitor.accounts import services
from bkmonitor.accounts.access import Role
from bkmonitor.accounts.models import ApiToken
from bkmonitor.api.auth import person
from bkmonitor.api.viewsets import OwnedSerializer, ReadViewSet


class TokenSerializer(OwnedSerializer):
    """A token. Its secret is shown when it is made, and never again."""

    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=ApiToken.Scope.choices),
        allow_empty=False,
    )
    created_by = serializers.CharField(read_only=True, allow_null=True)

    class Meta(OwnedSerializer.Meta):
        model = ApiToken
        fields = (
            "id", "space", "name", "prefix", "scopes", "rate_limit", "max_body_mb",
            "created_by", "created_at", "expires_at", "last_used_at", "revoked_at",
        )  # fmt: skip
        read_only_fields = (
            "prefix", "rate_limit", "max_body_mb", "created_at", "last_used_at", "revoked_at",
        )  # fmt: skip


class IssuedTokenSerializer(TokenSerializer):
    """A token with its secret, once."""

    secret = serializers.CharField(read_only=True)

    class Meta(TokenSerializer.Meta):
        fields = (*TokenSerializer.Meta.fields, "secret")  # type: ignore[assignment]


class TokenViewSet(ReadViewSet):
    """Tokens: keys for programs. Only administrators see and make them."""

    queryset = ApiToken.objects.select_related("created_by")
    serializer_class = TokenSerializer
    reads = writes = Role.ADMIN
    ordering = ("-created_at", "-pk")
    http_method_names = ["get", "head", "options", "post", "delete"]

    @extend_schema(request=TokenSerializer, responses={201: IssuedTokenSerializer})
    def create(self, request: Request) -> Response:
        """Make a token; the answer is the only one that holds its secret."""
        space = self.space_of_request()
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        fields: dict[str, Any] = serializer.validated_data
        token, secret = services.create_token(
            space,
            fields["name"],
            scopes=fields["scopes"],
            by=person(request),
            now=timezone.now(),
            expires_at=fields.get("expires_at"),
        )
        return Response(TokenSerializer(token).data | {"secret": secret}, 201)

    def destroy(self, request: Request, pk: str) -> Response:
        """Revoke a token; its row stays, so that its name can still be told."""
        services.revoke_token(self.get_object(), timezone.now())
        return Response(status=204)
