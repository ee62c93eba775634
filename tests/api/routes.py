"""Every route of the REST door: what it takes to use it, and what to send."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.urls import URLPattern, get_resolver, reverse

from bkmonitor.accounts.models import Space
from bkmonitor.strategies.services import save_strategy
from tests.calendars.files import NEW_YEAR, file
from tests.factories import (
    NOON,
    make_alert,
    make_calendar,
    make_heartbeat,
    make_item,
    make_member,
    make_notification,
    make_probe,
    make_receiver,
    make_scrape_target,
    make_strategy,
    make_token,
)

Maker = Callable[[Space], Any]


@dataclass(frozen=True)
class Route:
    """One method of one route.

    `role` is the least that may use it; None is whoever is known. `make` puts the
    row of the URL into a space; without it the route has none. `body` is what is
    sent; it names the space where `names_space`. `more` is what else the URL takes,
    a function of the row where it hangs on that.
    """

    name: str
    method: str
    role: str | None
    make: Maker | None = None
    body: dict[str, Any] = field(default_factory=dict)
    names_space: bool = False
    key: str = "pk"
    more: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.method} {self.name}"

    def url(self, space: Space) -> str:
        """Return the URL, of a row in the space if the route has one."""
        if self.make is None:
            return reverse(f"api:{self.name}", kwargs=self.more)
        row = self.make(space)
        more = {k: v(row) if callable(v) else v for k, v in self.more.items()}
        kwargs = {self.key: getattr(row, self.key), **more}
        return reverse(f"api:{self.name}", kwargs=kwargs)

    def send(self, client: Any, space: Space) -> Any:
        """Ask for the route as it is used with this space."""
        body = self.body | ({"space": space.slug} if self.names_space else {})
        url = self.url(space)
        if self.method == "get":
            return client.get(url, body)
        return client.generic(self.method.upper(), url, json.dumps(body).encode(), JSON)


JSON = "application/json"


def noun(
    name: str,
    make: Maker,
    *,
    reads: str = "viewer",
    writes: str = "editor",
    new: dict[str, Any] | None = None,
    change: dict[str, Any] | None = None,
    delete: bool = True,
    key: str = "pk",
) -> list[Route]:
    """Return the usual routes of a noun, as far as it has them."""
    routes = [
        Route(f"{name}-list", "get", reads),
        Route(f"{name}-detail", "get", reads, make, key=key),
    ]
    if new is not None:
        routes.append(Route(f"{name}-list", "post", writes, body=new, names_space=True))
    if change is not None:
        routes.append(Route(f"{name}-detail", "patch", writes, make, change, key=key))
    if delete:
        routes.append(Route(f"{name}-detail", "delete", writes, make, key=key))
    return routes


def other_member(space: Space) -> Any:
    """Return a member who may go: there is an administrator besides."""
    make_member(space, role="admin")
    return make_member(space, role="viewer")


def the_space(space: Space) -> Space:
    """Return the space itself, the row of its own routes."""
    return space


def taken_alert(space: Space) -> Any:
    return make_alert(space, acked_at=NOON)


def written_calendar(space: Space) -> Any:
    """Return a calendar with one item."""
    return make_item(make_calendar(space)).calendar


def saved_strategy(space: Space) -> Any:
    """Return a strategy that has a history."""
    return save_strategy(space, STRATEGY, by=None, now=NOON)


STRATEGY = {
    "name": "Load",
    "expression": "load",
    "levels": [
        {
            "severity": 1,
            "detectors": [
                {"kind": "threshold", "any_of": [[{"operator": ">", "value": 4}]]}
            ],
        }
    ],
}
ITEM = {"name": "New year", "start": "2026-01-01T00:00", "end": "2026-01-02T00:00"}
OF_ITEM = {"item": lambda calendar: calendar.items.get().pk}
ROUTES = [
    Route("me", "get", None),
    Route("schema", "get", None),
    Route("system", "get", None),
    Route("space-list", "get", "viewer"),
    Route("space-detail", "get", "viewer", the_space, key="slug"),
    Route("space-detail", "patch", "admin", the_space, {"name": "New"}, key="slug"),
    *noun(
        "member",
        other_member,
        writes="admin",
        new={"email": "new@example.org", "role": "viewer"},
        change={"role": "editor"},
    ),
    Route("member-invitation", "post", "admin", other_member),
    *noun(
        "token",
        lambda space: make_token(space)[0],
        reads="admin",
        writes="admin",
        new={"name": "agent", "scopes": ["read"]},
    ),
    *noun("alert", make_alert, delete=False),
    Route("alert-timeline", "get", "viewer", make_alert),
    Route("alert-acknowledge", "post", "responder", make_alert),
    Route("alert-unacknowledge", "post", "responder", taken_alert),
    Route("alert-comment", "post", "responder", make_alert, {"text": "On it."}),
    *noun("notification", make_notification, delete=False),
    *noun("calendar", make_calendar, new={"name": "Days off"}, change={"name": "Off"}),
    Route("calendar-items", "get", "viewer", written_calendar),
    Route("calendar-items", "post", "editor", make_calendar, ITEM),
    Route("calendar-item", "get", "viewer", written_calendar, more=OF_ITEM),
    Route(
        "calendar-item",
        "patch",
        "editor",
        written_calendar,
        {"name": "Off"},
        more=OF_ITEM,
    ),
    Route("calendar-item", "delete", "editor", written_calendar, more=OF_ITEM),
    Route(
        "calendar-import-ics", "post", "editor", make_calendar, {"ics": file(NEW_YEAR)}
    ),
    Route("calendar-occurrences", "get", "viewer", written_calendar),
    *noun(
        "probe",
        make_probe,
        new={"name": "Shop", "kind": "tcp", "target": "127.0.0.1:9"},
        change={"interval_s": 30},
    ),
    Route("probe-enable", "post", "editor", make_probe),
    Route("probe-disable", "post", "editor", make_probe),
    Route("probe-run", "post", "editor", make_probe),
    *noun("heartbeat", make_heartbeat, new={"name": "Backup"}, change={"grace_s": 60}),
    Route("heartbeat-enable", "post", "editor", make_heartbeat),
    Route("heartbeat-disable", "post", "editor", make_heartbeat),
    Route("heartbeat-pings", "get", "viewer", make_heartbeat),
    *noun(
        "receiver",
        make_receiver,
        new={"name": "Hook", "channel": "webhook", "address": "http://127.0.0.1:9/"},
        change={"name": "Renamed"},
    ),
    Route("receiver-test", "post", "editor", make_receiver),
    Route("receiver-confirm", "post", "editor", make_receiver, {"code": "123456"}),
    *noun(
        "scrape-target",
        make_scrape_target,
        new={"name": "Node", "url": "http://127.0.0.1:9100/metrics"},
        change={"interval_s": 15},
    ),
    Route("scrape-target-health", "get", "viewer", names_space=True),
    *noun("strategy", make_strategy, new=STRATEGY, change={"interval_s": 30}),
    Route("strategy-enable", "post", "editor", make_strategy),
    Route("strategy-disable", "post", "editor", make_strategy),
    Route("strategy-revisions", "get", "viewer", saved_strategy),
    Route("strategy-restore", "post", "editor", saved_strategy, more={"number": 1}),
    Route("strategy-promql", "post", None, body={"expression": "up"}),
    Route("strategy-deleted", "get", "viewer"),
    Route(
        "strategy-import-rules",
        "post",
        "editor",
        body={"text": "groups: []"},
        names_space=True,
    ),
    Route("strategy-gallery", "get", "viewer", names_space=True),
    Route(
        "strategy-use-template",
        "post",
        "editor",
        names_space=True,
        more={"key": "host-cpu"},
    ),
    Route("strategy-export-rules", "get", "viewer", names_space=True),
    Route(
        "strategy-preview",
        "post",
        "viewer",
        body={"expression": "up"},
        names_space=True,
    ),
    Route("strategy-backtest", "post", "viewer", make_strategy),
]
# Their own tests say who may use these: they ask for more, or less, than a role.
APART = {("me", "patch"), ("space-list", "post")}


def existing_routes() -> set[tuple[str, str]]:
    """Return (name, method) of every route that the door really has."""
    found = set()
    for pattern in _patterns(get_resolver("bkmonitor.api.urls").url_patterns):
        methods = getattr(pattern.callback, "actions", None) or [
            m for m in ("get", "post", "put", "patch", "delete")
            if hasattr(pattern.callback.cls, m)
        ]  # fmt: skip
        allowed = pattern.callback.cls.http_method_names
        found |= {
            (str(pattern.name), m) for m in methods if m in allowed and m != "head"
        }
    return found


def _patterns(patterns: Any) -> list[URLPattern]:
    flat: list[URLPattern] = []
    for pattern in patterns:
        deeper = getattr(pattern, "url_patterns", None)
        flat += [pattern] if deeper is None else _patterns(deeper)
    return flat
