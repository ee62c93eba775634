"""Where one lands: the first space, or what has to be done before there is one."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from bkmonitor.accounts.models import Space, User
from bkmonitor.web.access import PageRequest, person_view


@require_safe
def home(request: PageRequest) -> HttpResponse:
    """Lead to the person's first space; say what to do when there is nobody yet."""
    if not request.user.is_authenticated and not User.objects.exists():
        return render(request, "session/nobody.html")
    return _first_space(request)


@person_view
def _first_space(request: PageRequest) -> HttpResponse:
    # The space in which the service watches itself is nobody's first interest.
    spaces = Space.objects.visible_to(request.user).order_by("is_builtin", "name", "pk")
    first = spaces.first()
    if first is None:
        return render(request, "session/no_space.html")
    return redirect("overview", first.slug)
