"""Looks at real servers on loopback: what each failure is called, and whose it is."""

import contextlib
import gzip
import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bkmonitor.probes.kinds import http, icmp, tcp
from bkmonitor.probes.kinds.look import Outcome, Target
from tests.servers import free_port

pytestmark = [pytest.mark.journey, pytest.mark.enable_socket]

EXPIRES = datetime(2036, 5, 4, 3, 2, 1, tzinfo=UTC)


class Site(BaseHTTPRequestHandler):
    """Answers as its path says; remembers what it was asked."""

    asked: list[tuple[str, str, bytes, dict[str, str]]] = []

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        heard = (self.command, self.path, self.rfile.read(length), dict(self.headers))
        type(self).asked.append(heard)
        word, _, rest = self.path[1:].partition("/")
        status = (
            int(rest) if word == "status" else 302 if word in ("to", "loop") else 200
        )
        body = b"x" * (3 << 20) if word == "big" else b"all is well"
        if word == "never":
            time.sleep(2)
        self.send_response(status)
        if word == "to":
            self.send_header("Location", rest.replace("|", "/"))
        if word == "loop":
            self.send_header("Location", "/loop")
        if word == "gzip":
            body = gzip.compress(body)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            with contextlib.suppress(OSError):
                self.wfile.write(body)

    do_GET = do_HEAD = do_POST = do_PUT = _answer  # noqa: N815

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def serve(
    *, tls: ssl.SSLContext | None = None, address: str = "127.0.0.1"
) -> Iterator[str]:
    class Server(ThreadingHTTPServer):
        address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        daemon_threads = True
        block_on_close = False
        request_queue_size = 300

        def handle_error(self, *_: object) -> None:
            pass

    server = Server((address, 0), Site)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    host = f"[{address}]" if ":" in address else address
    try:
        yield f"{'https' if tls else 'http'}://{host}:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with serve() as url:
        yield url


def certificate(folder: Path, *, until: datetime) -> Path:
    """Write a self-signed certificate for 127.0.0.1 with its key into one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(until - timedelta(days=4000))
        .not_valid_after(until)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


def ask(url: str, *, timeout_s: float = 5, private: bool = True, **settings: object):
    target = Target(url, timeout_s, settings)
    return http.look([target], allow_private=private)[0]


def test_a_server_that_answers_is_up(site):
    seen = ask(f"{site}/")

    assert (seen.outcome, seen.http_status, seen.text) == (Outcome.UP, 200, "")
    assert list(seen.phases) == ["resolve", "connect", "processing", "transfer"]
    assert sum(seen.phases.values()) == pytest.approx(seen.seconds, abs=0.002)


@pytest.mark.parametrize(
    ("path", "said", "text"),
    [
        ("/status/503", {}, "answered 503, expected 200-399"),
        ("/status/204", {"expected_status": "200,201"}, "answered 204, expected 200,201"),
        ("/", {"keyword": "amiss"}, "the answer does not contain 'amiss'"),
        ("/", {"keyword_absent": "well"}, "the answer contains 'well'"),
        ("/loop", {}, "redirects without end"),
        ("/never", {"timeout_s": 0.3}, "no answer within 0.3 s"),
    ],
)  # fmt: skip
def test_a_server_that_answers_wrongly_is_down(site, path, said, text):
    seen = ask(site + path, **said)

    assert (seen.outcome, seen.text) == (Outcome.DOWN, text)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/status/404", {"expected_status": "404"}),
        ("/", {"keyword": "is well"}),
        ("/gzip", {"keyword": "is well"}),
        ("/", {"keyword_absent": "amiss"}),
        ("/loop", {"follow_redirects": False}),
        ("/big", {}),
        ("/big", {"keyword": "x"}),
        ("/ünïcode", {}),
    ],
)
def test_a_server_that_answers_as_expected_is_up(site, path, said):
    seen = ask(site + path, **said)

    assert (seen.outcome, seen.text) == (Outcome.UP, "")


def test_method_headers_and_body_arrive(site):
    settings = {"method": "PUT", "body": "q=1", "headers": {"X-Key": "k", "Host": "a"}}

    seen = ask(f"{site}/put", **settings)

    method, _path, body, headers = Site.asked[-1]
    assert seen.outcome is Outcome.UP
    assert (method, body, headers["X-Key"], headers["Host"]) == (
        "PUT",
        b"q=1",
        "k",
        "a",
    )


def test_a_head_is_a_head(site):
    assert ask(f"{site}/", method="HEAD").outcome is Outcome.UP
    assert Site.asked[-1][0] == "HEAD"


def test_a_refused_connection_is_down():
    seen = ask(f"http://127.0.0.1:{free_port()}/")

    assert (seen.outcome, seen.text) == (Outcome.DOWN, "connection refused")


def test_a_server_that_never_takes_the_request_is_down():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        seen = ask(f"http://127.0.0.1:{silent.getsockname()[1]}/", timeout_s=0.3)

    assert (seen.outcome, seen.text) == (Outcome.DOWN, "no answer within 0.3 s")


def test_ipv6(site):
    with serve(address="::1") as url:
        assert ask(url).outcome is Outcome.UP


def test_a_name_that_does_not_exist_is_the_targets_failure_or_the_resolver_is_silent():
    seen = ask("http://nobody.invalid/")

    assert seen.outcome in (Outcome.DOWN, Outcome.NOT_JUDGED)
    assert "nobody.invalid" in seen.text


def test_what_the_guard_refuses_is_not_judged(site):
    seen = [
        ask("http://169.254.169.254/latest/meta-data/"),
        ask(site, private=False),
        ask(f"{site}/to/http:||169.254.169.254|"),
    ]

    assert {s.outcome for s in seen} == {Outcome.NOT_JUDGED}
    assert all(s.text.startswith("refused by our guard: ") for s in seen)


def test_a_redirect_leads_to_no_other_protocol(site):
    seen = ask(f"{site}/to/file:|||etc|passwd")

    assert seen.outcome is Outcome.DOWN


def test_a_proxy_in_the_environment_is_not_the_way(site, monkeypatch):
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")

    assert ask(site).outcome is Outcome.UP


STARVED = """
import resource, sys
from bkmonitor.probes.kinds import http
from bkmonitor.probes.kinds.look import Target
resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))
target = Target(sys.argv[1], 0.5)
for seen in http.look([target] * 60, allow_private=True):
    print(seen.outcome, seen.text)
