"""What the pages show in the browser tests: a space with everything, one with nothing, one with a lot."""

from datetime import timedelta
from math import sin

from django.utils import timezone

from bkmonitor.accounts.models import Member, Space, User
from bkmonitor.alerts.models import Alert, Note, Transition
from bkmonitor.calendars.models import Calendar
from bkmonitor.lib.labels import fingerprint
from bkmonitor.notifications.models import Attempt
from bkmonitor.probes.models import Heartbeat, Probe
from bkmonitor.routing.models import AlertGroup
from bkmonitor.strategies.models import Strategy
from bkmonitor.strategies.revisions import history_of
from bkmonitor.strategies.services import (
    delete_strategy,
    restore_strategy,
    save_strategy,
)
from tests.factories import (
    make_calendar,
    make_composite,
    make_heartbeat,
    make_item,
    make_level,
    make_member,
    make_notification,
    make_probe,
    make_receiver,
    make_scrape_target,
    make_space,
    make_strategy,
    make_token,
    make_user,
)

PASSWORD = "a long enough secret"  # noqa: S105
EMAIL = "ada@example.org"
BUSY = {"instance": "web-1.example.org:9100", "job": "node"}
LIMIT = {"id": "limit", "params": {"value": 97.3, "operator": ">", "limit": 90}}
NORMAL = {"id": "resolved.normal", "params": {"value": 41.2}}


def seed(many: int = 3000) -> dict[str, object]:
    """Fill an empty database; return the ids that addresses need."""
    user = make_user(email=EMAIL, password=PASSWORD, name="Ada Byron", is_superuser=True)  # fmt: skip
    shop = make_space(slug="shop", name="Shop")
    for space in (
        shop,
        make_space(slug="empty", name="Nothing yet"),
        make_space(slug="crowd", name="A great many things"),
    ):
        make_member(space, user=user)
    make_member(shop, role="viewer", user=make_user(email="eve@example.org", password=PASSWORD))  # fmt: skip
    ids = fill(shop)
    crowd(Space.objects.get(slug="crowd"), many)
    return ids


def results(*, failing: bool) -> list[list[object]]:
    """Return sixty looks of a probe, the newest half a minute ago."""
    now = int(timezone.now().timestamp())
    looks: list[list[object]] = []
    for number in range(60):
        at = now - (60 - number) * 30
        if failing and number > 54:
            looks.append([at, 0, 5.0, "connection refused"])
        elif number == 20:
            looks.append([at, None, None, "no route from here"])
        else:
            looks.append([at, 1, 0.1 + 0.03 * sin(number / 5), "200"])
    return looks


def fill(space: Space) -> dict[str, object]:
    """Put one of everything into a space, some of it in trouble."""
    now = timezone.now()
    mail = make_receiver(space, name="Ada by mail", channel="email", address=EMAIL)
    hook = make_receiver(space, name="Chat of the night shift", confirmed_at=None)
    make_receiver(space, name="Old pager", enabled=False)
    cpu = make_strategy(space, name="CPU is busy", outcome="complete", last_tick_at=now)
    make_history(cpu, by=User.objects.get(email=EMAIL))
    latency = make_strategy(
        space,
        name="API latency p95",
        outcome="failing",
        outcome_reason="no answer from 127.0.0.1: connection refused",
        failing_since=now - timedelta(minutes=7),
        last_tick_at=now,
    )
    for name, state in (("catalogue", "up"), ("checkout", "down"), ("search", "up")):
        probe = make_probe(
            space,
            name=name,
            target=f"https://{name}.example.org/health",
            state=state,
            results=results(failing=state == "down"),
            last_run_at=now,
            next_run_at=now + timedelta(days=1),
        )
    make_token(space, "ingest", name="Prometheus of the shop")
    make_token(space, "read", name="Grafana", revoked_at=now)
    make_scrape_target(space, name="Checkout", labels={"team": "payments"})
    make_scrape_target(space, name="Old host", enabled=False)
    backup = make_heartbeat(
        space, name="Nightly backup", state="up", last_ping_at=now - timedelta(hours=9)
    )
    make_heartbeat(
        space, name="Import", state="down", last_ping_at=now - timedelta(hours=30)
    )
    days_off = make_days_off(space)
    alert = make_story(space, cpu.pk, mail, hook)
    both = make_composite(
        {"cpu": cpu, "latency": latency},
        "cpu.critical and latency",
        "cpu or latency",
        on=["instance"],
        name="Shop in trouble",
        last_tick_at=now,
    )
    make_other_alerts(space, probe.pk)
    return {
        "alerts": alert.pk,
        "strategies": cpu.pk,
        "composite": both.pk,
        "probes": probe.pk,
        "heartbeats": backup.pk,
        "calendars": days_off.pk,
    }


def make_days_off(space: Space) -> Calendar:
    """Write this month's days off into a calendar."""
    calendar = make_calendar(
        space, name="Days off", description="Of all who are on call"
    )
    month = f"{timezone.now():%Y-%m}"
    day = {"start": f"{month}-04T00:00", "end": f"{month}-06T00:00"}
    make_item(calendar, name="Works outing with a rather long name", **day)
    night = {"start": f"{month}-02T22:00", "end": f"{month}-03T06:00"}
    make_item(calendar, name="Night of the batch", rule="FREQ=WEEKLY", **night)
    return calendar


