"""HTTP probes a second of one worker process against blackbox_exporter.

    python -m tests.bench.probes [PAIRS [SECONDS]]

Both look at the same local nginx, each look on a connection of its own, 200 at a
time, in turn (A B B A). blackbox_exporter uses all cores and is driven by wrk, ours
is one process; CPU seconds are of the prober alone. The first comparison is of what
both do: look, and write the lines of the samples. The second is of ours with all
that a worker does for a batch: rows read from PostgreSQL, looks, lines, rows
written, verdicts.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

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

AT_ONCE = 200
NGINX = """
daemon off; worker_processes 2; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path {folder}/a; proxy_temp_path {folder}/b;
    fastcgi_temp_path {folder}/c; uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location / {{ return 200 "all is well\\n"; }}
    }}
}}
"""
MODULES = """
modules:
  http_2xx:
    prober: http
    timeout: 10s
    http: {preferred_ip_protocol: ip4}
"""
OURS = """
import json, logging, resource, sys, time
from datetime import UTC, datetime
import django
django.setup()
logging.disable(logging.CRITICAL)
from bkmonitor.accounts.models import Space
from bkmonitor.evaluation.probes import judge_probes
from bkmonitor.probes.kinds import http
from bkmonitor.probes.kinds.look import Target
from bkmonitor.probes.models import Probe
from bkmonitor.probes.samples import label_set, write_samples
from bkmonitor.probes.services import run_probes

def looks_alone(batch, tick):
    seen = http.look([Target(target)] * len(batch), allow_private=True)
    for number, look in zip(batch, seen):
        write_samples(label_set(f"p{number}", target, {}), look, tick * 1000)
    return sum(look.outcome == "up" for look in seen)

def whole_batch(batch, tick):
    report = run_probes(batch, tick, clock=lambda zone: datetime.fromtimestamp(tick, zone))
    judge_probes(report.probes, now)
    return report.counts["up"]

target, seconds, work = sys.argv[1], float(sys.argv[2]), globals()[sys.argv[3]]
now, tick = datetime.now(UTC), int(time.time())
space, _ = Space.objects.get_or_create(slug="bench", defaults={"name": "bench"})
if not Probe.objects.exists():
    Probe.objects.bulk_create(Probe(space=space, name=f"p{n}", kind="http", target=target,
        next_run_at=now) for n in range(1000))
newest = Probe.objects.order_by("-last_run_at").values_list("last_run_at", flat=True)
tick = max([tick, *(int(at.timestamp()) + 1 for at in newest if at)])
keys = list(Probe.objects.values_list("pk", flat=True))
batches = [keys[n:n + 200] for n in range(0, len(keys), 200)]
asked = up = 0
began, cpu = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF)
while time.monotonic() - began < seconds:
    for batch in batches:
        up += work(batch, tick)
        asked += len(batch)
    tick += 1
took, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_SELF)
spent = after.ru_utime + after.ru_stime - cpu.ru_utime - cpu.ru_stime
print(json.dumps({"looks": asked, "up": up, "took": took, "cpu": spent}))
"""


@dataclass
class Bench:
    """What both sides look at, and what they need."""

    target: str
    blackbox: Server
    environ: dict[str, str]
    seconds: float

    def ours(self, work: str) -> tuple[float, float]:
        """Return looks a second and CPU microseconds a look of our process."""
        done = subprocess.run(
            [sys.executable, "-c", OURS, self.target, str(self.seconds), work],
            cwd=ROOT, env=self.environ, check=True, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        told = json.loads(done.stdout.splitlines()[-1])
        assert told["up"] == told["looks"], told
        return told["looks"] / told["took"], told["cpu"] / told["looks"] * 1e6

    def theirs(self) -> tuple[float, float]:
        """Return the same of blackbox_exporter."""
        url = f"{self.blackbox.url}/probe?module=http_2xx&target={self.target}"
        before = cpu_seconds(self.blackbox.process.pid)
        done = subprocess.run(
            [need("wrk"), "-t1", f"-c{AT_ONCE}", f"-d{self.seconds:g}s", url],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        spent = cpu_seconds(self.blackbox.process.pid) - before
        assert "Non-2xx" not in done.stdout, done.stdout
        count = int(re.search(r"(\d+) requests in", done.stdout)[1])
        rate = float(re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)[1])
        return rate, spent / count * 1e6


def cpu_seconds(pid: int) -> float:
    """Return the CPU seconds that a process and its children that ended have used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(ticks) for ticks in fields[11:15]) / os.sysconf("SC_CLK_TCK")


@contextmanager
def running(folder: Path, seconds: float) -> Iterator[Bench]:
    """Run nginx, blackbox_exporter and PostgreSQL."""
    folder.chmod(0o755)
    port, theirs = free_port(), free_port()
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=port))
    (folder / "blackbox.yml").write_text(MODULES)
    nginx = start(
        [need("nginx", places=["/usr/sbin/nginx"]), "-c", str(folder / "nginx.conf")],
        port=port, folder=folder, name="nginx",
    )  # fmt: skip
    blackbox = start(
        [
            need("prometheus-blackbox-exporter"),
            f"--config.file={folder / 'blackbox.yml'}",
            f"--web.listen-address=127.0.0.1:{theirs}",
            "--log.level=error",
        ],
        port=theirs, folder=folder, name="blackbox",
    )  # fmt: skip
    try:
        wait_for(lambda: answers(nginx.url), what="nginx")
        wait_for(lambda: answers(f"{blackbox.url}/-/healthy"), what="blackbox_exporter")
        with postgres(folder) as database:
            environ = {
                **os.environ,
                "DJANGO_SETTINGS_MODULE": "bkmonitor.config.settings",
                "BKM_DATA": str(folder),
                "BKM_DATABASE_URL": f"postgresql://bkm@127.0.0.1:{database.port}/bkm",
            }
            migrate = [sys.executable, "manage.py", "migrate", "-v0"]
            subprocess.run(migrate, cwd=ROOT, env=environ, check=True)
            yield Bench(f"{nginx.url}/", blackbox, environ, seconds)
    finally:
        blackbox.stop()
        nginx.stop()


def main(pairs: int, seconds: float) -> None:
    """Print both rates, the ratio and the CPU time of each look, of both comparisons."""
    with (
        tempfile.TemporaryDirectory(prefix="pytest-bench-") as folder,
        running(Path(folder), seconds) as bench,
    ):
        for work, what in (
            ("looks_alone", "looks and lines"),
            ("whole_batch", "whole batches"),
        ):
            result = compare(partial(bench.ours, work), bench.theirs, pairs)
            print(
                f"HTTP probes/s of one process, {what}: "
                f"{result.told('blackbox_exporter')}; CPU microseconds a probe "
                f"{median(result.our_cost):.0f}, theirs {median(result.their_cost):.0f}"
            )


if __name__ == "__main__":
    given = [float(word) for word in sys.argv[1:]]
    main(int(given[0]) if given else 6, given[1] if len(given) > 1 else 4)
