"""What holds for every page: the person's language and time zone."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

Answer = Callable[[HttpRequest], HttpResponse]


class PersonMiddleware:
    """Speak the language and show the times of whoever is logged in.

    It stands after the authentication; without a login the language is what
    LocaleMiddleware found in the cookie or in the browser's wishes.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # A program brings no cookie: its session need not be looked at, nor varied on.
        if (
            settings.SESSION_COOKIE_NAME not in request.COOKIES
            or not request.user.is_authenticated
        ):
            return self.get_response(request)
        with timezone.override(request.user.time_zone):
            with translation.override(request.user.language):
                request.LANGUAGE_CODE = translation.get_language()
                response = self.get_response(request)
                response.headers["Content-Language"] = translation.get_language()
            return response
