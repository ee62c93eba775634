"""Bring the schema up to date, however many containers start at once."""

import fcntl
import logging
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import psycopg2

from bkmonitor.config.boot import database
from bkmonitor.config.boot.exits import TRY_AGAIN, Stop

T = TypeVar("T")
logger = logging.getLogger(__name__)
MANAGE = Path(__file__).resolve().parent.parent.parent.parent / "manage.py"
# Any number will do; it must only be the same for all, and ours.
LOCK = 0x626B6D6F6E


def prepare_schema(how: str, values: Any, environ: Mapping[str, str]) -> None:
    """Return when every migration of this image is in the database.

    `how` is auto (migrate under a lock), wait (until somebody has) or skip. The
    usual case, a schema that is current, costs one query and takes no lock.

    Errors  Stop 75 when it takes longer than BKM_SCHEMA_TIMEOUT; Stop with the
            code of a migration that failed.
    """
    url = values["BKM_MIGRATE_DATABASE_URL"] or database.url_of(values)
    end = time.monotonic() + values["BKM_SCHEMA_TIMEOUT"]
    if how == "skip" or _patiently(lambda: _is_current(url), end):
        return
    if how == "wait":
        _poll(lambda: _is_current(url), end, "nobody migrated the database")
        return
    with _lock(url, end):
        # Whoever had the lock before may have done it all.
        if not _patiently(lambda: _is_current(url), end):
            migrate(url, environ)


def migrate(url: str, environ: Mapping[str, str]) -> None:
    """Run the migrations in a process of their own; raise Stop with its exit code."""
    logger.info("schema.migrate")
    given = {
        name: value
        for name, value in environ.items()
        if name != "BKM_DATABASE_URL_FILE"
    }
    code = _manage(
        ["migrate", "--no-input", "-v", "1"], {**given, "BKM_DATABASE_URL": url}
    )
    if code:
        raise Stop(code, "the migration failed; its reason is above")


def check_key(environ: Mapping[str, str]) -> None:
    """Return if the database was written with our secret key; else Stop 78."""
    if code := _manage(["check_key"], environ):
        raise Stop(code, "the secret key was not accepted")


def _manage(words: list[str], environ: Mapping[str, str]) -> int:
    """Run manage.py and return its exit code; a failure is tried a second time.

    Both commands are safe to repeat, and while many containers start together a
    name or a connection may fail for a moment.
    """
    code = 0
    for _attempt in range(2):
        command = [sys.executable, str(MANAGE), *words]
        code = subprocess.run(command, env=dict(environ), check=False).returncode
        if code != 1:
            break
        time.sleep(1)
    return code


def _is_current(url: str) -> bool:
    with closing(database.connect(url)) as connection:
        return not database.missing_migrations(connection)


@contextmanager
def _lock(url: str, end: float) -> Iterator[None]:
    """Hold the one lock of this database; the end of its holder sets it free."""
    path = database.sqlite_path(url)
    if path is not None:
        with path.with_suffix(".migrate-lock").open("w") as file:
            _poll(lambda: _take_file(file.fileno()), end, "the lock is taken")
            yield
        return
    with closing(_patiently(lambda: database.connect(url), end)) as connection:
        _poll(lambda: _take_session(connection), end, "the lock is taken")
        yield


def _take_file(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _take_session(connection: Any) -> bool:
    cursor = connection.cursor()
    cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
    return bool(cursor.fetchone()[0])


def _patiently(ask: Callable[[], T], end: float) -> T:
    """Ask until the database answers: it may be away for a moment while others start."""
    while True:
        try:
            return ask()
        except psycopg2.OperationalError as error:
            if time.monotonic() > end:
                raise Stop(TRY_AGAIN, f"the database went away: {error}") from error
            logger.warning("schema.waiting", extra={"error": str(error).strip()})
            time.sleep(0.5)


def _poll(ask: Callable[[], bool], end: float, otherwise: str) -> None:
    while not _patiently(ask, end):
        if time.monotonic() > end:
            raise Stop(TRY_AGAIN, f"schema: {otherwise}, and the time is over")
        time.sleep(0.5)
