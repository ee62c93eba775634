"""Who may see a page: the decorators that every view wears."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone

from bkmonitor.accounts.access import allows, role_in
from bkmonitor.accounts.models import Member, Space, User
from bkmonitor.lib.errors import NotFound
from bkmonitor.web.htmx import wants_fragment

P = ParamSpec("P")
Role = Member.Role
View = Callable[..., HttpResponse]


class PageRequest(HttpRequest):
    """A request of somebody who is logged in, inside a space."""

    user: User
    space: Space
    role: Member.Role


def person_view(
    view: Callable[Concatenate[PageRequest, P], HttpResponse],
) -> View:
    """Let in everybody who is logged in; lead the others to the login."""

    @wraps(view)
    def guarded(request: Any, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not request.user.is_authenticated:
            return _to_login(request)
        return _answer(view, request, *args, **kwargs)

    return guarded


def space_view(
    role: Member.Role = Role.VIEWER,
) -> Callable[[Callable[Concatenate[PageRequest, Space, P], HttpResponse]], View]:
    """Let in who has at least `role` in the space that the URL names by its slug.

    The view gets the space as its second argument; `request.space` and
    `request.role` say the same to the templates. Nobody is led to the login,
    another space is 404, too low a role 403.
    """

    def decorate(
        view: Callable[Concatenate[PageRequest, Space, P], HttpResponse],
    ) -> View:
        @wraps(view)
        def guarded(
            request: Any, slug: str, *args: P.args, **kwargs: P.kwargs
        ) -> HttpResponse:
            if not request.user.is_authenticated:
                return _to_login(request)
            space = Space.objects.visible_to(request.user).filter(slug=slug).first()
            if space is None:
                raise Http404(slug)
            request.space, request.role = space, role_in(request.user, space.pk)
            if not allows(request.role, role):
                raise PermissionDenied(role.label)
            return _answer(view, request, space, *args, **kwargs)

        return guarded

    return decorate


def may(request: HttpRequest, role: Member.Role) -> bool:
    """Tell whether the person may do in this space what needs `role`."""
    return allows(getattr(request, "role", None), role)


def _answer(view: View, *args: Any, **kwargs: Any) -> HttpResponse:
    try:
        return view(*args, **kwargs)
    except NotFound as error:
        raise Http404(str(error)) from error


def _to_login(request: HttpRequest) -> HttpResponse:
    if wants_fragment(request):
        return HttpResponse(status=204, headers={"HX-Redirect": settings.LOGIN_URL})
    return redirect_to_login(request.get_full_path())


def clock() -> Any:
    """Return the present moment; views are doors, so they may look."""
    return timezone.now()