"""


def test_without_descriptors_nothing_is_judged():
    with socket.create_server(("127.0.0.1", 0), backlog=100) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        done = subprocess.run(
            [sys.executable, "-c", STARVED, url], capture_output=True, check=True
        )

    assert set(done.stdout.decode().splitlines()) == {
        "down no answer within 0.5 s",
        "not_judged too many open files",
    }


def test_many_slow_targets_take_the_time_of_one(site):
    started = time.monotonic()

    seen = http.look([Target(f"{site}/never", 0.5)] * 150, allow_private=True)

    assert {s.outcome for s in seen} == {Outcome.DOWN}
    assert time.monotonic() - started < 3


def test_tls_is_verified_and_its_expiry_is_told(tmp_path):
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate(tmp_path, until=EXPIRES))
    with serve(tls=tls) as url:
        strict, lenient = ask(url), ask(url, verify_tls=False)

    assert strict.outcome is Outcome.DOWN
    assert strict.text.startswith("TLS: ")
    assert (lenient.outcome, lenient.certificate_expires_at) == (
        Outcome.UP,
        int(EXPIRES.timestamp()),
    )
    assert "tls" in lenient.phases


def test_tls_to_a_server_that_speaks_none_is_down(site):
    seen = ask(site.replace("http:", "https:"))

    assert seen.outcome is Outcome.DOWN
    assert seen.text.startswith("TLS: ")


def test_tcp():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        targets = [
            f"127.0.0.1:{port}",
            f"localhost:{port}",
            f"127.0.0.1:{free_port()}",
            "169.254.1.1:80",
        ]
        seen = tcp.look([Target(t, 3) for t in targets], allow_private=True)

    assert [(s.outcome, s.text) for s in seen[:3]] == [
        (Outcome.UP, ""),
        (Outcome.UP, ""),
        (Outcome.DOWN, "connection refused"),
    ]
    assert seen[3].outcome is Outcome.NOT_JUDGED
    assert list(seen[0].phases) == ["resolve", "connect"]


PING = """
from bkmonitor.probes.kinds import icmp
from bkmonitor.probes.kinds.look import Target
for seen in icmp.look([Target(h, 1) for h in ("127.0.0.1", "::1")], allow_private=True):
    print(seen.outcome, seen.text)
"""


def ping_where_the_groups_are(groups: str) -> list[str]:
    """Ping in a network of its own whose kernel lets these groups send pings."""
    script = (
        f"ip link set lo up; echo '{groups}' > /proc/sys/net/ipv4/ping_group_range; "
        f'exec "$@"'
    )
    command = ["unshare", "-n", "sh", "-c", script, "sh", sys.executable, "-c", PING]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no network namespace of its own: {done.stderr.strip()}")
    return done.stdout.splitlines()


@pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("unshare"), reason="needs a namespace"
)
def test_icmp_works_where_the_kernel_lets_it_and_says_how_to_where_not():
    assert ping_where_the_groups_are("0 2147483647") == ["up ", "up "]
    refused = ping_where_the_groups_are("1 0")
    assert refused[0] == f"not_judged {icmp.NOT_ALLOWED}"
