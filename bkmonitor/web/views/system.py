"""Whether the service itself works."""

import platform
from dataclasses import dataclass

import celery
import django
from django.conf import settings
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from bkmonitor.accounts.models import Space
from bkmonitor.metrics.query import query_instant
from bkmonitor.pipeline.status import Status, system_status
from bkmonitor.strategies.models import Strategy
from bkmonitor.web.access import PageRequest, clock, space_view
from bkmonitor.web.htmx import respond

MOST_FAILING = 50
STORE_TIMEOUT_S = 2.0


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the service: its name, how it is (a word of states.py), and more of it."""

    name: str
    state: str
    label: str
    detail: str = ""


@require_safe
@space_view()
def system(request: PageRequest, space: Space) -> HttpResponse:
    """Show roles, queues, lags, versions, and the space's evaluations that fail."""
    now = clock()
    status = system_status(now)
    failing = Strategy.objects.visible_to(request.user).filter(
        space=space, enabled=True, outcome=Strategy.Outcome.FAILING
    )
    context = {
        "status": status,
        "parts": [*_roles(status), *_stores(status, space.slug, now.timestamp())],
        "failing": failing.order_by("failing_since", "pk")[:MOST_FAILING],
        "versions": _versions(),
    }
    return respond(request, "system/page.html", "system/_page.html", context)


def _roles(status: Status) -> list[Part]:
    """Say of each role whether it works, by what only a working one can bring about."""
    working = sum(queue.working for queue in status.queues)
    ages = [q.canary_age_s for q in status.queues if q.canary_age_s is not None]
    # The beat sends the canaries: one that came lately proves that it rings.
    rings = any(queue.working for queue in status.queues)
    worked = _("%(working)d of %(all)d queues are worked") % {
        "working": working,
        "all": len(status.queues),
    }
    silent = _("No canary was ever heard") if not ages else _("No canary came lately")
    return [
        Part(_("Web"), "up", _("Up"), _("It showed you this page")),
        _part(
            _("Worker"),
            good=bool(status.queues) and working == len(status.queues),
            known=status.broker,
            detail=worked,
        ),
        _part(
            _("Beat"),
            good=rings,
            known=status.broker,
            detail=_("It rings") if rings else silent,
        ),
    ]


def _stores(status: Status, slug: str, at: float) -> list[Part]:
    parts = [
        Part(_("Database"), "up", _("Up"), status.database),
        _part("Redis", good=status.broker, known=True),
    ]
    if not status.metrics:
        off = _("BKM_VM_WRITE_URL is empty")
        return [*parts, Part("VictoriaMetrics", "disabled", _("Off"), off)]
    result = query_instant(slug, "vector(1)", at, timeout_s=STORE_TIMEOUT_S)
    good = result.outcome == "complete"
    return [
        *parts,
        _part("VictoriaMetrics", good=good, known=True, detail=result.reason),
    ]


def _part(name: str, *, good: bool, known: bool, detail: str = "") -> Part:
    if not known:
        return Part(name, "unknown", _("Unknown"), _("Redis does not answer"))
    if good:
        return Part(name, "up", _("Up"), detail)
    return Part(name, "failing", _("Trouble"), detail)


def _versions() -> list[tuple[str, str]]:
    return [
        ("bkmonitor", settings.VERSION),
        ("Python", platform.python_version()),
        ("Django", django.get_version()),
        ("Celery", celery.__version__),
    ]
