"""REST: addresses at which there is nothing."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from bkmonitor.lib.errors import NotFound


@extend_schema(exclude=True)
class NowhereView(APIView):
    """Answers in the door's own form where a page of HTML would help nobody."""

    permission_classes = ()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse whatever the method is."""
        raise NotFound(f"there is nothing at {request.path}")
