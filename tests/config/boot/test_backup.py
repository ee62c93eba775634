"""A backup comes back whole, or says why not."""

import sqlite3
import tarfile
from contextlib import closing

import pytest

from bkmonitor.config.boot.backup import backup, restore
from bkmonitor.config.boot.exits import Stop
from bkmonitor.config.boot.standalone import alone_on
from bkmonitor.config.variables import load


@pytest.fixture
def values(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    with closing(sqlite3.connect(data / "bkmonitor.sqlite3")) as connection:
        connection.execute("create table django_migrations (app text, name text)")
        connection.execute("create table things (name text)")
        connection.execute("insert into things values ('kept')")
        connection.commit()
    return load({"BKM_DATA": str(data)}).values


def things(values):
    path = f"{values['BKM_DATA']}/bkmonitor.sqlite3"
    with closing(sqlite3.connect(path)) as connection:
        return [row[0] for row in connection.execute("select name from things")]


def change(values, statement):
    path = f"{values['BKM_DATA']}/bkmonitor.sqlite3"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(statement)
        connection.commit()


def test_what_was_saved_comes_back(tmp_path, values):
    saved = tmp_path / "saved.tar.gz"
    backup(saved, values)
    change(values, "delete from things")

    restore(saved, values)

    assert things(values) == ["kept"]
    assert saved.stat().st_mode & 0o077 == 0


def test_nothing_is_brought_back_under_a_running_service(tmp_path, values):
    saved = tmp_path / "saved.tar.gz"
    backup(saved, values)

    with alone_on(tmp_path / "data"), pytest.raises(Stop, match="runs on") as stop:
        restore(saved, values)

    assert stop.value.code == 75


def test_a_backup_of_a_newer_release_is_refused(tmp_path, values):
    saved = tmp_path / "saved.tar.gz"
    change(values, "insert into django_migrations values ('alerts', '9999_newer')")
    backup(saved, values)

    with pytest.raises(Stop, match="newer release: it has alerts.9999_newer"):
        restore(saved, values)


@pytest.mark.parametrize("content", [b"", b"no tar at all"])
def test_what_is_no_backup_is_refused_and_nothing_lost(tmp_path, values, content):
    path = tmp_path / "other"
    path.write_bytes(content)

    with pytest.raises(Stop, match="is no backup"):
        restore(path, values)

    assert things(values) == ["kept"]


def test_a_damaged_backup_is_refused(tmp_path, values):
    saved, damaged = tmp_path / "saved.tar.gz", tmp_path / "damaged.tar.gz"
    backup(saved, values)
    folder = tmp_path / "unpacked"
    folder.mkdir()
    with tarfile.open(saved) as tar:
        for name in tar.getnames():
            (folder / name).write_bytes(tar.extractfile(name).read())
    (folder / "database.sqlite3").write_bytes(b"something else")
    with tarfile.open(damaged, "w:gz") as tar:
        for path in folder.iterdir():
            tar.add(path, path.name)

    with pytest.raises(Stop, match="damaged"):
        restore(damaged, values)


def test_a_server_s_database_is_for_its_own_tools(tmp_path):
    values = load({"BKM_DATABASE_URL": "postgresql://u@h/d"}).values

    with pytest.raises(Stop, match="pg_dump"):
        backup(tmp_path / "x", values)


def test_a_tar_that_would_write_elsewhere_is_refused(tmp_path, values):
    evil = tmp_path / "evil.tar.gz"
    with tarfile.open(evil, "w:gz") as tar:
        tar.addfile(tarfile.TarInfo("../outside"))

    with pytest.raises(Stop, match="no file of a backup"):
        restore(evil, values)

    assert not (tmp_path / "outside").exists()
