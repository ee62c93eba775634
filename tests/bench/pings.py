"""Heartbeat pings a second against an empty Django view under the same gunicorn.

    python -m tests.bench.pings [PAIRS [SECONDS]]

gunicorn with 2 processes of 4 threads and the service's own settings, PostgreSQL
beside it; wrk with 8 connections pings 1000 heartbeats. A ping is durable before
it is answered. The empty view stands behind no middleware at all. In turn, A B B A.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median

from tests.bench.probes import cpu_seconds
from tests.bench.ratios import compare
from tests.servers import (
    ROOT,
    Server,
    answers,
    free_port,
    need,
    postgres,
    start,
    wait_for,
)

HEARTBEATS = """
from bkmonitor.accounts.models import Space
from bkmonitor.probes.models import Heartbeat
space = Space.objects.create(slug="bench", name="bench")
made = Heartbeat.objects.bulk_create(
    Heartbeat(space=space, name=f"b{n}", state="up") for n in range(1000))
print("\\n".join(str(beat.uuid) for beat in made))
"""
# The least that Django can be asked: one URL, one answer.
EMPTY = """
from django.conf import settings
settings.configure(ROOT_URLCONF="empty", ALLOWED_HOSTS=["*"], MIDDLEWARE=[], SECRET_KEY="x")
import django
django.setup()
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import re_path
urlpatterns = [re_path("", lambda request: HttpResponse("OK", content_type="text/plain"))]
application = get_wsgi_application()
"""
SPREAD = """
local paths = {}
for line in io.lines("FOLDER/uuids") do table.insert(paths, "/ping/" .. line) end
local n = 0
request = function()
    n = n % #paths + 1
    return wrk.format("GET", paths[n])
end
done = function(summary, latency, requests)
    local errors = summary.errors
    io.write(string.format("TOLD %d %d %d %d\\n", summary.requests, summary.duration,
        latency:percentile(99), errors.status + errors.read + errors.timeout))
end
"""


@dataclass
class Bench:
    """Both servers, and the 99th percentiles that were seen."""

    folder: Path
    seconds: float
    ours: Server
    empty: Server
    database: Server
    slowest_ms: dict[str, list[float]] = field(default_factory=dict)

    def measure(self, name: str) -> tuple[float, float]:
        """Return requests a second and CPU milliseconds a request of a server."""
        server: Server = getattr(self, name)
        before = tree_cpu(server)
        script = str(self.folder / "spread.lua")
        done = subprocess.run(
            [need("wrk"), "-t1", "-c8", f"-d{self.seconds:g}s", "-s", script, server.url],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        spent = tree_cpu(server) - before
        told = re.search(r"TOLD (\d+) (\d+) (\d+) (\d+)", done.stdout)
        assert told and told[4] == "0", done.stdout
        count, micros = int(told[1]), int(told[2])
        self.slowest_ms.setdefault(name, []).append(int(told[3]) / 1000)
        return count / micros * 1e6, spent / count * 1e3


def tree_cpu(server: Server) -> float:
    """Return the CPU seconds of a server and its children."""
    listed = subprocess.run(
        ["pgrep", "-P", str(server.process.pid)], capture_output=True, text=True
    )
    children = [int(pid) for pid in listed.stdout.split()]
    return sum(cpu_seconds(pid) for pid in [server.process.pid, *children])


@contextmanager
def running(folder: Path, seconds: float) -> Iterator[Bench]:
    """Run PostgreSQL and both servers."""
    folder.chmod(0o755)
    (folder / "empty.py").write_text(EMPTY)
    (folder / "spread.lua").write_text(SPREAD.replace("FOLDER", str(folder)))
    with postgres(folder) as database:
        environ = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "bkmonitor.config.settings",
            "BKM_SECRET_KEY": "a key for the bench, longer than needed",
            "BKM_DATA": str(folder),
            "BKM_RUN": str(folder),
            "BKM_DATABASE_URL": f"postgresql://bkm@127.0.0.1:{database.port}/bkm",
            "BKM_LOG_LEVEL": "WARNING",
            "BKM_WEB_WORKERS": "2",
            "BKM_WEB_THREADS": "4",
            "PYTHONPATH": f"{ROOT}:{folder}",
        }
        manage = [sys.executable, "manage.py"]
        run = partial(subprocess.run, cwd=ROOT, env=environ, check=True)
        run([*manage, "migrate", "-v0"])
        made = run(
            [*manage, "shell", "-v0", "-c", HEARTBEATS],
            stdout=subprocess.PIPE,
            text=True,
        )
        (folder / "uuids").write_text(made.stdout)
        ours = serve(folder, environ, "ours", "bkmonitor.config.wsgi")
        empty = serve(folder, environ, "empty", "empty")
        try:
            uuid = made.stdout.split()[0]
            for server in (ours, empty):
                wait_for(
                    partial(answers, f"{server.url}/ping/{uuid}"), what=str(server.log)
                )
            yield Bench(folder, seconds, ours, empty, database)
        finally:
            ours.stop()
            empty.stop()


def serve(folder: Path, environ: dict[str, str], name: str, module: str) -> Server:
    """Run gunicorn with the service's own configuration."""
    port = free_port()
    gunicorn = [
        sys.executable,
        "-m",
        "gunicorn",
        "-c",
        str(ROOT / "gunicorn_config.py"),
    ]
    own = {"BKM_LISTEN": f"127.0.0.1:{port}"}
    # Processes that are replaced in the middle would be measured too.
    steady = ["--max-requests", "0"]
    return start(
        [*gunicorn, *steady, module],
        port=port,
        folder=folder,
        name=name,
        env=environ | own,
    )


def main(pairs: int, seconds: float) -> None:
    """Print both rates, the ratio, the 99th percentiles and the CPU time a request."""
    with (
        tempfile.TemporaryDirectory(prefix="pytest-bench-") as folder,
        running(Path(folder), seconds) as bench,
    ):
        ours: Callable[[], tuple[float, float]] = partial(bench.measure, "ours")
        result = compare(ours, partial(bench.measure, "empty"), pairs)
        slowest = {name: median(seen) for name, seen in bench.slowest_ms.items()}
    print(f"pings/s, gunicorn 2 x 4: {result.told('an empty view')}")
    print(
        f"99th percentile: {slowest['ours']:.1f} ms, an empty view {slowest['empty']:.1f} ms; "
        f"CPU milliseconds a ping {median(result.our_cost):.2f}, "
        f"an empty view {median(result.their_cost):.2f}"
    )


if __name__ == "__main__":
    given = [float(word) for word in sys.argv[1:]]
    main(int(given[0]) if given else 6, given[1] if len(given) > 1 else 5)
