"""Real servers for the journeys: on free ports, in folders of their own, stopped at the end."""

import atexit
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from bkmonitor.lib.secrets import digest

ROOT = Path(__file__).resolve().parent.parent


def free_port() -> int:
    """Return a TCP port on loopback that nobody has at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def need(program: str, *, places: Sequence[str] = ()) -> str:
    """Return where a program is. Without it the test is skipped; in CI it fails."""
    found = shutil.which(program) or next((p for p in places if Path(p).exists()), None)
    if found:
        return found
    if os.environ.get("CI") == "true":
        pytest.fail(f"{program} is not installed, and CI=true forbids to skip")
    pytest.skip(f"{program} is not installed")


def wait_for(
    ready: Callable[[], object], *, what: str, timeout_s: float = 20.0
) -> None:
    """Wait until `ready` answers something true; fail with `what` when it does not."""
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        if ready():
            return
        time.sleep(0.05)
    pytest.fail(f"{what}: not within {timeout_s:g} s")


def answers(url: str) -> bool:
    """Tell whether a GET is answered with a 2xx."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310
            return 200 <= int(answer.status) < 300
    except (OSError, urllib.error.URLError):
        return False


def listens(port: int) -> bool:
    """Tell whether somebody accepts connections on a port of loopback."""
    with contextlib.closing(socket.socket()) as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@dataclass
class Server:
    """A program that runs, where it listens, and where its output goes."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def stop(self, how: int = signal.SIGTERM, timeout_s: float = 15.0) -> int:
        """Signal the program, wait for its end, return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            return self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


def start(
    command: Sequence[str],
    *,
    port: int,
    folder: Path,
    name: str,
    env: dict[str, str] | None = None,
) -> Server:
    """Start a program with its output in a file of `folder`."""
    log = folder / f"{name}.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdout=output,
            stderr=output,
            env=env,
            start_new_session=True,
        )
    return Server(process, port, log)


@contextlib.contextmanager
def redis_server(folder: Path, port: int | None = None) -> Iterator[Server]:
    """Run redis-server with an append-only file."""
    port = port or free_port()
    command = [need("redis-server"), "--port", str(port), "--bind", "127.0.0.1"]
    command += ["--dir", str(folder), "--appendonly", "yes", "--save", ""]
    server = start(command, port=port, folder=folder, name="redis")
    try:
        wait_for(lambda: listens(port), what="redis-server")
        yield server
    finally:
        server.stop()


@contextlib.contextmanager
def victoria_metrics(
    folder: Path, *flags: str, port: int | None = None
) -> Iterator[Server]:
    """Run VictoriaMetrics whose newest samples can be seen after a second."""
    port = port or free_port()
    command = [need("victoria-metrics"), f"-httpListenAddr=127.0.0.1:{port}"]
    command += [f"-storageDataPath={folder / 'vm'}", "-search.latencyOffset=1s"]
    command += ["-maxLabelsPerTimeseries=10000000", *flags]
    server = start(command, port=port, folder=folder, name="victoria-metrics")
    try:
        wait_for(lambda: answers(f"{server.url}/health"), what="victoria-metrics")
        yield server
    finally:
        server.stop()


@contextlib.contextmanager
def prometheus(
    folder: Path, *flags: str, config: str = "", port: int | None = None
) -> Iterator[Server]:
    """Run Prometheus; what `folder / "tsdb"` holds already is there to ask."""
    port = port or free_port()
    file = folder / "prometheus.yml"
    file.write_text(config)
    command = [need("prometheus"), f"--config.file={file}"]
    command += [f"--storage.tsdb.path={folder / 'tsdb'}"]
    command += [f"--web.listen-address=127.0.0.1:{port}", *flags]
    server = start(command, port=port, folder=folder, name="prometheus")
    try:
        wait_for(lambda: answers(f"{server.url}/-/ready"), what="prometheus")
        yield server
    finally:
        server.stop()


def as_ordinary_user(command: list[str]) -> list[str]:
    """PostgreSQL refuses root: run it as another user then."""
    if os.geteuid() != 0:
        return command
    return ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *command]


@contextlib.contextmanager
def postgres(folder: Path, port: int | None = None) -> Iterator[Server]:
    """Run PostgreSQL with a superuser `bkm` and a database `bkm`, by trust, on loopback.

    In a folder where it ran before it goes on with the same data.
    """
    port = port or free_port()
    # Debian keeps the server's programs off the path, all in one folder.
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    tools = debian[-1] if debian else Path(need("initdb")).resolve().parent
    # Not below pytest's own folder, which only its user may enter: PostgreSQL runs as
    # another one when that is root.
    home = Path(tempfile.gettempdir()) / f"bkm-postgres-{digest(str(folder))[:12]}"
    if fresh := not home.exists():
        _make_cluster(tools, home)
    command = [str(tools / "postgres"), "-D", str(home / "data"), "-p", str(port)]
    command += ["-h", "127.0.0.1", "-k", str(home)]
    server = start(as_ordinary_user(command), port=port, folder=folder, name="postgres")
    try:
        wait_for(lambda: _psql(tools, port, "select 1"), what="postgres")
        if fresh:
            assert _psql(tools, port, "create database bkm")
        yield server
    finally:
        # A fast stop: connections that tests left open must not hold it up.
        server.stop(signal.SIGINT)


def _make_cluster(tools: Path, home: Path) -> None:
    home.mkdir(mode=0o700)
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    if os.geteuid() == 0:
        os.chown(home, 65534, 65534)
    command = [
        str(tools / "initdb"),
        "-D",
        str(home / "data"),
        "-U",
        "bkm",
        "-A",
        "trust",
        "-N",
    ]
    subprocess.run(as_ordinary_user(command), check=True, capture_output=True)


def _psql(tools: Path, port: int, statement: str) -> bool:
    command = [str(tools / "psql"), "-h", "127.0.0.1", "-p", str(port), "-U", "bkm"]
    command += ["-d", "postgres", "-c", statement]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
