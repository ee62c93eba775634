"""The whole service as processes, for the journeys."""

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.servers import (
    ROOT,
    Server,
    answers,
    free_port,
    postgres,
    redis_server,
    start,
    victoria_metrics,
    wait_for,
)

ALL_QUEUES = "evaluate,probe,alert,notify,default"


@dataclass
class Stack:
    """A service whose roles were started by bin/entrypoint, and where its parts are."""

    folder: Path
    environ: dict[str, str]
    redis: Server
    store: Server
    parts: contextlib.ExitStack = field(repr=False)
    database: Server | None = None
    roles: dict[str, Server] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Return where the web role listens."""
        return self.roles["web"].url

    def start(self, role: str, *words: str, name: str = "") -> Server:
        """Start a role as an operator would, with a folder and ports of its own."""
        name = name or role
        port = free_port()
        run = self.folder / f"run-{name}"
        environ = self.environ | {
            "BKM_RUN": str(run),
            "BKM_LISTEN": f"127.0.0.1:{port}",
            "BKM_METRICS_LISTEN": f"127.0.0.1:{free_port()}",
            "BKM_LOG_DIR": str(self.folder / f"log-{name}"),
        }
        command = [str(ROOT / "bin" / "entrypoint"), role, *words]
        server = start(command, port=port, folder=self.folder, name=name, env=environ)
        self.parts.callback(server.stop)
        self.roles[name] = server
        if role == "web":
            wait_for(lambda: answers(f"{server.url}/healthz/live"), what=name)
        return server

    def manage(self, *words: str) -> str:
        """Run manage.py in the service's environment; return what it printed."""
        done = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env=self.environ,
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


@contextlib.contextmanager
def running_stack(
    folder: Path, *, on_postgres: bool = False, roles: bool = True, **variables: str
) -> Iterator[Stack]:
    """Run the stores and the roles web, worker and beat on free ports."""
    with contextlib.ExitStack() as parts:
        redis = parts.enter_context(redis_server(folder))
        store = parts.enter_context(victoria_metrics(folder))
        database = parts.enter_context(postgres(folder)) if on_postgres else None
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
            "BKM_DATABASE_URL": f"postgresql://bkm@127.0.0.1:{database.port}/bkm"
            if database
            else f"sqlite:///{folder}/bkmonitor.sqlite3",
            "BKM_REDIS_URL": f"redis://127.0.0.1:{redis.port}/0",
            "BKM_VM_WRITE_URL": store.url,
            "BKM_LOG_FORMAT": "text",
            "BKM_WORKER_CONCURRENCY": "2",
            "BKM_WEB_WORKERS": "1",
            **variables,
        }
        stack = Stack(folder, environ, redis, store, parts, database)
        stack.manage("migrate", "-v0")
        if roles:
            stack.start("web")
            stack.start("worker", ALL_QUEUES)
            stack.start("beat")
        yield stack


@dataclass
class Hook:
    """A webhook receiver that keeps what it was sent.

    `replies` are the next statuses and headers, `status` what comes after them.
    While `open` is not set a request is taken and not answered.
    """

    url: str
    got: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    at: list[float] = field(default_factory=list)
    requests: list[tuple[Mapping[str, str], bytes]] = field(default_factory=list)
    replies: list[tuple[int, Mapping[str, str]]] = field(default_factory=list)
    status: int = 200
    reply: bytes = b"ok"
    open: threading.Event = field(default_factory=threading.Event)

    def reasons(self) -> list[str]:
        """Return why each message came."""
        return [str(message["reason"]) for message in self.got]


@contextlib.contextmanager
def webhook() -> Iterator[Hook]:
    """Run an HTTP server that takes webhooks."""

    class Taker(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # noqa: N802
            body = self.rfile.read(int(self.headers["Content-Length"]))
            hook.at.append(time.time())
            hook.got.append(json.loads(body))
            hook.keys.append(self.headers["Idempotency-Key"])
            hook.requests.append((dict(self.headers), body))
            hook.open.wait(60)
            status, headers = hook.replies.pop(0) if hook.replies else (hook.status, {})
            # Who asked may be dead by now.
            with contextlib.suppress(ConnectionError):
                self.send_response(status)
                for name, value in {
                    "Content-Length": str(len(hook.reply)),
                    **headers,
                }.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(hook.reply)

        def log_message(self, *_args: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Taker)
    hook = Hook(f"http://127.0.0.1:{server.server_port}/hook")
    hook.open.set()
    serve = {"poll_interval": 0.05}
    threading.Thread(target=server.serve_forever, kwargs=serve, daemon=True).start()
    try:
        yield hook
    finally:
        hook.open.set()
        server.shutdown()
        server.server_close()
