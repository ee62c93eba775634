"""Health is answered before Django, and names what is broken."""

import json
import sqlite3

import pytest

from bkmonitor.config.boot import database
from bkmonitor.config.health import Health
from bkmonitor.config.variables import load


def ask(health, path):
    heard = {}

    def start_response(status, headers):
        heard["status"] = status

    body = b"".join(health({"PATH_INFO": path}, start_response))
    return heard["status"][:3], body


def rest(environ, start_response):
    start_response("200 OK", [])
    return [b"the rest"]


@pytest.fixture
def values(tmp_path):
    return load(
        {"BKM_DATA": str(tmp_path), "BKM_REDIS_URL": f"unix://{tmp_path}/none.sock"}
    ).values


def test_live_needs_nothing(values):
    assert ask(Health(rest, values), "/healthz/live")[0] == "200"


def test_everything_else_is_handed_on(values):
    assert ask(Health(rest, values), "/")[1] == b"the rest"


def test_unready_names_the_parts_and_no_reason(values):
    status, body = ask(Health(rest, values), "/healthz/ready")

    assert status == "503"
    assert json.loads(body) == {
        "status": "unready",
        "parts": {
            "database": "ok",
            "schema": "failed",
            "redis": "failed",
            "victoria_metrics": "off",
        },
    }


def test_a_schema_newer_than_the_code_is_good_enough(tmp_path):
    connection = sqlite3.connect(tmp_path / "db")
    connection.execute("create table django_migrations (app text, name text)")
    rows = [*database.known_migrations(), ("alerts", "9999_of_a_newer_release")]
    connection.executemany("insert into django_migrations values (?, ?)", rows)

    assert database.missing_migrations(connection) == frozenset()


def test_an_empty_database_misses_every_migration(tmp_path):
    connection = sqlite3.connect(tmp_path / "db")

    missing = database.missing_migrations(connection)

    assert ("accounts", "0001_initial") in missing
    assert ("auth", "0001_initial") in missing


def test_the_apps_of_django_that_have_migrations_are_all_known(settings):
    contrib = {
        app.rpartition(".")[2] for app in settings.INSTALLED_APPS if "contrib" in app
    }

    assert set(database.CONTRIB) == contrib - {"messages", "staticfiles"}
