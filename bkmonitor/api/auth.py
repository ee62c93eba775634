"""Who asks: a person with a session, or a program with a token."""

from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from bkmonitor.accounts.access import Principal
from bkmonitor.accounts.models import ApiToken, User
from bkmonitor.accounts.tokens import find_token

if TYPE_CHECKING:
    from rest_framework.views import APIView


class TokenAuthentication(BaseAuthentication):
    """Take `Authorization: Bearer bkm_…`; a token acts in its own name, not a user's."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, ApiToken] | None:
        """Return the token as `request.auth`; None without such a header."""
        scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        token = find_token(secret.strip(), timezone.now())
        if token is None:
            raise AuthenticationFailed("the token is unknown, expired or revoked")
        return AnonymousUser(), token

    def authenticate_header(self, request: Request) -> str:
        """Say in a 401 what would be taken."""
        return 'Bearer realm="bkmonitor"'


class Known(BasePermission):
    """Let in whoever said who they are; what they may do is asked for each object."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """Tell whether there is a token or a user."""
        return isinstance(request.auth, ApiToken) or request.user.is_authenticated


def principal(request: Request) -> Principal:
    """Return the token or the user that asks."""
    if isinstance(request.auth, ApiToken):
        return request.auth
    if isinstance(request.user, User):
        return request.user
    raise NotAuthenticated


def person(request: Request) -> User | None:
    """Return the user that asks; None for a token, which acts in its own name."""
    return request.user if isinstance(request.user, User) else None
