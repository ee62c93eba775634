"""Save what cannot be derived, and bring it back: the roles backup and restore."""

import hashlib
import json
import shutil
import sqlite3
import tarfile
import tempfile
import urllib.request
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bkmonitor.config.boot import database, standalone
from bkmonitor.config.boot.exits import BAD_CONFIGURATION, TRY_AGAIN, Stop

MANIFEST, DATABASE, SAMPLES = "manifest.json", "database.sqlite3", "samples"
ELSEWHERE = (
    "the database is a server: save it with pg_dump, as docs/operations.md shows"
)


def backup(path: Path, values: Mapping[str, Any]) -> list[str]:
    """Write a tar with SQLite and the embedded store's samples; return what is in it.

    It may run beside the service. Redis is left out: queues and schedule are made
    anew from rows. The secret key is left out too: keep it elsewhere, since without
    it the stored secrets cannot be read.

    Errors  Stop 78 when the database is a server, whose own tools do this better.
    """
    source = _sqlite(values)
    parts = [MANIFEST, DATABASE]
    with tempfile.TemporaryDirectory(dir=path.absolute().parent) as name:
        folder = Path(name)
        with closing(sqlite3.connect(source, timeout=20)) as connection:
            connection.execute("VACUUM INTO ?", [str(folder / DATABASE)])
        (folder / MANIFEST).write_text(json.dumps(_manifest(folder / DATABASE)))
        samples = _snapshot(values)
        beside = folder / "whole.tar.gz"
        with tarfile.open(beside, "w:gz", dereference=True) as tar:
            for part in parts:
                tar.add(folder / part, part)
            if samples is not None:
                tar.add(samples, SAMPLES)
                parts.append(SAMPLES)
        if samples is not None:
            _ask_store(values, f"/snapshot/delete?snapshot={samples.name}")
        beside.chmod(0o600)
        shutil.move(beside, path)
    return parts


def restore(path: Path, values: Mapping[str, Any]) -> list[str]:
    """Put a backup in place of what is there; return what was brought back.

    Errors  Stop 75 while the service runs on this folder; Stop 78 for a file that
            is no backup, is damaged, or is of a newer release.
    """
    target, data = _sqlite(values), Path(values["BKM_DATA"])
    parts = [DATABASE]
    with standalone.alone_on(data), tempfile.TemporaryDirectory(dir=data) as name:
        folder = Path(name)
        _unpack(path, folder)
        for old in (target, Path(f"{target}-wal"), Path(f"{target}-shm")):
            old.unlink(missing_ok=True)
        shutil.move(folder / DATABASE, target)
        if (folder / SAMPLES).is_dir():
            shutil.rmtree(data / "victoria-metrics", ignore_errors=True)
            shutil.move(folder / SAMPLES, data / "victoria-metrics")
            parts.append(SAMPLES)
        # Messages of before know of rows that may be gone.
        shutil.rmtree(data / "redis", ignore_errors=True)
    return parts


def _sqlite(values: Mapping[str, Any]) -> Path:
    path = database.sqlite_path(database.url_of(values))
    if path is None:
        raise Stop(BAD_CONFIGURATION, ELSEWHERE)
    return path


def _manifest(saved: Path) -> dict[str, Any]:
    with closing(sqlite3.connect(saved)) as connection:
        rows = connection.execute("SELECT app, name FROM django_migrations").fetchall()
    return {
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "schema": sorted(f"{app}.{name}" for app, name in rows),
        "sha256": _digest(saved),
    }


def _unpack(path: Path, folder: Path) -> None:
    try:
        with tarfile.open(path) as tar:
            for member in tar:
                _extract(tar, member, folder)
        manifest = json.loads((folder / MANIFEST).read_text())
        digest = _digest(folder / DATABASE)
    except (OSError, tarfile.TarError, ValueError) as error:
        raise Stop(BAD_CONFIGURATION, f"{path} is no backup: {error}") from error
    if digest != manifest["sha256"]:
        raise Stop(BAD_CONFIGURATION, f"{path} is damaged: its database has changed")
    known = {f"{app}.{name}" for app, name in database.known_migrations()}
    if newer := ", ".join(sorted(set(manifest["schema"]) - known)):
        raise Stop(BAD_CONFIGURATION, f"{path} is of a newer release: it has {newer}")


def _extract(tar: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    """Write one file or folder below `folder`; whatever else a tar may hold is refused.

    The filters of tarfile do this, where Python has them: 3.11 does from its fourth
    correction on, and Debian's is the second.
    """
    target = (folder / member.name).resolve()
    inside = target.is_relative_to(folder.resolve())
    if not inside or not (member.isfile() or member.isdir()):
        raise tarfile.TarError(f"{member.name!r} is no file of a backup")
    content = tar.extractfile(member)
    if content is None:
        target.mkdir(parents=True, exist_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as file:
        shutil.copyfileobj(content, file)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _snapshot(values: Mapping[str, Any]) -> Path | None:
    """Return a snapshot of the embedded store's samples; None without such a store."""
    store = Path(values["BKM_DATA"]) / "victoria-metrics"
    if not store.is_dir() or not values["BKM_VM_WRITE_URL"]:
        return None
    name = json.loads(_ask_store(values, "/snapshot/create"))["snapshot"]
    return store / "snapshots" / str(name)


def _ask_store(values: Mapping[str, Any], path: str) -> bytes:
    url = values["BKM_VM_WRITE_URL"].rstrip("/") + path
    try:
        with urllib.request.urlopen(url, timeout=60) as answer:
            return bytes(answer.read())
    except OSError as error:
        raise Stop(TRY_AGAIN, f"VictoriaMetrics did not answer: {error}") from error
