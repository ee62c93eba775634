import contextlib
import socketserver
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from bkmonitor.lib.errors import UpstreamUnavailable
from bkmonitor.metrics.tsdb.line import Line

pytestmark = pytest.mark.enable_socket
OK = b"HTTP/1.1 200 OK\r\n"


@pytest.fixture
def serve():
    """Run a server that gives each connection these answers, one a request, and ends it."""
    servers = []

    def serve(*connections):
        waiting = list(connections)

        class Server(socketserver.StreamRequestHandler):
            def handle(self):
                for answer in waiting.pop(0):
                    while self.rfile.readline().strip():
                        pass
                    self.wfile.write(answer)

        server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Server)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        servers.append(server)
        return Line(f"http://127.0.0.1:{server.server_address[1]}")

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


def call(line, max_bytes=100, timeout_s=5.0):
    return line.call("GET", "/", timeout_s=timeout_s, max_bytes=max_bytes)


def sized(body):
    return OK + b"Content-Length: %d\r\nX-A:  b \r\n\r\n%s" % (len(body), body)


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        pytest.param(sized(b"hello"), b"hello", id="with a length"),
        pytest.param(OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nT: 1\r\n\r\n", b"hello", id="in chunks"),
        pytest.param(OK + b"\r\nhello", b"hello", id="until the end"),
        pytest.param(b"HTTP/1.1 204 No Content\r\n\r\n", b"", id="without a body"),
        pytest.param(b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", b"hello", id="in old HTTP"),
    ],
)  # fmt: skip
def test_bodies_of_every_kind(serve, answer, body):
    assert call(serve([answer])).body == body


def test_one_connection_serves_many_calls(serve):
    line = serve([sized(b"1"), sized(b"2")])

    assert [call(line).body, call(line).body] == [b"1", b"2"]


@pytest.mark.parametrize(
    "first",
    [
        pytest.param(sized(b"1"), id="closed without a word"),
        pytest.param(OK + b"Connection: close\r\nContent-Length: 1\r\n\r\n1", id="closed as told"),
    ],
)  # fmt: skip
def test_a_connection_that_the_server_closed_is_made_again(serve, first):
    line = serve([first], [sized(b"2")])

    assert [call(line).body, call(line).body] == [b"1", b"2"]


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"SSH-2.0-OpenSSH\r\n\r\n", id="no HTTP"),
        pytest.param(sized(b"hello")[:-1], id="cut off"),
        pytest.param(sized(b"x" * 101), id="too long by its length"),
        pytest.param(OK + b"\r\n" + b"x" * 101, id="too long in the end"),
        pytest.param(OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"33\r\n" + b"x" * 51 + b"\r\n32\r\n" + b"x" * 50, id="too long in chunks"),
        pytest.param(OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", id="nonsense in chunks"),
        pytest.param(OK + b"a: b\r\n" * 200 + b"\r\n", id="headers without end"),
        pytest.param(OK + b"a: " + b"b" * 20_000, id="a header without end"),
    ],
)  # fmt: skip
def test_what_is_no_answer(serve, answer):
    with pytest.raises(UpstreamUnavailable):
        call(serve([answer], [answer]))


@pytest.fixture
def dripping():
    """Run a server that says one more byte again and again."""

    class Server(socketserver.StreamRequestHandler):
        def handle(self):
            with contextlib.suppress(OSError):
                self.wfile.write(OK + b"Content-Length: 100\r\n\r\n")
                for _ in range(100):
                    time.sleep(0.02)
                    self.wfile.write(b"x")

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Server)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield Line(f"http://127.0.0.1:{server.server_address[1]}")
    server.shutdown()
    server.server_close()


def test_a_server_that_says_a_little_now_and_then_is_not_waited_for(dripping):
    with pytest.raises(UpstreamUnavailable, match="too long|timed out"):
        call(dripping, timeout_s=0.1)


def test_after_a_call_in_vain_the_next_fails_at_once(dripping):
    with pytest.raises(UpstreamUnavailable):
        call(dripping, timeout_s=0.1)
    begin = time.monotonic()

    with pytest.raises(UpstreamUnavailable, match="just now"):
        call(dripping)

    assert time.monotonic() - begin < 0.1


def test_after_a_rest_one_call_tries_and_its_answer_lets_all_through(
    dripping, monkeypatch
):
    monkeypatch.setattr("bkmonitor.metrics.tsdb.line.REST_S", 0.01)
    with pytest.raises(UpstreamUnavailable):
        call(dripping, timeout_s=0.1)
    time.sleep(0.02)
    with ThreadPoolExecutor(4) as pool:
        tries = [pool.submit(call, dripping) for _ in range(4)]
    refused = [attempt for attempt in tries if attempt.exception()]

    again = call(dripping)

    assert len(refused) == 3
    assert len(again.body) == 100


@pytest.fixture
def heavy():
    """Run a server that answers everything at once but `/heavy`."""
    go_on = threading.Event()

    class Server(socketserver.StreamRequestHandler):
        def handle(self):
            while request := self.rfile.readline():
                while self.rfile.readline().strip():
                    pass
                if b"/heavy" in request:
                    go_on.wait(5)
                with contextlib.suppress(OSError):
                    self.wfile.write(sized(b"here"))

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Server)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield Line(f"http://127.0.0.1:{server.server_address[1]}")
    go_on.set()
    server.shutdown()
    server.server_close()


def test_a_call_that_is_too_heavy_pauses_no_other(heavy):
    with pytest.raises(UpstreamUnavailable, match="timed out"):
        heavy.call("GET", "/heavy", timeout_s=0.1, max_bytes=100)

    assert call(heavy).body == b"here"


def test_who_was_answered_meanwhile_needs_no_other_sign_of_life(heavy, monkeypatch):
    monkeypatch.setattr("bkmonitor.metrics.tsdb.line.SIGN_OF_LIFE_S", 0.0)
    with ThreadPoolExecutor(2) as pool:
        asked = pool.submit(heavy.call, "GET", "/heavy", timeout_s=0.3, max_bytes=100)
        time.sleep(0.1)
        call(heavy)
    assert asked.exception()

    assert call(heavy).body == b"here"


def test_names_of_headers_are_in_lower_case(serve):
    assert call(serve([sized(b"")])).headers["x-a"] == "b"
