"""The short way in for machines: no session, no cookie, no CSRF, no locale."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import Resolver404, get_resolver

DOORS = "bkmonitor.protocols.urls"

Answerer = Callable[[HttpRequest], HttpResponseBase]


class MachineDoor:
    """Answers what this package has a URL for; passes everything else on.

    A middleware, because each further one would cost a request of a machine as
    much as its answer, and gives it nothing.
    """

    def __init__(self, get_response: Answerer) -> None:
        self.get_response = get_response
        self.prefixes = tuple(settings.MACHINE_DOORS)
        self.resolver = get_resolver(DOORS)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer from the urls of this package."""
        if not request.path_info.startswith(self.prefixes):
            return self.get_response(request)
        try:
            found = self.resolver.resolve(request.path_info)
        except Resolver404:
            return self.get_response(request)
        request.resolver_match = found
        answer: HttpResponseBase = found.func(request, *found.args, **found.kwargs)
        return answer
