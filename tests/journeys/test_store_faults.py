"""A store that fails in every way there is: nothing is concluded, and the reason is told.

A real HTTP server answers wrongly; an alert is firing meanwhile, and its series is
calm as soon as the store is well again.
"""

import contextlib
import json
import re
import socket
import socketserver
import threading
import time
from datetime import timedelta
from urllib.parse import parse_qs

import pytest

from bkmonitor.alerts.models import Alert, Transition
from bkmonitor.metrics import answers, query
from bkmonitor.metrics.tsdb import line
from bkmonitor.pipeline.flow import evaluate_batch
from tests.factories import NOON, make_strategy
from tests.servers import free_port

pytestmark = [pytest.mark.journey, pytest.mark.enable_socket, pytest.mark.django_db]

TIMEOUT_S = 0.3
# The store is given two seconds more to tell its reason, and one for a sign of life.
MERCY_S = 3.0
MINUTE = timedelta(minutes=1)


def http(body, status="200 OK", kind="application/json", length=None):
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: "
    return f"{head}{len(body) if length is None else length}\r\n\r\n{body}".encode()


def matrix(form, value, **more):
    """Write what a store has for one series in the range that a form asks for."""
    first, last, step = (int(form[name][0]) for name in ("start", "end", "step"))
    points = [[at, str(value)] for at in range(first, last + 1, step)]
    rows = [{"metric": {"host": "a", "space": "ops"}, "values": points}]
    data = {"resultType": "matrix", "result": rows}
    return json.dumps({"status": "success", "data": data} | more, separators=(",", ":"))


class Store:
    """What the server does with a request: an answer to send, or a way to fail."""

    def __init__(self, answer):
        self.answer = answer

    def handle(self, connection, request):
        with contextlib.suppress(OSError):
            self.answer(connection, request)


def well(value):
    return lambda connection, form: connection.sendall(http(matrix(form, value)))


def says(*parts, **how):
    return lambda connection, _form: connection.sendall(http(*parts, **how))


def says_more(**more):
    return lambda connection, form: connection.sendall(http(matrix(form, 1, **more)))


def cut_off(connection, form):
    whole = matrix(form, 1)
    connection.sendall(http(whole[:-20], length=len(whole)))
    connection.shutdown(socket.SHUT_RDWR)


def cut_off_in_chunks(connection, form):
    body = matrix(form, 1)[:-20].encode()
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    connection.sendall(b"%x\r\n%s\r\n" % (len(body), body))
    connection.shutdown(socket.SHUT_RDWR)


def cut_off_without_a_length(connection, form):
    body = matrix(form, 1)[:-20].encode()
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n" + body)
    connection.shutdown(socket.SHUT_RDWR)


def hangs_up(connection, _form):
    connection.shutdown(socket.SHUT_RDWR)


def silent(connection, _form):
    connection.recv(1)  # until who asked has had enough


def drips(head):
    """Send some bytes at once, and then one now and then for as long as it is let."""

    def answer(connection, form):
        whole = http(matrix(form, 1))
        at = whole.index(b"\r\n\r\n") + 4 if head else 20
        connection.sendall(whole[:at])
        for byte in whole[at:] * 100:
            connection.sendall(bytes([byte]))
            time.sleep(0.05)

    return answer


