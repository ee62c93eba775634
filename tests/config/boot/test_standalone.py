"""The standalone role gives itself what it was not given."""

import pytest

from bkmonitor.config.boot.exits import Stop
from bkmonitor.config.boot.standalone import beside, note, own_environment

# A free port for the store is found by asking for one.
asks_for_a_port = pytest.mark.enable_socket


def places(folder):
    return {"BKM_DATA": f"{folder}/data", "BKM_RUN": f"{folder}/run"}


@asks_for_a_port
def test_keys_are_made_once_and_only_their_owner_can_read_them(tmp_path):
    first = own_environment(places(tmp_path))
    key = tmp_path / "data" / "secret_key"
    made = key.read_text()

    second = own_environment(places(tmp_path))

    assert first["BKM_SECRET_KEY_FILE"] == second["BKM_SECRET_KEY_FILE"] == str(key)
    assert key.read_text() == made
    assert len(made.strip()) >= 32
    assert key.stat().st_mode & 0o077 == 0


def test_what_is_given_wins(tmp_path):
    given = {
        "BKM_SECRET_KEY": "k" * 32,
        "BKM_REDIS_URL": "redis://elsewhere/0",
        "BKM_VM_WRITE_URL": "http://elsewhere",
        "BKM_WEB_WORKERS": "3",
    }

    added = own_environment({**places(tmp_path), **given})

    assert set(added) == {"BKM_SCRAPE_TOKEN_FILE"}


@asks_for_a_port
def test_no_secret_itself_is_among_what_is_added(tmp_path):
    added = own_environment(places(tmp_path))

    secrets = {path.read_text().strip() for path in (tmp_path / "data").iterdir()}
    assert not secrets & set(added.values())


def test_a_path_too_long_for_a_socket_is_told(tmp_path):
    run = tmp_path / ("x" * 120)

    with pytest.raises(Stop, match="too long a path") as stop:
        own_environment({"BKM_DATA": str(tmp_path), "BKM_RUN": str(run)})

    assert stop.value.code == 78


def test_a_command_beside_the_role_speaks_to_the_same_stores(tmp_path):
    note(
        tmp_path,
        {"BKM_SECRET_KEY_FILE": "/data/secret_key", "BKM_REDIS_URL": "unix:///r"},
    )

    environ = beside(
        {"BKM_RUN": str(tmp_path), "BKM_SECRET_KEY": "another", "HOME": "/root"}
    )

    assert environ == {
        "BKM_RUN": str(tmp_path),
        "HOME": "/root",
        "BKM_SECRET_KEY_FILE": "/data/secret_key",
        "BKM_REDIS_URL": "unix:///r",
    }


def test_without_a_role_beside_it_the_environment_is_as_it_was(tmp_path):
    assert beside({"BKM_RUN": str(tmp_path)}) == {"BKM_RUN": str(tmp_path)}
