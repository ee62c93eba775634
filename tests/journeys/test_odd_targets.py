"""Targets that say what is no sense: the others of their batch are looked at all the same."""

import contextlib
import os
import shutil
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from socketserver import BaseRequestHandler, ThreadingTCPServer

import pytest

from bkmonitor.probes.kinds import http, icmp, tcp
from bkmonitor.probes.kinds.look import Outcome, Target
from tests.journeys.test_looks import EXPIRES, certificate, serve

pytestmark = [pytest.mark.journey, pytest.mark.enable_socket]


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with serve() as url:
        yield url


@contextlib.contextmanager
def answer_with(raw: bytes) -> Iterator[str]:
    """Run a server that says the same bytes to everybody."""

    class Says(BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(65536)
            self.request.sendall(raw)

    with ThreadingTCPServer(("127.0.0.1", 0), Says) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


@pytest.mark.parametrize(
    "location",
    [
        pytest.param(b"http://\xff\xfe.invalid/", id="no text"),
        pytest.param(b"http://" + b"a" * 64 + b".invalid/", id="a part too long"),
    ],
)
def test_a_redirect_to_what_is_no_name_says_nothing_of_other_targets(site, location):
    raw = b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: %b\r\n\r\n" % location

    with answer_with(raw) as odd:
        looks = http.look([Target(odd, 5), Target(site, 5)], allow_private=True)

    assert [seen.outcome for seen in looks] == [Outcome.DOWN, Outcome.UP]


@pytest.mark.parametrize("kind", [tcp, icmp, http])
def test_what_is_no_name_says_nothing_of_other_targets(kind):
    form = {tcp: "{}:80", icmp: "{}", http: "http://{}/"}[kind]
    targets = [Target(form.format(name), 5) for name in ("a" * 64, "a..b")]

    looks = kind.look(targets, allow_private=True)

    assert [seen.outcome for seen in looks] == [Outcome.DOWN, Outcome.DOWN]
    assert looks[1].text == "the name a..b does not exist"


def test_a_certificate_without_a_sound_date_says_nothing_of_other_targets(
    site, tmp_path
):
    path = certificate(tmp_path, until=EXPIRES)
    text = path.read_text()
    begin = text.index("-----BEGIN CERTIFICATE")
    der = ssl.PEM_cert_to_DER_cert(text[begin:])
    broken = der.replace(b"360504030201Z", b"369904030201Z")
    path.write_text(text[:begin] + ssl.DER_cert_to_PEM_cert(broken))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)

    with serve(tls=context) as odd:
        targets = [Target(odd, 5, {"verify_tls": False}), Target(site, 5)]
        looks = http.look(targets, allow_private=True)

    assert [seen.outcome for seen in looks] == [Outcome.UP, Outcome.UP]
    assert looks[0].certificate_expires_at is None


SILENT_RESOLVER = """
import os, socket, time
from bkmonitor.probes.kinds import http, icmp, tcp
from bkmonitor.probes.kinds.look import Target
silent = socket.create_server(("127.0.0.1", 80)), socket.socket(type=socket.SOCK_DGRAM)
silent[1].bind(("127.0.0.1", 53))
begun = time.monotonic()
for kind, form in (http, "http://{}/"), (tcp, "{}:80"), (icmp, "{}"):
    for _twice in range(2):
        known = "127.0.0.1:9" if kind is http else "127.0.0.1"
        targets = [Target(form.format(name), 1.0) for name in ("shop.example", known)]
        print(kind.look(targets, allow_private=True)[0].text)
print(time.monotonic() - begun, flush=True)
os._exit(0)
"""


@pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("unshare"), reason="needs a namespace"
)
def test_a_resolver_that_is_silent_holds_up_no_batch(tmp_path):
    names = tmp_path / "resolv.conf"
    names.write_text("nameserver 127.0.0.1\noptions timeout:30\n")
    script = f'ip link set lo up && mount --bind {names} /etc/resolv.conf && exec "$@"'
    command = ["unshare", "-nm", "sh", "-c", script, "sh"]
    done = subprocess.run(
        ["timeout", "20", *command, sys.executable, "-c", SILENT_RESOLVER],
        capture_output=True,
        text=True,
        check=False,
    )

    *texts, seconds = done.stdout.splitlines()

    assert len(texts) == 6
    assert all("our resolver did not answer" in text for text in texts)
    assert float(seconds) < 10
