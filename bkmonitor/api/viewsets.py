"""How every noun that belongs to a space is found, listed and changed."""

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext as _
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response

from bkmonitor.accounts.access import ORDER, Principal, Role, require
from bkmonitor.accounts.models import ApiToken, Member, Space
from bkmonitor.api.auth import principal
from bkmonitor.lib.errors import Forbidden, InvalidInput, NotFound

Fields = dict[str, Any]
# Ids that fit the database's column; longer ones are nobody's.
ID = r"[0-9]{1,18}"
SLUG = re.compile(r"[a-z0-9-]{1,40}")


def find_space(who: Principal, slug: str) -> Space:
    """Return the space of that slug; NotFound unless `who` may see it."""
    visible = Space.objects.visible_to(who)
    space = visible.filter(slug=slug).first() if SLUG.fullmatch(slug) else None
    if space is None:
        raise NotFound(f"there is no space {slug!r} here")
    return space


class OwnedSerializer(serializers.ModelSerializer[Any]):
    """A noun of a space: shows the space's slug, and takes it when it is made."""

    space = serializers.CharField(
        source="space.slug",
        required=False,
        help_text="Slug of the space. A user names it when making something; "
        "a token has one space. It cannot be changed.",
    )

    class Meta:
        # The rooms hold their rows to their constraints, with better sentences.
        validators: ClassVar[list[Any]] = []


class OwnedViewSet(viewsets.GenericViewSet[Any]):
    """Finds rows of the spaces that `who` may see, and asks for the role it takes.

    Another space's row is 404; a role or a scope that is too low is 403.
    """

    queryset: models.QuerySet[Any]
    lookup_value_regex = ID
    reads: ClassVar[Member.Role] = Role.VIEWER
    writes: ClassVar[Member.Role] = Role.EDITOR
    # What takes another role than reading or writing does, by the action's name.
    roles: ClassVar[Mapping[str, Member.Role]] = {}

    @property
    def who(self) -> Principal:
        """Return the user or the token that asks."""
        return principal(self.request)

    @property
    def needed(self) -> Member.Role:
        """Return the role that this request takes."""
        usual = self.reads if self.request.method in SAFE_METHODS else self.writes
        return self.roles.get(self.action or "", usual)

    def get_queryset(self) -> models.QuerySet[Any]:
        """Return all rows that may be seen, with their spaces."""
        return self.queryset.visible_to(self.who).select_related("space")  # type: ignore[attr-defined,no-any-return]

    def get_object(self) -> Any:
        """Return the row of the URL once `who` may do this with it."""
        row = super().get_object()
        require(self.who, row.space_id, self.needed)
        return row

    def filter_queryset(self, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        """Narrow a list, and only a list, to what the query asks for."""
        if self.detail:
            return queryset
        return self.narrow(self._in_spaces(queryset), self.request.query_params)

    def narrow(
        self, rows: models.QuerySet[Any], params: Mapping[str, str]
    ) -> models.QuerySet[Any]:
        """Apply the noun's own filters."""
        return rows

    def space_of_request(self) -> Space:
        """Return the space that is asked for, by body or query, once `who` may."""
        slug = _asked_slug(self.request)
        if isinstance(self.who, ApiToken):
            space = self.who.space
            if slug not in (None, space.slug):
                raise NotFound(f"there is no space {slug!r} here")
        elif slug is None:
            sentence = _("name the space this belongs to")
            raise InvalidInput(f"space: {sentence}", {"space": sentence})
        else:
            space = find_space(self.who, slug)
        require(self.who, space.pk, self.needed)
        return space

    def _in_spaces(self, rows: models.QuerySet[Any]) -> models.QuerySet[Any]:
        slug = self.request.query_params.get("space")
        if slug is not None:
            space = find_space(self.who, slug)
            require(self.who, space.pk, self.needed)
            return rows.filter(space=space)
        if isinstance(self.who, ApiToken):
            require(self.who, self.who.space_id, self.needed)
            return rows
        if self.needed == ORDER[0]:
            return rows
        enough = ORDER[ORDER.index(self.needed) :]
        mine = Member.objects.filter(user=self.who, role__in=enough).values("space")
        if not mine:
            raise Forbidden(
                _("this needs the role %(role)s in some space")
                % {"role": self.needed.label}
            )
        return rows.filter(space__in=mine)


class ReadViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, OwnedViewSet):
    """A noun that is listed and shown."""


class SavedViewSet(ReadViewSet):
    """A noun that is also made, changed and removed, by its room's verbs."""

    http_method_names: ClassVar[list[str]] = [  # type: ignore[misc]
        "get", "head", "options", "post", "patch", "delete",
    ]  # fmt: skip

    def save_row(self, space: Space, fields: Fields, row: Any | None) -> Any:
        """Make a row in the space, or change the one given; return it."""
        raise NotImplementedError

    def remove_row(self, row: Any) -> None:
        """Remove a row."""
        raise NotImplementedError

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Make one."""
        space = self.space_of_request()
        row = self.save_row(space, self._fields(), None)
        return Response(self.get_serializer(row).data, status=status.HTTP_201_CREATED)

    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Change the fields that are given."""
        row = self.get_object()
        if _asked_slug(request) not in (None, row.space.slug):
            sentence = _("it stays in the space it was made in")
            raise InvalidInput(f"space: {sentence}", {"space": sentence})
        row = self.save_row(row.space, self._fields(row), row)
        return Response(self.get_serializer(row).data)

    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Remove one."""
        self.remove_row(self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _fields(self, row: Any | None = None) -> Fields:
        serializer = self.get_serializer(
            row, data=self.request.data, partial=row is not None
        )
        serializer.is_valid(raise_exception=True)
        return {k: v for k, v in serializer.validated_data.items() if k != "space"}


def _asked_slug(request: Request) -> str | None:
    if request.method in SAFE_METHODS:
        return request.query_params.get("space")
    slug = request.data.get("space") if isinstance(request.data, dict) else None
    return slug if slug is None else str(slug)
