"""The space at a glance."""

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from bkmonitor.accounts.models import Space
from bkmonitor.web.access import PageRequest, space_view
from bkmonitor.web.htmx import respond


@require_safe
@space_view()
def overview(request: PageRequest, space: Space) -> HttpResponse:
    """Show what fires, what is watched, and what is still to set up."""
    return respond(request, "overview/page.html", "overview/_page.html", {})
