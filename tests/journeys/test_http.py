"""Outbound HTTP against servers that misbehave."""

import contextlib
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from bkmonitor.lib.errors import UpstreamUnavailable
from bkmonitor.lib.http import request
from tests.servers import need

pytestmark = [pytest.mark.journey, pytest.mark.enable_socket]

HEAD = b"HTTP/1.1 200 OK\r\n"


@contextlib.contextmanager
def dripping(first: bytes, drip: bytes) -> Iterator[str]:
    """Run a server that answers `first` and then `drip`, again and again."""
    over = threading.Event()

    def answer() -> None:
        with contextlib.suppress(OSError):
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(first)
                while not over.wait(0.05):
                    connection.sendall(drip)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/secret"
        over.set()
    thread.join(5)


@pytest.mark.parametrize(
    ("first", "drip"),
    [
        pytest.param(HEAD, b"X-Header: 1\r\n", id="headers without end"),
        pytest.param(HEAD + b"X-Header: ", b"1", id="one header without end"),
        pytest.param(HEAD + b"Content-Length: 5000\r\n\r\n", b"1", id="a slow body"),
        pytest.param(HEAD + b"\r\n", b"1", id="a body without a length"),
    ],
)
def test_a_server_that_drips_is_cut_off(first, drip):
    started = time.monotonic()

    with dripping(first, drip) as url, pytest.raises(UpstreamUnavailable) as cut:
        request("GET", url, timeout_s=0.5)

    assert time.monotonic() - started < 3
    assert "secret" not in str(cut.value)


def test_a_body_that_is_too_large_is_not_read_to_its_end():
    with (
        dripping(HEAD + b"\r\n" + b"x" * 5000, b"x") as url,
        pytest.raises(UpstreamUnavailable, match="more than 1000 bytes"),
    ):
        request("GET", url, timeout_s=5, max_bytes=1000)


class SaysHost(BaseHTTPRequestHandler):
    """Answers with the Host header it was sent, and hangs up."""

    def do_GET(self):  # noqa: N802
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.headers["Host"].encode())

    def log_message(self, *args):
        pass


@contextlib.contextmanager
def says_host(tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """Run such a server on 127.0.0.1 and return its port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), SaysHost)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()
    thread.join(5)


def test_every_request_names_the_host_and_not_its_address():
    with says_host() as port:
        hosts = {request("GET", f"http://localhost:{port}/").body for _ in range(2)}

    assert hosts == {f"localhost:{port}".encode()}


def test_a_certificate_is_held_against_the_name(tmp_path, monkeypatch):
    subprocess.run(
        [need("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=x", "-addext", "subjectAltName=DNS:localhost", "-keyout", "key.pem", "-out", "cert.pem"],
        cwd=tmp_path, check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))

    with says_host(context) as port:
        answer = request("GET", f"https://localhost:{port}/")
        with pytest.raises(UpstreamUnavailable, match="IP address mismatch"):
            request("GET", f"https://127.0.0.1:{port}/")

    assert answer.body == f"localhost:{port}".encode()


def test_a_second_address_is_tried_where_the_first_does_not_answer(monkeypatch):
    def both(host, port, *args, **kwargs):
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
            for address in ("127.0.0.2", "127.0.0.1")
        ]

    with says_host() as port:
        real = socket.getaddrinfo
        monkeypatch.setattr(
            "bkmonitor.lib.http.socket.getaddrinfo",
            lambda host, *rest, **more: (both if host == "two.test" else real)(
                host, *rest, **more
            ),
        )

        answer = request("GET", f"http://two.test:{port}/")

    assert answer.status == 200
