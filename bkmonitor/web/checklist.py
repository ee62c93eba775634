"""What is still to do until a space watches something and can tell somebody."""

from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext as _

from bkmonitor.accounts.installation import installation, public_url
from bkmonitor.accounts.models import Space
from bkmonitor.notifications.models import Receiver
from bkmonitor.probes.models import Heartbeat, Probe
from bkmonitor.strategies.models import Strategy


@dataclass(frozen=True, slots=True)
class Point:
    """One thing to do: whether it is done, what it is, why, and the page where."""

    done: bool
    title: str
    why: str
    url_name: str = ""


def open_points(space: Space) -> list[Point]:
    """Return the whole list while something of it is open, else nothing."""
    points = [
        Point(
            can_tell_somebody(space),
            _("Confirm that a message arrives"),
            _("Until then nobody may ever hear of a problem."),
            "receivers",
        ),
        Point(
            _watches_something(space),
            _("Watch something"),
            _("A probe, a heartbeat or a strategy."),
            "probes",
        ),
        Point(
            bool(public_url()),
            _("Say under which address people reach this service"),
            _("Links in messages need it: set BKM_PUBLIC_URL."),
        ),
        Point(
            bool(installation().completed_at),
            _("Finish the set-up"),
            _("It ends when a message is known to arrive."),
            "setup_finish",
        ),
        Point(
            bool(settings.VM_WRITE_URL),
            _("Turn metrics on"),
            _("Probes and heartbeats work without; strategies and charts need a store."),
        ),
    ]  # fmt: skip
    return points if any(not point.done for point in points) else []


def can_tell_somebody(space: Space) -> bool:
    """Tell whether a message to a receiver that gets everything is known to arrive."""
    return Receiver.objects.filter(
        space=space, enabled=True, is_default=True, confirmed_at__isnull=False
    ).exists()


def _watches_something(space: Space) -> bool:
    return any(
        model.objects.filter(space=space).exists()
        for model in (Probe, Heartbeat, Strategy)
    )
