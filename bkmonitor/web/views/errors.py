"""Pages for what goes wrong."""

from django.http import HttpRequest, HttpResponse, HttpResponseServerError
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Say that the person's role is too low, and which would do."""
    needed = str(exception or "")
    return render(request, "errors/403.html", {"needed": needed}, status=403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Say that there is nothing here, or nothing that the person may see."""
    return render(request, "errors/404.html", status=404)


def broken(request: HttpRequest) -> HttpResponse:
    """Say that it is our fault; asks nothing of the database, which may be the cause."""
    page = render_to_string("errors/500.html", {"title": _("Something broke")})
    return HttpResponseServerError(page)


def no_csrf(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Say that a form was too old, or the address is not the public one."""
    return render(request, "errors/csrf.html", {"reason": reason}, status=403)
