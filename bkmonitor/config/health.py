"""Health before Django: no host check, no redirect, no middleware is in the way."""

import json
import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import psycopg2
import redis

from bkmonitor.config.boot import database
from bkmonitor.lib import broker, http
from bkmonitor.lib.errors import MonitorError

logger = logging.getLogger(__name__)
SCHEMA_KEPT_S = 30.0
STORE_KEPT_S = 10.0
FAILURES = (psycopg2.Error, sqlite3.Error, redis.RedisError, MonitorError, OSError)


class Renewed:
    """The newest answer of a check that may be slow: nobody waits long for it.

    A name that DNS does not know can take longer than a health check has time for.
    """

    def __init__(self, check: Callable[[], bool]) -> None:
        self._check = check
        self._good = True
        self._fresh_until = 0.0

    def __call__(self) -> bool:
        """Return the newest answer; ask anew when it is old, for a second at most."""
        if time.monotonic() > self._fresh_until:
            self._fresh_until = time.monotonic() + STORE_KEPT_S
            asking = threading.Thread(target=self._ask, daemon=True)
            asking.start()
            asking.join(1)
        return self._good

    def _ask(self) -> None:
        self._good = self._check()


class Health:
    """Answer `/healthz/live` and `/healthz/ready`; hand everything else on.

    Live is constant: a broken dependency must never get a process killed. Ready
    needs the database, its schema and Redis; without VictoriaMetrics the service is
    degraded, and ready all the same. The answer names parts, never reasons: those
    are in the log.
    """

    def __init__(self, application: WSGIApplication, values: Mapping[str, Any]) -> None:
        self._application = application
        self._values = values
        self._schema_good_until = 0.0
        self._has_store = Renewed(lambda: self._try("victoria_metrics", self._metrics))

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Answer one request."""
        path = environ.get("PATH_INFO", "")
        if path == "/healthz/live":
            return _answer(start_response, "200 OK", {"status": "alive"})
        if path == "/healthz/ready":
            return self._ready(start_response)
        return self._application(environ, start_response)

    def _ready(self, start_response: StartResponse) -> Iterable[bytes]:
        needed = {
            "database": self._try("database", self._database),
            "schema": self._try("schema", self._schema),
            "redis": self._try("redis", self._redis),
        }
        wanted = {"victoria_metrics": self._has_store()}
        ready = all(needed.values())
        status = "ready" if all(wanted.values()) else "degraded"
        parts = {name: "ok" if good else "failed" for name, good in needed.items()}
        parts |= {
            name: _word(good, off=not self._values["BKM_VM_WRITE_URL"])
            for name, good in wanted.items()
        }
        return _answer(
            start_response,
            "200 OK" if ready else "503 Service Unavailable",
            {"status": status if ready else "unready", "parts": parts},
        )

    def _try(self, part: str, check: Callable[[], None]) -> bool:
        try:
            check()
        except FAILURES as error:
            logger.warning(
                "health.failed", extra={"part": part, "error": type(error).__name__}
            )
            return False
        return True

    def _database(self) -> None:
        database.ping(database.url_of(self._values), timeout_s=2)

    def _schema(self) -> None:
        if time.monotonic() < self._schema_good_until:
            return
        url = database.url_of(self._values)
        with closing(database.connect(url, timeout_s=2)) as connection:
            if missing := database.missing_migrations(connection):
                raise MonitorError(f"{len(missing)} migrations are missing")
        self._schema_good_until = time.monotonic() + SCHEMA_KEPT_S

    def _redis(self) -> None:
        broker.client(self._values["BKM_REDIS_URL"]).ping()

    def _metrics(self) -> None:
        values = self._values
        url = values["BKM_VM_QUERY_URL"] or values["BKM_VM_WRITE_URL"]
        if url:
            answer = http.request("GET", f"{url.rstrip('/')}/health", timeout_s=1)
            if answer.status != 200:
                raise MonitorError(f"VictoriaMetrics answered {answer.status}")


def _word(good: bool, *, off: bool) -> str:
    if off:
        return "off"
    return "ok" if good else "failed"


def _answer(
    start_response: StartResponse, status: str, body: Mapping[str, Any]
) -> Iterable[bytes]:
    content = json.dumps(body).encode() + b"\n"
    start_response(
        status,
        [
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(content))),
            ("Cache-Control", "no-store"),
        ],
    )
    return [content]
