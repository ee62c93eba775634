"""What every page knows: navigation, spaces, theme."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise, SimpleLazyObject
from django.utils.translation import gettext_lazy as _

from bkmonitor.accounts.access import Role, allows
from bkmonitor.accounts.models import Space
from bkmonitor.alerts.models import Alert

THEMES = ("auto", "light", "dark")


@dataclass(frozen=True, slots=True)
class Place:
    """One entry of the navigation; `views` are the URL names that lie under it."""

    name: str | Promise
    icon: str
    url_name: str
    views: tuple[str, ...] = ()
    role: Role = Role.VIEWER


# In the order of the pages; what one looks at first, what one sets up after.
WATCH = (
    Place(_("Overview"), "layout-dashboard", "overview"),
    Place(_("Alerts"), "bell", "alerts", ("alert",)),
)
SET_UP: tuple[Place, ...] = (
    Place(_("Probes"), "radar-2", "probes", ("probe", "probe_new", "probe_edit")),
    Place(
        _("Heartbeats"),
        "heartbeat",
        "heartbeats",
        ("heartbeat", "heartbeat_new", "heartbeat_edit"),
    ),
    Place(
        _("Strategies"),
        "target-arrow",
        "strategies",
        (
            "strategy",
            "strategy_new",
            "strategy_edit",
            "strategy_history",
            "strategies_deleted",
            "composite_new",
            "gallery",
        ),
    ),
    Place(
        _("Calendars"),
        "calendar",
        "calendars",
        ("calendar", "calendar_new", "calendar_edit", "calendar_import")
        + ("calendar_item", "calendar_item_new"),
    ),
    Place(
        _("Receivers"),
        "send",
        "receivers",
        ("receiver", "receiver_new", "receiver_edit", "receiver_confirm"),
    ),
    Place(
        _("Scrape targets"), "database-import", "targets", ("target_new", "target_edit")
    ),
    Place(_("API tokens"), "key", "tokens", ("token_new",), Role.ADMIN),
    Place(_("Members"), "users", "members", ("member_new",), Role.ADMIN),
)
RUN = (Place(_("System"), "server-2", "system", ("installation",)),)


def page(request: HttpRequest) -> dict[str, Any]:
    """Add the theme to every page, and to those of a space where one can go."""
    theme = request.COOKIES.get("theme", "auto")
    context: dict[str, Any] = {
        "theme": theme if theme in THEMES else "auto",
        "themes": (("auto", _("As the system")), ("light", _("Light")), ("dark", _("Dark"))),
        "languages": settings.LANGUAGES,
    }  # fmt: skip
    if getattr(request, "user", None) is None or not request.user.is_authenticated:
        return context
    user = request.user
    context["spaces"] = SimpleLazyObject(
        lambda: list(Space.objects.visible_to(user)[:200])
    )
    space = getattr(request, "space", None)
    if space is not None:
        context |= {"space": space, "role": request.role, "places": _places(request)}  # type: ignore[attr-defined]
        context["firing_count"] = SimpleLazyObject(
            Alert.objects.firing().filter(space=space).count
        )
    return context


def _places(request: Any) -> list[dict[str, Any]]:
    here = request.resolver_match.url_name if request.resolver_match else ""
    groups = (("", WATCH), (_("Set up"), SET_UP), (_("Run"), RUN))
    return [
        {"title": title, "entries": [_entry(place, request, here) for place in group
                                     if allows(request.role, place.role)]}
        for title, group in groups
        if group
    ]  # fmt: skip


def _entry(place: Place, request: Any, here: str) -> dict[str, Any]:
    return {
        "name": place.name,
        "icon": place.icon,
        "url": reverse(place.url_name, args=[request.space.slug]),
        "current": here == place.url_name or here in place.views,
        "url_name": place.url_name,
    }
