"""Debian's exporters beside real servers, and what they show in a real store."""

import contextlib
import os
import shutil
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import redis

from tests import servers
from tests.servers import Server, free_port, listens, need, start, wait_for

SPACE = "lab"
NGINX = """
daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.error;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fcgi; uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {folder}/nginx.pem; ssl_certificate_key {folder}/nginx.key;
        location / {{ return 200 "here"; }}
        location /stub_status {{ stub_status; }}
    }}
}}
"""
BLACKBOX = """
modules:
  https:
    prober: http
    http: {tls_config: {insecure_skip_verify: true}, preferred_ip_protocol: ip4}
"""
CERTIFICATE = [
    "openssl",
    "req",
    "-x509",
    "-newkey",
    "rsa:2048",
    "-nodes",
    "-days",
    "90",
]


@dataclass
class Lab:
    """Servers, the exporters that look at them, and the store that has their samples."""

    folder: Path
    store: Server
    parts: contextlib.ExitStack = field(repr=False)
    watched: dict[str, Server] = field(default_factory=dict)
    targets: dict[str, str] = field(default_factory=dict)
    sleeper: str = ""

    def run(self, name: str, *words: str, env: Mapping[str, str] | None = None) -> int:
        """Start an exporter of Debian on a free port; return the port."""
        port = free_port()
        program = need(f"prometheus-{name}")
        command = [program, *(word.format(port=port) for word in words)]
        server = start(command, port=port, folder=self.folder, name=name, env={**os.environ, **(env or {})})  # fmt: skip
        self.parts.callback(server.stop)
        wait_for(lambda: listens(port), what=name)
        return port

    def scrape(self, *, at: float | None = None, only: tuple[str, ...] = ()) -> None:
        """Bring what the exporters show into the store, as if it had been so then."""
        for job, url in self.targets.items():
            if only and job not in only:
                continue
            try:
                with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310
                    text = answer.read().decode() + "\nup 1\n"
            except (OSError, urllib.error.URLError):
                text = "up 0\n"
            self.bring(job, text, at or time.time())

    def bring(self, job: str, text: str, at: float) -> None:
        """Write samples in Prometheus' text format, with the labels of a scrape."""
        labels = [("space", SPACE), ("job", job), ("instance", f"{job}.example.org")]
        query = [("extra_label", f"{k}={v}") for k, v in labels]
        query.append(("timestamp", str(int(at * 1000))))
        url = f"{self.store.url}/api/v1/import/prometheus?{urllib.parse.urlencode(query)}"  # fmt: skip
        request = urllib.request.Request(url, data=text.encode())  # noqa: S310
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            assert answer.status < 300


@contextlib.contextmanager
def laboratory(folder: Path) -> Iterator[Lab]:
    """Run PostgreSQL, two Redis, nginx and a process, each with its exporter."""
    with contextlib.ExitStack() as parts:
        lab = Lab(folder, parts.enter_context(servers.victoria_metrics(folder)), parts)
        _watch_host(lab)
        _watch_process(lab)
        _watch_postgres(lab)
        _watch_redis(lab)
        _watch_nginx(lab)
        _watch_jobs(lab)
        yield lab


def _watch_host(lab: Lab) -> None:
    texts = lab.folder / "texts"
    texts.mkdir()
    (texts / "backup.prom").write_text("backup_seconds 3\n")
    words = ("--web.listen-address=127.0.0.1:{port}", f"--collector.textfile.directory={texts}")  # fmt: skip
    port = lab.run("node-exporter", *words)
    lab.targets["node"] = f"http://127.0.0.1:{port}/metrics"


def _watch_process(lab: Lab) -> None:
    # A name that no other laboratory has: the exporter sees the whole machine.
    lab.sleeper = f"sleeper-{free_port()}"
    program = lab.folder / lab.sleeper
    shutil.copy(need("sleep"), program)
    lab.watched["process"] = start([str(program), "1000"], port=0, folder=lab.folder, name=lab.sleeper)  # fmt: skip
    lab.parts.callback(lab.watched["process"].stop)
    words = ("-procnames", lab.sleeper, "-web.listen-address", "127.0.0.1:{port}")
    port = lab.run("process-exporter", *words)
    lab.targets["process"] = f"http://127.0.0.1:{port}/metrics"


def _watch_postgres(lab: Lab) -> None:
    server = lab.watched["postgresql"] = lab.parts.enter_context(servers.postgres(lab.folder))  # fmt: skip
    source = f"postgresql://bkm@127.0.0.1:{server.port}/bkm?sslmode=disable"
    words = ("--web.listen-address=127.0.0.1:{port}",)
    port = lab.run("postgres-exporter", *words, env={"DATA_SOURCE_NAME": source})
    lab.targets["postgresql"] = f"http://127.0.0.1:{port}/metrics"


def _watch_redis(lab: Lab) -> None:
    for name in ("redis", "replica"):
        folder = lab.folder / name
        folder.mkdir()
        lab.watched[name] = lab.parts.enter_context(servers.redis_server(folder))
        address = f"redis://127.0.0.1:{lab.watched[name].port}"
        words = ("-redis.addr", address, "-web.listen-address", "127.0.0.1:{port}")
        port = lab.run("redis-exporter", *words)
        lab.targets[name] = f"http://127.0.0.1:{port}/metrics"
    first, replica = lab.watched["redis"].port, lab.watched["replica"].port
    redis.Redis(port=first).config_set("maxmemory", "100mb")
    redis.Redis(port=replica).replicaof("127.0.0.1", first)  # type: ignore[no-untyped-call]


def _watch_nginx(lab: Lab) -> None:
    folder, port = lab.folder, free_port()
    files = ["-keyout", folder / "nginx.key", "-out", folder / "nginx.pem"]
    subprocess.run([*CERTIFICATE, *files, "-subj", "/CN=lab"], check=True, capture_output=True)  # fmt: skip
    file = folder / "nginx.conf"
    file.write_text(NGINX.format(folder=folder, port=port))
    program = need("nginx", places=["/usr/sbin/nginx"])
    command = [program, "-c", str(file)]
    lab.watched["nginx"] = start(command, port=port, folder=folder, name="nginx")
    lab.parts.callback(lab.watched["nginx"].stop)
    wait_for(lambda: listens(port), what="nginx")
    url = f"https://127.0.0.1:{port}"
    words = ("-nginx.ssl-verify=false", "-web.listen-address", "127.0.0.1:{port}")
    exporter = lab.run("nginx-exporter", f"-nginx.scrape-uri={url}/stub_status", *words)
    lab.targets["nginx"] = f"http://127.0.0.1:{exporter}/metrics"
    (folder / "blackbox.yml").write_text(BLACKBOX)
    words = (f"--config.file={folder / 'blackbox.yml'}", "--web.listen-address=127.0.0.1:{port}")  # fmt: skip
    blackbox = lab.run("blackbox-exporter", *words)
    lab.targets["probe"] = f"http://127.0.0.1:{blackbox}/probe?module=https&target={url}"  # fmt: skip


def _watch_jobs(lab: Lab) -> None:
    port = lab.run("pushgateway", "--web.listen-address=127.0.0.1:{port}")
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/metrics/job/backup", data=b"backup_seconds 3\n"
    )
    urllib.request.urlopen(request, timeout=10).close()  # noqa: S310
    lab.targets["jobs"] = f"http://127.0.0.1:{port}/metrics"
