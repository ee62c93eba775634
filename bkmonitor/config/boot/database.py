"""The database without Django: reach it, and see which migrations it has."""

import sqlite3
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import psycopg2

ROOT = Path(__file__).resolve().parent.parent.parent
CONTRIB = ("admin", "auth", "contenttypes", "sessions")


def url_of(values: Any) -> str:
    """Return the database's URL: the one given, or SQLite in BKM_DATA."""
    return values["BKM_DATABASE_URL"] or (
        f"sqlite:///{values['BKM_DATA']}/bkmonitor.sqlite3"
    )


def sqlite_path(url: str) -> Path | None:
    """Return the file of a SQLite URL; None for a server."""
    parts = urlsplit(url)
    if parts.scheme != "sqlite":
        return None
    return Path(unquote(parts.path.removeprefix("/")))


def connect(url: str, *, timeout_s: int = 5) -> Any:
    """Open a DB-API connection.

    Errors  psycopg2.Error or sqlite3.Error, soon: the timeout bounds both.
    """
    path = sqlite_path(url)
    if path is not None:
        return sqlite3.connect(path, timeout=timeout_s)
    connection = psycopg2.connect(url, connect_timeout=timeout_s)
    connection.autocommit = True
    return connection


def ping(url: str, *, timeout_s: int = 2) -> None:
    """Ask the database for a 1; raise psycopg2.Error or sqlite3.Error if it cannot."""
    with closing(connect(url, timeout_s=timeout_s)) as connection:
        connection.cursor().execute("SELECT 1")


def known_migrations() -> frozenset[tuple[str, str]]:
    """Return (app, name) of every migration of this image, from the files' names."""
    spec = find_spec("django")
    places = spec.submodule_search_locations if spec else None
    contrib = [
        Path(place) / "contrib" / app for place in places or () for app in CONTRIB
    ]
    return frozenset(
        (room.name, file.stem)
        for room in (*ROOT.iterdir(), *contrib)
        for file in room.glob("migrations/[0-9]*.py")
    )


def missing_migrations(connection: Any) -> frozenset[tuple[str, str]]:
    """Return which of this image's migrations the database has not had.

    What the database has beyond them is a newer release's, and no matter: the
    former release runs on the new schema.
    """
    cursor = connection.cursor()
    try:
        cursor.execute("SELECT app, name FROM django_migrations")
    except (psycopg2.errors.UndefinedTable, sqlite3.OperationalError) as error:
        if isinstance(error, sqlite3.OperationalError) and "no such table" not in str(
            error
        ):
            raise
        return known_migrations()
    return known_migrations() - frozenset(
        (str(app), str(name)) for app, name in cursor.fetchall()
    )
