"""Wait for the database and Redis, speaking their protocols."""

import logging
import sqlite3
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psycopg2
import redis

from bkmonitor.config.boot import database
from bkmonitor.config.boot.exits import BAD_CONFIGURATION, TRY_AGAIN, Stop
from bkmonitor.lib import broker

logger = logging.getLogger(__name__)
FAILURES = (psycopg2.Error, sqlite3.Error, redis.RedisError, OSError)
# What PostgreSQL says when waiting is useless: it has no SQLSTATE at connection.
REFUSALS = ("authentication failed", "does not exist", "no password supplied")
EVICTING = "Redis evicts keys ({policy}); queues would be lost: set maxmemory-policy noeviction"


def wait_for_database(url: str, *, timeout_s: float) -> None:
    """Return when the database answers a query.

    Errors  Stop 78 at once when it refuses us, 75 when it does not answer in time.
    """
    path = database.sqlite_path(url)
    if path is not None:
        _check_folder(path.parent)
    _wait("the database", lambda: database.ping(url), timeout_s=timeout_s)


def wait_for_redis(url: str, *, timeout_s: float) -> None:
    """Return when Redis answers a PING and does not evict.

    Errors  Stop 78 at once when it refuses us or evicts, 75 when it is not there.
    """
    client = broker.client(url)
    _wait("Redis", client.ping, timeout_s=timeout_s)
    try:
        policy = str(_first(client.config_get("maxmemory-policy")) or "noeviction")
    except redis.ResponseError:
        logger.info("start.redis_policy_unknown")
        return
    if policy != "noeviction":
        raise Stop(BAD_CONFIGURATION, EVICTING.format(policy=policy))


def silent_servers(values: Mapping[str, Any]) -> list[str]:
    """Return a line for each server that is given and does not answer at once."""
    asked: dict[str, Callable[[str], object]] = {
        "BKM_DATABASE_URL": database.ping,
        "BKM_REDIS_URL": lambda url: broker.client(url).ping(),
    }
    told = []
    for name, ask in asked.items():
        if not values[name]:
            continue
        try:
            ask(values[name])
        except FAILURES as error:
            told.append(f"{name}: no answer: {_reason(error)}")
    return told


def _reason(error: Exception) -> str:
    """Return the first line of an error; libpq puts advice into the others."""
    lines = str(error).strip().splitlines()
    return lines[0].strip() if lines else type(error).__name__


def _first(answer: Any) -> str:
    """Return the one value of a CONFIG GET, whichever types the client uses."""
    for value in answer.values():
        return value.decode() if isinstance(value, bytes) else str(value)
    return ""


def _wait(what: str, ask: Callable[[], object], *, timeout_s: float) -> None:
    end, pause, told = time.monotonic() + timeout_s, 0.5, ""
    while True:
        try:
            ask()
        except FAILURES as error:
            reason = _reason(error)
            if _is_refusal(error):
                raise Stop(BAD_CONFIGURATION, f"{what}: {reason}") from error
            if reason != told:
                told = reason
                logger.warning("start.waiting", extra={"for": what, "error": told})
            if time.monotonic() + pause > end:
                raise Stop(
                    TRY_AGAIN, f"{what} did not answer in {timeout_s:g} s: {told}"
                ) from error
            time.sleep(pause)
            pause = min(pause * 2, 5.0)
        else:
            return


def _is_refusal(error: Exception) -> bool:
    if isinstance(
        error, redis.AuthenticationError | redis.exceptions.NoPermissionError
    ):
        return True
    return isinstance(error, psycopg2.Error) and any(
        words in str(error) for words in REFUSALS
    )


def _check_folder(folder: Path) -> None:
    if not folder.is_dir():
        raise Stop(BAD_CONFIGURATION, f"the folder {folder} of the database is missing")
