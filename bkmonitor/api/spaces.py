"""REST: spaces."""

from typing import Any

from django.db import models
from django.utils.translation import gettext as _
from rest_framework import mixins, serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from bkmonitor.accounts import services
from bkmonitor.accounts.access import Role, may_create_spaces, require
from bkmonitor.accounts.models import Space
from bkmonitor.api.auth import person, principal
from bkmonitor.lib.errors import Forbidden, InvalidInput


class SpaceSerializer(serializers.ModelSerializer[Space]):
    """A space. Its slug is for ever: it is the label `space` of every sample."""

    class Meta:
        model = Space
        fields = ("slug", "name", "language", "time_zone", "is_builtin", "created_at")
        read_only_fields = ("is_builtin", "created_at")
        extra_kwargs = {
            # Unless they are given, they are those of who opens the space.
            "language": {"required": False},
            "time_zone": {"required": False},
        }


class SpaceViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Space]
):
    """Spaces. Any space's administrator may open another."""

    queryset = Space.objects.all()
    serializer_class = SpaceSerializer
    lookup_field = "slug"
    lookup_value_regex = "[a-z0-9-]+"
    http_method_names = ["get", "head", "options", "post", "patch"]

    def get_queryset(self) -> models.QuerySet[Space]:
        """Return the spaces that may be seen."""
        who = principal(self.request)
        return Space.objects.visible_to(who)

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List the spaces one is a member of, or the token's one."""
        who = principal(request)
        for space in self.get_queryset()[:1]:
            require(who, space.pk, Role.VIEWER)
        return super().list(request, *args, **kwargs)

    def get_object(self) -> Space:
        """Return the space of the URL once it may be read, or administered."""
        space = super().get_object()
        needed = Role.VIEWER if self.request.method == "GET" else Role.ADMIN
        require(principal(self.request), space.pk, needed)
        return space

    def create(self, request: Request) -> Response:
        """Open a space and become its administrator."""
        user = person(request)
        if user is None or not may_create_spaces(user):
            raise Forbidden(_("only administrators of a space may open another"))
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        space = services.create_space(by=user, **serializer.validated_data)
        return Response(self.get_serializer(space).data, status=201)

    def partial_update(self, request: Request, slug: str) -> Response:
        """Change the name, the language or the time zone."""
        space = self.get_object()
        serializer = self.get_serializer(space, data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        fields = serializer.validated_data
        if fields.pop("slug", space.slug) != space.slug:
            raise InvalidInput(
                "slug: cannot be changed", {"slug": _("cannot be changed")}
            )
        services.update_space(space, **fields)
        return Response(self.get_serializer(space).data)
