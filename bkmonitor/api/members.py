"""REST: members of a space."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from bkmonitor.accounts import services
from bkmonitor.accounts.access import Role
from bkmonitor.accounts.installation import absolute
from bkmonitor.accounts.invitations import invitation_path, invite
from bkmonitor.accounts.models import Member
from bkmonitor.api.auth import person
from bkmonitor.api.viewsets import OwnedSerializer, ReadViewSet


class MemberSerializer(OwnedSerializer):
    """A person in a space, and their role there."""

    email = serializers.EmailField(source="user.email")
    name = serializers.CharField(source="user.name", read_only=True)
    role = serializers.ChoiceField(choices=Member.Role.choices)

    class Meta(OwnedSerializer.Meta):
        model = Member
        fields = ("id", "space", "email", "name", "role")


class RoleChangeSerializer(serializers.Serializer[Any]):
    """Another role for a member."""

    role = serializers.ChoiceField(choices=Member.Role.choices)


class InvitedSerializer(MemberSerializer):
    """A member, and the link at which somebody new chooses a password, shown once."""

    invitation_url = serializers.CharField(
        read_only=True,
        help_text='Give it to the person; it ends after three days. "" for who '
        "has a password already.",
    )

    class Meta(MemberSerializer.Meta):
        fields = (*MemberSerializer.Meta.fields, "invitation_url")  # type: ignore[assignment]


class InvitationSerializer(serializers.Serializer[Any]):
    """A link at which an invited person chooses a password."""

    invitation_url = serializers.CharField()


class MemberViewSet(ReadViewSet):
    """Members: who may do what in a space. A space keeps its last administrator."""

    queryset = Member.objects.select_related("user")
    serializer_class = MemberSerializer
    writes = Role.ADMIN
    ordering = ("pk",)
    http_method_names = ["get", "head", "options", "post", "patch", "delete"]

    @extend_schema(request=MemberSerializer, responses={201: InvitedSerializer})
    def create(self, request: Request) -> Response:
        """Let a person in; somebody new gets an invitation."""
        space = self.space_of_request()
        serializer = MemberSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        fields = serializer.validated_data
        member, path = invite(
            space, fields["user"]["email"], fields["role"], by=person(request)
        )
        shown = MemberSerializer(member).data
        return Response(shown | {"invitation_url": path and absolute(path)}, 201)

    @extend_schema(request=RoleChangeSerializer, responses=MemberSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Give a member another role."""
        member = self.get_object()
        serializer = RoleChangeSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        services.change_role(member, serializer.validated_data["role"])
        return Response(self.get_serializer(member).data)

    def destroy(self, request: Request, pk: str) -> Response:
        """Take a person out of the space."""
        services.remove_member(self.get_object())
        return Response(status=204)

    @extend_schema(request=None, responses=InvitationSerializer)
    @action(detail=True, methods=["post"])
    def invitation(self, request: Request, pk: str) -> Response:
        """Make the invitation of somebody who has no password yet once more."""
        path = invitation_path(self.get_object().user, by=person(request))
        return Response({"invitation_url": path and absolute(path)})