def make_history(strategy: Strategy, by: User) -> None:
    """Change a strategy as people do, and delete another."""
    now = timezone.now()
    levels = [*strategy.levels, make_level(2, ">", 75.0)]
    texts = "Look at what runs there.\nCall the team of the host.\n"
    for minutes, fields in (
        (90, {"description": texts, "levels": levels}),
        (60, {"description": f"{texts}Do not restart it.\n", "interval_s": 30}),
        (50, {"enabled": False}),
        (20, {"enabled": True, "interval_s": 60}),
    ):
        at = now - timedelta(minutes=minutes)
        save_strategy(strategy.space, fields, by=by, now=at, strategy=strategy)
    restore_strategy(history_of(strategy.pk, by)[2], by=None, now=now)
    gone = make_strategy(strategy.space, name="Swap in use", expression="swap_used")
    delete_strategy(gone, by=by, now=now)


def samples() -> str:
    """Return two hours of `cpu` of a host that gets busy twelve minutes ago, as text."""
    now = int(timezone.now().timestamp())
    pairs = {"space": "shop", **BUSY}.items()
    labels = ",".join(f'{name}="{value}"' for name, value in pairs)
    lines = []
    for minute in range(120, -1, -1):
        value = 97 + sin(minute) if minute <= 12 else 42 + 20 * sin(minute / 9)
        lines.append(f"cpu{{{labels}}} {value:.2f} {(now - minute * 60) * 1000}")
    return "\n".join(lines) + "\n"


def make_story(space: Space, strategy: int, mail: object, hook: object) -> Alert:
    """Make a firing alert to which everything has happened."""
    now = timezone.now()
    at = now - timedelta(minutes=12)
    alert = Alert.objects.create(
        space=space,
        source_kind="strategy",
        source_id=strategy,
        source_name="CPU is busy",
        severity=1,
        labels={**BUSY, "region": "north"},
        fingerprint=fingerprint(BUSY),
        open_key="strategy:story",
        value=97.3,
        sentence=LIMIT,
        summary="CPU of web-1 is at 97 %",
        description="Look at the batch jobs first.",
        runbook_url="https://wiki.example.org/cpu",
        started_at=at,
    )
    for kind, minutes in (("fired", 0), ("worsened", 4)):
        Transition.objects.create(
            alert=alert,
            kind=kind,
            severity=1,
            sentence=LIMIT,
            at=at + timedelta(minutes=minutes),
        )
    user = Member.objects.filter(space=space, role="admin").get().user
    Note.objects.create(alert=alert, kind="comment", at=at, by=user, text="I look.")
    Note.objects.create(alert=alert, kind="data_missing", at=now)
    AlertGroup.objects.create(
        space=space, alert=alert, next_repeat_at=now + timedelta(hours=3)
    )
    for receiver, state in ((mail, "sent"), (hook, "failed")):
        told = make_notification(
            space,
            receiver=receiver,
            thread=f"alert:{alert.pk}",
            next_attempt_at=None,
            state=state,
            attempts=1,
            created_at=at,
            sent_at=at if state == "sent" else None,
        )
        Attempt.objects.create(
            notification=told, at=at, ok=state == "sent", detail="answered 500"
        )
    return alert


def make_other_alerts(space: Space, probe: int) -> None:
    """Make alerts of each severity and source, one of them taken and some over."""
    now = timezone.now()
    user = Member.objects.filter(space=space, role="admin").get().user
    down = {"error": "connection refused", "kind": "http", "target": "https://a.example"}  # fmt: skip
    for number in range(8):
        over = number > 3
        Alert.objects.create(
            space=space,
            source_kind="probe" if number == 0 else "strategy",
            source_id=probe if number == 0 else 99,
            source_name=f"Problem {number}",
            severity=1 + number % 3,
            labels={"instance": f"web-{number}", "job": "node"},
            fingerprint=f"{number:016}",
            open_key=None if over else f"strategy:99:{number}",
            state="resolved" if over else "firing",
            sentence={"id": "probe.down", "params": down} if number == 0 else LIMIT,
            started_at=now - timedelta(minutes=5 + number * 70),
            ended_at=now - timedelta(minutes=number) if over else None,
            acked_at=now if number == 2 else None,
            acked_by=user if number == 2 else None,
        )


def crowd(space: Space, many: int) -> None:
    """Put a great many of everything into a space."""
    now = timezone.now()
    looks = results(failing=False)
    Probe.objects.bulk_create(
        Probe(
            space=space,
            name=f"probe {number:05}",
            kind="http",
            target=f"https://host-{number}.example.org/",
            state="down" if number % 100 == 0 else "up",
            results=looks,
            next_run_at=now + timedelta(days=1),
        )
        for number in range(many)
    )
    Heartbeat.objects.bulk_create(
        Heartbeat(space=space, name=f"heartbeat {number:05}", state="up")
        for number in range(many)
    )
    Strategy.objects.bulk_create(
        Strategy(
            space=space,
            name=f"strategy {number:05}",
            expression="up == 0",
            next_run_at=now + timedelta(days=1),
        )
        for number in range(many)
    )
    Alert.objects.bulk_create(
        Alert(
            space=space,
            source_kind="strategy",
            source_id=number,
            source_name=f"strategy {number:05}",
            severity=1 + number % 3,
            labels={"instance": f"host-{number}.example.org", "job": "node"},
            fingerprint=f"{number:016}",
            open_key=f"crowd:{number}",
            sentence=LIMIT,
            value=97.3,
            started_at=now - timedelta(seconds=number),
        )
        for number in range(many)
    )
