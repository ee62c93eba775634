"""Outbound HTTP against servers that misbehave."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from bkmonitor.lib.errors import UpstreamUnavailable
from bkmonitor.lib.http import request

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