FAULTS = [
    pytest.param(hangs_up, "failed", "was closed", id="hangs up"),
    pytest.param(silent, "failed", "timed out", id="silent"),
    pytest.param(drips(head=True), "failed", "took too long|timed out", id="drips"),
    pytest.param(drips(head=False), "failed", "took too long|timed out", id="drips headers"),
    pytest.param(says("bad luck", "500 Oh", "text/plain"), "failed", "^bad luck$", id="500"),
    pytest.param(says("", "502 Oh", "text/html"), "failed", "answered 502", id="502 and nothing"),
    pytest.param(says('{"status":"error","error":"no memory"}', "503 Oh"), "failed", "^no memory$", id="503"),
    pytest.param(says("slow down", "429 Oh", "text/plain"), "failed", "^slow down$", id="429"),
    pytest.param(says("", "302 Found", "text/html"), "failed", "answered 302", id="redirect"),
    pytest.param(says_more(isPartial=True), "partial", "part of the store", id="isPartial"),
    pytest.param(says_more(warnings=["store b is away"]), "partial", "store b is away", id="warnings"),
    pytest.param(says_more(status="error", error="broken disk"), "failed", "broken disk", id="200 with an error"),
    pytest.param(says_more(status="error"), "failed", "its status is error", id="200 with another status"),
    pytest.param(says('{"status":"success","data":{"resultType":'), "failed", "makes no sense", id="broken JSON"),
    pytest.param(says("null"), "failed", "makes no sense", id="JSON that says nothing"),
    pytest.param(says('{"status":"success"}'), "failed", "makes no sense", id="no data"),
    pytest.param(says(""), "failed", "makes no sense", id="no body"),
    pytest.param(says("<html>log in</html>", kind="text/html"), "failed", "text/html", id="a page"),
    pytest.param(cut_off, "failed", "cut off", id="cut off"),
    pytest.param(cut_off_in_chunks, "failed", "no answer|closed", id="cut off in chunks"),
    pytest.param(cut_off_without_a_length, "failed", "makes no sense", id="cut off without a length"),
]  # fmt: skip


@pytest.fixture
def store(settings, monkeypatch):
    """Run a store that is well, and answers 1."""
    monkeypatch.setattr(line, "REST_S", 0.05)
    monkeypatch.setattr(answers, "LONGEST_QUERY_S", TIMEOUT_S)
    store = Store(well(1))

    class Asked(socketserver.StreamRequestHandler):
        def handle(self):
            while asked := self.rfile.readline():
                length = 0
                while header := self.rfile.readline().strip():
                    name, _, value = header.lower().partition(b":")
                    length = int(value) if name == b"content-length" else length
                form = parse_qs(self.rfile.read(length).decode())
                if b"/health" in asked and store.answer is not silent:
                    self.connection.sendall(http("OK"))
                else:
                    store.handle(self.connection, form)

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Asked)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    settings.VM_WRITE_URL = settings.VM_QUERY_URL = f"http://127.0.0.1:{server.server_address[1]}"  # fmt: skip
    yield store
    server.shutdown()
    server.server_close()


def ask():
    return query.query_range("ops", "load", 60, 120, 60, timeout_s=TIMEOUT_S)


@pytest.mark.parametrize(("fault", "outcome", "reason"), FAULTS)
def test_a_fault_gives_no_frame_but_a_reason_in_time(store, fault, outcome, reason):
    store.answer, begin = fault, time.monotonic()

    result = ask()

    assert time.monotonic() - begin < TIMEOUT_S + MERCY_S + 0.5
    assert result.outcome == outcome
    assert (result.frame is None) == (outcome == "failed")
    assert re.search(reason, result.reason)


@pytest.mark.parametrize(("fault", "outcome", "reason"), FAULTS)
def test_a_fault_changes_no_alert_and_it_is_over_by_itself(
    store, fault, outcome, reason
):
    strategy = make_strategy(expression="load", interval_s=60, late_periods=0)
    store.answer = well(95)
    evaluate(strategy, NOON)
    before = state_of(strategy)

    store.answer = fault
    evaluate(strategy, NOON + MINUTE)
    strategy.refresh_from_db()
    assert strategy.outcome == "failing"
    assert re.search(reason, strategy.outcome_reason)
    assert state_of(strategy) == before == ("firing", [("fired", NOON)])

    store.answer = well(10)
    time.sleep(0.06)  # after a store that hangs one tries again a little later
    evaluate(strategy, NOON + 2 * MINUTE)
    strategy.refresh_from_db()
    assert strategy.outcome == "complete"
    assert state_of(strategy)[0] == "resolved"


def evaluate(strategy, at):
    evaluate_batch([strategy.pk], int(at.timestamp()), clock=lambda: at)


def state_of(strategy):
    alert = Alert.objects.get(source_id=strategy.pk)
    moves = Transition.objects.filter(alert=alert).order_by("at")
    return alert.state, [(move.kind, move.at) for move in moves]


def test_nobody_there_is_told_so(settings):
    settings.VM_WRITE_URL = settings.VM_QUERY_URL = f"http://127.0.0.1:{free_port()}"

    result = ask()

    assert (result.outcome, result.frame) == ("failed", None)
    assert "no answer from 127.0.0.1: [Errno 111] Connection refused" in result.reason
