"""Bring the schema up to date, however many containers start at once."""

import fcntl
import logging
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from bkmonitor.config.boot import database
from bkmonitor.config.boot.exits import TRY_AGAIN, Stop

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
    if how == "skip" or _is_current(url):
        return
    if how == "wait":
        _poll(lambda: _is_current(url), end, "nobody migrated the database")
        return
    with _lock(url, end):
        # Whoever had the lock before may have done it all.
        if not _is_current(url):
            migrate(url, environ)


def migrate(url: str, environ: Mapping[str, str]) -> None:
    """Run the migrations in a process of their own; raise Stop with its exit code."""
    given = {
        name: value
        for name, value in environ.items()
        if name != "BKM_DATABASE_URL_FILE"
    }
    logger.info("schema.migrate")
    done = subprocess.run(
        [sys.executable, str(MANAGE), "migrate", "--no-input", "-v", "1"],
        env={**given, "BKM_DATABASE_URL": url},
        check=False,
    )
    if done.returncode:
        raise Stop(done.returncode, "the migration failed; its reason is above")


def check_key(environ: Mapping[str, str]) -> None:
    """Return if the database was written with our secret key; else Stop 78."""
    done = subprocess.run(
        [sys.executable, str(MANAGE), "check_key"], env=dict(environ), check=False
    )
    if done.returncode:
        raise Stop(done.returncode, "the secret key was not accepted")


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
    with closing(database.connect(url)) as connection:
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


def _poll(ask: Callable[[], bool], end: float, otherwise: str) -> None:
    while not ask():
        if time.monotonic() > end:
            raise Stop(TRY_AGAIN, f"schema: {otherwise}, and the time is over")
        time.sleep(0.5)
