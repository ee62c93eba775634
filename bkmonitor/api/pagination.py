"""Long lists, a page at a time."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request

from bkmonitor.lib.errors import NotFound


class Pages(CursorPagination):
    """Pages by cursor: as quick on the last page as on the first, and no row twice.

    A viewset may say its own `ordering`, which ends in a unique field.
    """

    page_size = 50
    max_page_size = 200
    page_size_query_param = "page_size"
    ordering = ("name", "pk")

    def paginate_queryset(
        self, queryset: Any, request: Request, view: Any = None
    ) -> list[Any] | None:
        """Return a page; NotFound for a cursor that nobody gave out."""
        try:
            return super().paginate_queryset(queryset, request, view)
        except (ValueError, ValidationError) as error:
            raise NotFound("the cursor is none that was given out") from error

    def get_ordering(
        self, request: Request, queryset: QuerySet[Any], view: Any
    ) -> tuple[str, ...]:
        """Return the order of the viewset's rows."""
        return tuple(getattr(view, "ordering", self.ordering))
