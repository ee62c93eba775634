"""A web server dies and a job goes silent: people are told, and told when it is over."""

import threading
import time
import urllib.request
from contextlib import contextmanager
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from aiosmtpd.controller import Controller

from tests.servers import free_port, wait_for
from tests.stack import running_stack, webhook

pytestmark = [pytest.mark.journey, pytest.mark.enable_socket]

SET_UP = """
from django.utils import timezone
from bkmonitor.accounts.models import Space
from bkmonitor.notifications.models import Receiver
from bkmonitor.pipeline.sources import save_heartbeat, save_probe
space = Space.objects.create(slug="shop", name="Shop", language="zh-hans")
Receiver.objects.create(space=space, name="hook", channel="webhook", address={hook!r})
Receiver.objects.create(space=space, name="Mei", channel="email", address="mei@example.org",
    language="en")
save_probe(space, {{"name": "front door", "kind": "http", "target": {target!r},
    "interval_s": 10}}, by=None, now=timezone.now())
beat = save_heartbeat(space, {{"name": "backup", "period_s": 10, "grace_s": 5}},
    by=None, now=timezone.now())
answer = str(beat.uuid)
"""


class Postbox:
    """A mail server that keeps what it is given."""

    def __init__(self):
        self.letters = []

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        self.letters.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 kept"

    def subjects(self):
        return [letter["Subject"] for letter in self.letters]


@contextmanager
def mail_server():
    postbox = Postbox()
    controller = Controller(postbox, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        yield postbox, f"smtp://127.0.0.1:{controller.port}"
    finally:
        controller.stop()


@contextmanager
def web_server(port):
    class Page(BaseHTTPRequestHandler):
        def do_GET(self):  # noqa: N802
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"well")

        def log_message(self, *_args):
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


def state_of_probe(stack):
    return stack.shell(
        "from bkmonitor.probes.models import Probe\nanswer = Probe.objects.get().state"
    )


def test_the_death_of_a_web_server_reaches_people_within_30_seconds(tmp_path):
    port = free_port()
    with (
        mail_server() as (postbox, smtp),
        webhook() as hook,
        running_stack(
            tmp_path,
            BKM_SMTP_URL=smtp,
            BKM_MAIL_FROM="monitor@example.org",
            BKM_PUBLIC_URL="http://monitor.example.org",
        ) as stack,
    ):
        with web_server(port):
            stack.shell(
                SET_UP.format(hook=hook.url, target=f"http://127.0.0.1:{port}/")
            )
            wait_for(
                lambda: state_of_probe(stack) == "up",
                what="the first look",
                timeout_s=30,
            )
        died = time.monotonic()

        wait_for(
            lambda: hook.got and postbox.letters, what="both messages", timeout_s=30
        )
        assert time.monotonic() - died < 30
        assert hook.reasons() == ["fired"]
        assert "front door" in postbox.subjects()[0]

        with web_server(port):
            wait_for(
                lambda: len(hook.got) > 1 and len(postbox.letters) > 1,
                what="both messages that it is over",
                timeout_s=30,
            )
        assert hook.reasons() == ["fired", "resolved"]
        assert len(postbox.letters) == 2


def test_a_job_that_goes_silent_and_one_that_fails(tmp_path):
    with webhook() as hook, running_stack(tmp_path) as stack:
        uuid = stack.shell(
            SET_UP.format(hook=hook.url, target=f"http://127.0.0.1:{free_port()}/")
        )
        ping = f"{stack.url}/ping/{uuid}"
        wait_for(lambda: hook.got, what="the probe's message", timeout_s=30)

        urllib.request.urlopen(ping, timeout=10).close()
        wait_for(lambda: len(hook.got) > 1, what="the message of silence", timeout_s=40)
        urllib.request.urlopen(ping, timeout=10).close()
        wait_for(lambda: len(hook.got) > 2, what="the message of life", timeout_s=15)
        urllib.request.urlopen(f"{ping}/1", timeout=10).close()
        wait_for(lambda: len(hook.got) > 3, what="the message of failure", timeout_s=15)

        told = [(message["title"], message["reason"]) for message in hook.got]
        assert told == [
            ("front door", "fired"),
            ("backup", "fired"),
            ("backup", "resolved"),
            ("backup", "fired"),
        ]
