"""REST: who asks."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from bkmonitor.accounts import services
from bkmonitor.accounts.access import role_in
from bkmonitor.accounts.models import ApiToken, Member, User
from bkmonitor.api.auth import person, principal
from bkmonitor.lib.errors import Forbidden


class RoleSerializer(serializers.Serializer[Any]):
    """What the one who asks may do in a space; no role is a token that only ingests."""

    space = serializers.CharField()
    role = serializers.ChoiceField(choices=Member.Role.choices, allow_null=True)


class MeSerializer(serializers.ModelSerializer[User]):
    """A person, or a token with its name and nothing else."""

    kind = serializers.ChoiceField(choices=["user", "token"], read_only=True)
    roles = RoleSerializer(many=True, read_only=True)

    class Meta:
        model = User
        fields = ("kind", "email", "name", "language", "time_zone", "roles")
        read_only_fields = ("email",)


class MeView(APIView):
    """Who asks, and what they may do where."""

    @extend_schema(operation_id="me_retrieve", responses=MeSerializer)
    def get(self, request: Request) -> Response:
        """Show who asks."""
        return Response(_describe(request))

    @extend_schema(
        operation_id="me_update", request=MeSerializer, responses=MeSerializer
    )
    def patch(self, request: Request) -> Response:
        """Change one's own name, language or time zone."""
        user = person(request)
        if user is None:
            raise Forbidden("a token has nothing of its own to change")
        serializer = MeSerializer(user, data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        services.update_user(user, **serializer.validated_data)
        return Response(_describe(request))


def _describe(request: Request) -> dict[str, Any]:
    who = principal(request)
    if isinstance(who, ApiToken):
        role = role_in(who, who.space_id)
        space = who.space
        return {
            "kind": "token",
            "email": "",
            "name": who.name,
            "language": space.language,
            "time_zone": space.time_zone,
            "roles": [{"space": space.slug, "role": role}],
        }
    roles = Member.objects.filter(user=who).select_related("space")
    return {
        "kind": "user",
        "email": who.email,
        "name": who.name,
        "language": who.language,
        "time_zone": who.time_zone,
        "roles": [{"space": each.space.slug, "role": each.role} for each in roles],
    }
