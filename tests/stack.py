"""The whole service as processes, for the journeys."""

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.servers import (
    ROOT,
    Server,
    answers,
    free_port,
    redis_server,
    start,
    victoria_metrics,
    wait_for,
)

BIN = Path(sys.executable).parent


@dataclass
class Stack:
    """Where the parts of a running service are."""

    folder: Path
    environ: dict[str, str]
    redis: Server
    store: Server
    web: Server
    worker: Server
    beat: Server
    parts: contextlib.ExitStack = field(repr=False)

    def manage(self, *words: str, given: str = "") -> str:
        """Run manage.py in the service's environment; return what it printed."""
        done = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env=self.environ,
            input=given,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def shell(self, code: str) -> Any:
        """Run Python with Django ready; return what `answer` was set to."""
        program = f"{code}\nimport json; print(json.dumps(answer, default=str))"
        return json.loads(self.manage("shell", "-v0", "-c", program).splitlines()[-1])

    def start_worker(self) -> Server:
        """Start one Celery process on all queues."""
        command = [str(BIN / "celery"), "-A", "bkmonitor.config.celery", "worker"]
        command += [
            "-Q",
            "evaluate,probe,alert,notify,default",
            "-c",
            "2",
            "-l",
            "INFO",
        ]
        command += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
        return start(
            command, port=0, folder=self.folder, name="worker", env=self.environ
        )

    def start_beat(self) -> Server:
        """Start the beat."""
        command = [str(BIN / "celery"), "-A", "bkmonitor.config.celery", "beat"]
        command += ["--pidfile=", "-l", "INFO"]
        return start(command, port=0, folder=self.folder, name="beat", env=self.environ)

    def start_web(self, port: int) -> Server:
        """Start gunicorn and wait until it answers."""
        environ = {**self.environ, "BKM_LISTEN": f"127.0.0.1:{port}"}
        command = [str(BIN / "gunicorn"), "-c", "gunicorn_config.py"]
        command += ["bkmonitor.config.wsgi:application"]
        web = start(command, port=port, folder=self.folder, name="web", env=environ)
        self.parts.callback(web.stop)
        wait_for(lambda: answers(f"{web.url}/healthz/live"), what="web")
        return web


@contextlib.contextmanager
def running_stack(folder: Path, **variables: str) -> Iterator[Stack]:
    """Run Redis, VictoriaMetrics, web, worker and beat on free ports with SQLite."""
    with contextlib.ExitStack() as parts:
        redis = parts.enter_context(redis_server(folder))
        store = parts.enter_context(victoria_metrics(folder))
        (folder / "run").mkdir()
        (folder / "log").mkdir()
        own = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("BKM_")
        }
        environ = {
            **own,
            "DJANGO_SETTINGS_MODULE": "bkmonitor.config.settings",
            "BKM_SECRET_KEY": "a key for journeys, longer than needed",
            "BKM_DATA": str(folder),
            "BKM_RUN": str(folder / "run"),
            "BKM_DATABASE_URL": f"sqlite:///{folder}/bkmonitor.sqlite3",
            "BKM_REDIS_URL": f"redis://127.0.0.1:{redis.port}/0",
            "BKM_VM_WRITE_URL": store.url,
            "BKM_LOG_FORMAT": "text",
            "REMAP_SIGTERM": "SIGQUIT",
            **variables,
        }
        nobody = redis
        stack = Stack(folder, environ, redis, store, nobody, nobody, nobody, parts)
        stack.manage("migrate", "-v0")
        stack.web = stack.start_web(free_port())
        stack.worker = stack.start_worker()
        parts.callback(lambda: stack.worker.stop())
        stack.beat = stack.start_beat()
        parts.callback(lambda: stack.beat.stop())
        yield stack


@dataclass
class Hook:
    """A webhook receiver that keeps what it was sent."""

    url: str
    got: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    # Set to a status to refuse with, or to an event to wait for before answering.
    status: int = 200

    def reasons(self) -> list[str]:
        """Return why each message came."""
        return [str(message["reason"]) for message in self.got]


@contextlib.contextmanager
def webhook() -> Iterator[Hook]:
    """Run an HTTP server that takes webhooks."""

    class Taker(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # noqa: N802
            body = self.rfile.read(int(self.headers["Content-Length"]))
            hook.got.append(json.loads(body))
            hook.keys.append(self.headers["Idempotency-Key"])
            self.send_response(hook.status)
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Taker)
    hook = Hook(f"http://127.0.0.1:{server.server_port}/hook")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield hook
    finally:
        server.shutdown()
        server.server_close()
