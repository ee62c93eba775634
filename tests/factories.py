"""The smallest valid thing of each kind, without random data; sorted by room."""

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import count
from typing import Any

from bkmonitor.accounts.models import ApiToken, Member, Space, User
from bkmonitor.alerts.models import Alert
from bkmonitor.calendars.models import Calendar, CalendarItem
from bkmonitor.lib.labels import fingerprint
from bkmonitor.lib.secrets import digest
from bkmonitor.metrics.models import ScrapeTarget
from bkmonitor.notifications.message import Message
from bkmonitor.notifications.models import Notification, Receiver
from bkmonitor.probes.models import Heartbeat, Probe
from bkmonitor.strategies.models import Strategy

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
_number = count(1)


def make_user(**fields: Any) -> User:
    fields.setdefault("email", f"user{next(_number)}@example.org")
    return User.objects.create_user(**fields)


def make_space(**fields: Any) -> Space:
    number = next(_number)
    return Space.objects.create(
        **{"slug": f"space-{number}", "name": f"Space {number}"} | fields
    )


def make_member(
    space: Space | None = None, role: str = "admin", **fields: Any
) -> Member:
    fields.setdefault("user", None)
    user = fields.pop("user") or make_user()
    return Member.objects.create(
        user=user, space=space or make_space(), role=role, **fields
    )


def make_token(
    space: Space | None = None, *scopes: str, **fields: Any
) -> tuple[ApiToken, str]:
    """Return a token with its secret; it may write unless scopes are given."""
    secret = f"bkm_{next(_number):032d}{secrets.token_hex(4)}"
    defaults = {"name": "token", "scopes": list(scopes or ["write"])}
    token = ApiToken.objects.create(
        space=space or make_space(),
        prefix=secret[:8],
        digest=digest(secret),
        **defaults | fields,
    )
    return token, secret


def make_scrape_target(space: Space | None = None, **fields: Any) -> ScrapeTarget:
    defaults = {"name": f"target {next(_number)}", "url": "http://127.0.0.1:9/metrics"}
    return ScrapeTarget.objects.create(space=space or make_space(), **defaults | fields)


def make_calendar(space: Space | None = None, **fields: Any) -> Calendar:
    defaults = {"name": f"calendar {next(_number)}"}
    return Calendar.objects.create(space=space or make_space(), **defaults | fields)


def make_item(calendar: Calendar | None = None, **fields: Any) -> CalendarItem:
    """Return a day in a calendar: the third of March 2026."""
    defaults = {
        "name": f"item {next(_number)}",
        "start": "2026-03-03T00:00",
        "end": "2026-03-04T00:00",
        "time_zone": "UTC",
    }
    calendar = calendar or make_calendar()
    return CalendarItem.objects.create(calendar=calendar, **defaults | fields)


def make_receiver(space: Space | None = None, **fields: Any) -> Receiver:
    defaults = {
        "name": f"receiver {next(_number)}",
        "channel": "webhook",
        "address": "http://127.0.0.1:9/hook",
        "confirmed_at": NOON,
    }
    return Receiver.objects.create(space=space or make_space(), **defaults | fields)


def make_message(**fields: Any) -> Message:
    defaults = {
        "reason": "fired",
        "title": "CPU of the web servers",
        "severity": 1,
        "sentence": {
            "id": "limit",
            "params": {"value": 95.5, "operator": ">", "limit": 90.0},
        },
        "started_at": NOON.isoformat(),
    }
    return Message(**defaults | fields)


def make_notification(space: Space | None = None, **fields: Any) -> Notification:
    number = next(_number)
    receiver = fields.pop("receiver", None) or make_receiver(space)
    defaults = {
        "receiver": receiver,
        "receiver_name": receiver.name,
        "channel": receiver.channel,
        "key": f"key-{number}",
        "thread": f"alert:{number}",
        "reason": "fired",
        "message": make_message().to_dict(),
        "created_at": NOON,
        "next_attempt_at": NOON,
    }
    return Notification.objects.create(space=receiver.space, **defaults | fields)


def make_level(
    severity: int, operator: str, value: float, **fields: Any
) -> dict[str, Any]:
    """Return a level with one fixed limit, as a strategy's row keeps it."""
    groups = [[{"operator": operator, "value": value}]]
    detector = {"kind": "threshold", "any_of": groups}
    return {"severity": severity, "detectors": [detector], **fields}


def make_strategy(space: Space | None = None, **fields: Any) -> Strategy:
    defaults = {
        "name": f"strategy {next(_number)}",
        "expression": "cpu",
        "levels": [make_level(1, ">", 90.0)],
        "next_run_at": NOON,
    }
    return Strategy.objects.create(space=space or make_space(), **defaults | fields)


def make_composite(
    members: Mapping[str, Strategy], *conditions: str, **fields: Any
) -> Strategy:
    """Return a composite; the conditions are those of critical, warning and info."""
    levels = enumerate(conditions, 1)
    composite = {
        "members": [{"alias": a, "strategy": one.pk} for a, one in members.items()],
        "levels": [{"severity": n, "condition": text} for n, text in levels],
        "on": fields.pop("on", []),
        "hold_s": fields.pop("hold_s", 0),
    }
    space = next(iter(members.values())).space
    fields = {"kind": "composite", "expression": "", "levels": []} | fields
    return make_strategy(space, composite=composite, **fields)


def make_probe(space: Space | None = None, **fields: Any) -> Probe:
    defaults = {
        "name": f"probe {next(_number)}",
        "kind": "http",
        "target": "http://127.0.0.1:9/",
        "next_run_at": NOON,
    }
    return Probe.objects.create(space=space or make_space(), **defaults | fields)


def make_heartbeat(space: Space | None = None, **fields: Any) -> Heartbeat:
    defaults = {"name": f"heartbeat {next(_number)}"}
    return Heartbeat.objects.create(space=space or make_space(), **defaults | fields)


def make_alert(space: Space | None = None, **fields: Any) -> Alert:
    number = next(_number)
    labels = fields.get("labels", {"instance": f"host-{number}"})
    defaults = {
        "source_kind": "strategy",
        "source_id": number,
        "source_name": f"strategy {number}",
        "labels": labels,
        "fingerprint": fingerprint(labels),
        "open_key": None if fields.get("state") == "resolved" else f"strategy:{number}",
        "severity": 1,
        "started_at": NOON,
    }
    if fields.get("state") == "resolved":
        defaults["ended_at"] = NOON
    return Alert.objects.create(space=space or make_space(), **defaults | fields)
