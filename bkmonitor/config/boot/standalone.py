"""What the standalone role gives itself: keys, and addresses of the stores beside it."""

import fcntl
import os
import secrets
import shutil
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bkmonitor.config.boot.exits import BAD_CONFIGURATION, TRY_AGAIN, Stop

VM_PORT = 8428
# A socket's path must fit into 108 bytes, a zero at the end included.
LONGEST_SOCKET = 107
NOTE = "standalone.env"


def own_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that the role adds, none of them a secret itself.

    Keys are made once and kept in BKM_DATA; a variable that is given wins, and then
    no store is started for it.
    """
    data, run = data_folder(environ), run_folder(environ)
    added = {
        **_key(environ, "BKM_SECRET_KEY", data / "secret_key"),
        **_key(environ, "BKM_SCRAPE_TOKEN", data / "scrape_token"),
    }
    if not _given(environ, "BKM_REDIS_URL"):
        added["BKM_REDIS_URL"] = f"unix://{_socket(run)}"
    if not _given(environ, "BKM_VM_WRITE_URL") and shutil.which("victoria-metrics"):
        added["BKM_VM_WRITE_URL"] = f"http://127.0.0.1:{_free_port(VM_PORT)}"
    if environ.get("BKM_WEB_WORKERS", "auto") == "auto":
        added["BKM_WEB_WORKERS"] = "1"
    return added


@contextmanager
def alone_on(data: Path) -> Iterator[None]:
    """Hold the data folder for this process alone; Stop 75 if another one has it."""
    with (data / "lock").open("w") as file:
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Stop(TRY_AGAIN, f"a service runs on {data} already") from error
        yield


def data_folder(environ: Mapping[str, str]) -> Path:
    """Return BKM_DATA, made if need be; Stop 78 if it cannot be written."""
    return _writable("BKM_DATA", Path(environ.get("BKM_DATA") or "/data"))


def run_folder(environ: Mapping[str, str]) -> Path:
    """Return BKM_RUN, made if need be; Stop 78 if it cannot be written."""
    return _writable("BKM_RUN", Path(environ.get("BKM_RUN") or "/run/bkm"))


def _writable(name: str, path: Path) -> Path:
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        writable = os.access(path, os.W_OK | os.X_OK)
    except OSError:
        writable = False
    if not writable:
        owner = f"{os.geteuid()}:{os.getegid()}"
        raise Stop(
            BAD_CONFIGURATION,
            f"{name}: {path} cannot be written by {owner}; run: chown -R {owner} {path}",
        )
    return path.resolve()


def note(run: Path, added: Mapping[str, str]) -> None:
    """Leave the role's own variables for commands that are run beside it."""
    path = run / NOTE
    path.write_text("".join(f"{name}={value}\n" for name, value in added.items()))
    path.chmod(0o600)


def beside(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a command beside a role: the same stores and keys.

    What the role noted wins; without a note the environment is as it was.
    """
    path = Path(environ.get("BKM_RUN") or "/run/bkm") / NOTE
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return dict(environ)
    added = dict(line.partition("=")[::2] for line in lines)
    names = {name.removesuffix("_FILE") for name in added}
    kept = {
        name: value
        for name, value in environ.items()
        if name.removesuffix("_FILE") not in names
    }
    return {**kept, **added}


def _given(environ: Mapping[str, str], name: str) -> bool:
    return bool(environ.get(name) or environ.get(f"{name}_FILE"))


def _key(environ: Mapping[str, str], name: str, path: Path) -> dict[str, str]:
    if _given(environ, name):
        return {}
    if not path.exists():
        # Made beside and moved, so that a start cut short leaves no empty key.
        beside = path.with_suffix(".new")
        beside.touch(mode=0o600)
        beside.write_text(secrets.token_urlsafe(48) + "\n")
        beside.replace(path)
    return {f"{name}_FILE": str(path)}


def _socket(run: Path) -> Path:
    path = run / "redis.sock"
    if len(os.fsencode(path)) > LONGEST_SOCKET:
        raise Stop(BAD_CONFIGURATION, f"BKM_RUN: {run} is too long a path for a socket")
    return path


def _free_port(wanted: int) -> int:
    """Return the wanted port of loopback, or another one where that is taken."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise Stop(BAD_CONFIGURATION, "no port of loopback is free")
