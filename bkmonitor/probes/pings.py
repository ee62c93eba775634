"""A ping is kept, and what follows from it, by one statement.

The answer to a ping says that it is kept, so nothing may be left for later; and
there may be thousands a second, so there is one trip to the database: an UPDATE and
an INSERT in one statement on PostgreSQL, the same two in a transaction on SQLite.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from django.db import InterfaceError, OperationalError, connection, transaction

from bkmonitor.lib.errors import NotFound
from bkmonitor.probes.models import Ping

Kind = Ping.Kind
COLUMNS = (
    "heartbeat_id", "at", "kind", "exit_status", "duration_s", "method",
    "remote_address", "user_agent", "run_id", "body",
)  # fmt: skip
GIVEN = ("method", "remote_address", "user_agent", "run_id", "body")


@dataclass(frozen=True, slots=True)
class Sign:
    """A ping as it came in. An exit status above 0 is a failure."""

    kind: Ping.Kind
    exit_status: int | None = None
    run_id: UUID | None = None
    method: str = "GET"
    remote_address: str = ""
    user_agent: str = ""
    body: str = ""


def keep(uuid: UUID, sign: Sign, now: datetime) -> bool:
    """Keep a ping; return whether the heartbeat has to be judged at once.

    Raises NotFound if no heartbeat has this UUID.
    """
    kind = sign.kind
    if kind is Kind.SUCCESS and sign.exit_status:
        kind = Kind.FAIL
    values: dict[str, Any] = {
        "uuid": uuid,
        "at": now,
        "kind": kind.value,
        "exit_status": sign.exit_status,
        "run_id": sign.run_id,
        "method": sign.method,
        "remote_address": sign.remote_address,
        "user_agent": sign.user_agent[:200],
        # PostgreSQL's text cannot hold it.
        "body": sign.body.replace("\0", ""),
    }
    if connection.vendor == "postgresql":
        return _keep_on_postgresql(values)
    return _keep_on_sqlite(values)


def _keep_on_postgresql(values: Mapping[str, Any]) -> bool:
    # Django would ask a kept connection first whether it still lives, which costs
    # as much as the ping. The ping itself shows it, and may be sent again.
    connection.health_check_done = True  # type: ignore[attr-defined]
    try:
        return _execute(values)
    except (OperationalError, InterfaceError):
        if connection.in_atomic_block:
            raise
        connection.close()
        return _execute(values)


def _execute(values: Mapping[str, Any]) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_on_postgresql(values["kind"]), values)
        row = cursor.fetchone()
    if row is None:
        raise NotFound("no heartbeat has this address")
    return bool(row[0])


@cache
def _on_postgresql(kind: str) -> str:
    return f"""
        WITH beat AS ({_beat(kind, _POSTGRESQL)}), kept AS (
            INSERT INTO probes_ping ({", ".join(COLUMNS)})
            SELECT id, %(at)s, %(kind)s, %(exit_status)s, duration_s,
                   {", ".join(f"%({name})s" for name in GIVEN)}
            FROM beat)
        SELECT rings FROM beat
    """


def _keep_on_sqlite(values: dict[str, Any]) -> bool:
    at = connection.ops.adapt_datetimefield_value(values["at"])
    run_id = values["run_id"].hex if values["run_id"] else None
    values |= {"uuid": values["uuid"].hex, "at": at, "run_id": run_id}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_beat(values["kind"], _SQLITE), values)
        row = cursor.fetchone()
        if row is None:
            raise NotFound("no heartbeat has this address")
        key, duration_s, rings = row
        given = ", ".join(f"%({name})s" for name in ("at", "kind", "exit_status"))
        rest = ", ".join(f"%({name})s" for name in ("duration_s", *GIVEN))
        cursor.execute(
            f"INSERT INTO probes_ping ({', '.join(COLUMNS)}) "  # noqa: S608
            f"VALUES (%(id)s, {given}, {rest})",
            {**values, "id": key, "duration_s": duration_s},
        )
    return bool(rings)


@dataclass(frozen=True, slots=True)
class _Dialect:
    """How a database says what both can do."""

    later: str
    between: str
    least: str
    same: str


_POSTGRESQL = _Dialect(
    later="({at} + ({seconds}) * interval '1 second')",
    between="extract(epoch from {end} - {start})",
    least="LEAST({one}, {other})",
    same="{one} IS NOT DISTINCT FROM {other}",
)
# Moments are text in Django's form, without a fraction that is zero.
_SQLITE = _Dialect(
    later="replace(strftime('%%Y-%%m-%%d %%H:%%M:%%f', {at}, "
    "'+' || ({seconds}) || ' seconds'), '.000', '')",
    between="round((julianday({end}) - julianday({start})) * 86400, 3)",
    least="min({one}, {other})",
    same="{one} IS {other}",
)


def _beat(kind: str, dialect: _Dialect) -> str:
    """Return the statement that changes the heartbeat and says (id, duration_s, rings).

    The right-hand sides see the row as it was before the ping.
    """
    if kind == Kind.LOG:
        return (
            "SELECT id, CAST(NULL AS double precision) AS duration_s, 1 = 0 AS rings "
            "FROM probes_heartbeat WHERE uuid = %(uuid)s"
        )
    if kind == Kind.START:
        sets, returned = (
            _start(dialect),
            "CAST(NULL AS double precision) AS duration_s, 1 = 0 AS rings",
        )
    else:
        sets = _end(dialect, failed=kind == Kind.FAIL)
        returned = (
            "last_duration_s AS duration_s, coalesce(ring_at = %(at)s, 1 = 0) AS rings"
        )
    changes = ", ".join(f"{name} = {value}" for name, value in sets.items())
    return (
        f"UPDATE probes_heartbeat SET {changes} "  # noqa: S608
        f"WHERE uuid = %(uuid)s RETURNING id, {returned}"
    )


def _start(dialect: _Dialect) -> dict[str, str]:
    """A run begins: it may take the grace, and the schedule goes on."""
    run_ends = dialect.later.format(at="%(at)s", seconds="grace_s")
    period_ends = dialect.later.format(at="last_ping_at", seconds="period_s + grace_s")
    return {
        "last_start_at": "%(at)s",
        "last_start_rid": "%(run_id)s",
        "deadline_at": "CASE WHEN NOT enabled THEN NULL "
        f"WHEN last_ping_at IS NULL THEN {run_ends} "
        f"ELSE {dialect.least.format(one=period_ends, other=run_ends)} END",
    }


def _end(dialect: _Dialect, *, failed: bool) -> dict[str, str]:
    """A run ends, or a job without runs says that it lives.

    A run is the ping's when both carry the same id, or both none; then its duration
    is known. A failure closes any run, a success without an id too; a success that
    carries another id leaves the run going.
    """
    matched = dialect.same.format(one="last_start_rid", other="%(run_id)s")
    closes = "1 = 1" if failed else f"({matched} OR %(run_id)s IS NULL)"
    duration = dialect.between.format(end="%(at)s", start="last_start_at")
    period_ends = dialect.later.format(at="%(at)s", seconds="period_s + grace_s")
    run_ends = dialect.later.format(at="last_start_at", seconds="grace_s")
    sooner = dialect.least.format(one=period_ends, other=run_ends)
    changes = (
        "" if failed else "AND (state <> 'up' OR last_failed OR ring_at IS NOT NULL) "
    )
    unjudged = "%(at)s" if failed else "unjudged_failure_at"
    return {
        "last_ping_at": "%(at)s",
        "unjudged_failure_at": f"CASE WHEN enabled THEN {unjudged} END",
        "last_failed": "1 = 1" if failed else "1 = 0",
        "last_exit_status": "%(exit_status)s",
        "last_duration_s": f"CASE WHEN {matched} THEN {duration} END",
        "last_start_at": f"CASE WHEN {closes} THEN NULL ELSE last_start_at END",
        "last_start_rid": f"CASE WHEN {closes} THEN NULL ELSE last_start_rid END",
        "deadline_at": "CASE WHEN NOT enabled THEN NULL "
        f"WHEN last_start_at IS NULL OR {closes} THEN {period_ends} "
        f"ELSE {sooner} END",
        "ring_at": f"CASE WHEN enabled {changes}THEN %(at)s ELSE ring_at END",
    }
