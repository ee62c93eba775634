"""A web server dies: people are told by the containers, and told when it is back."""

import time
from contextlib import ExitStack

import pytest

from tests.container.conftest import Site
from tests.container.engine import (
    CONFINED,
    IMAGE,
    Container,
    container,
    engine,
    until,
)

MAIL = {"BKM_SMTP_URL": "smtp://mail:2525", "BKM_MAIL_FROM": "monitor@example.org"}
PUBLIC = {"BKM_PUBLIC_URL": "http://monitor:8000"}
HOOK = """
import http.server
class Taker(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        print("GOT", body.decode(), flush=True)
        self.send_response(200)
        self.end_headers()
http.server.HTTPServer(("0.0.0.0", 8080), Taker).serve_forever()
"""
# Whether it serves or not turns with each SIGHUP. The container stays: what a name says
# that is gone is the network's affair, and no failure of the service behind it.
SHOP = """
import http.server, signal
class Turned(Exception): pass
def turn(*_): raise Turned
signal.signal(signal.SIGHUP, turn)
while True:
    with http.server.HTTPServer(("", 8000), http.server.SimpleHTTPRequestHandler) as shop:
        try: shop.serve_forever()
        except Turned: pass
    try: signal.pause()
    except Turned: pass
"""
# The standard library's own mail server, which prints what it is given.
POSTBOX = """
import asyncore, smtpd
smtpd.DebuggingServer(("0.0.0.0", 2525), None)
asyncore.loop()
"""
SET_UP = """
from django.utils import timezone
from bkmonitor.accounts.models import Space
from bkmonitor.notifications.models import Receiver
from bkmonitor.pipeline.sources import save_probe
space = Space.objects.create(slug="shop", name="Shop")
Receiver.objects.create(space=space, name="hook", channel="webhook", address="http://hook:8080/")
Receiver.objects.create(space=space, name="Mei", channel="email", address="mei@example.org")
save_probe(space, {"name": "front door", "kind": "http", "target": "http://shop:8000/",
    "interval_s": 10}, by=None, now=timezone.now())
answer = True
"""
STATE = "from bkmonitor.probes.models import Probe\nanswer = Probe.objects.get().state"


def around(site: Site, name: str, *command: str) -> Container:
    """Start something that is not ours beside the service."""
    place = ("--network", site.network, "--network-alias", name)
    return site.stack.enter_context(
        container(f"{site.network}-{name}", *place, IMAGE, *command)
    )


def watch(site: Site, service: Container) -> None:
    """Let a web server die and come back, and see what arrives."""
    hook, mail = (
        around(site, "hook", "python", "-uc", HOOK),
        around(site, "mail", "python", "-Wignore", "-uc", POSTBOX),
    )
    shop = around(site, "shop", "python", "-uc", SHOP)
    assert service.manage(SET_UP)
    until(lambda: service.manage(STATE) == "up", what="the first look", timeout_s=40)

    engine("kill", "--signal", "HUP", shop.name)
    died = time.monotonic()
    until(
        lambda: told(hook) == 1 and letters(mail) == 1,
        what="both messages",
        timeout_s=30,
    )
    assert time.monotonic() - died < 30

    engine("kill", "--signal", "HUP", shop.name)
    until(
        lambda: told(hook) == 2 and letters(mail) == 2,
        what="both messages that it is over",
        timeout_s=40,
    )
    assert '"reason": "resolved"' in hook.logs or '"reason":"resolved"' in hook.logs


def told(hook: Container) -> int:
    return hook.logs.count("GOT ")


def letters(mail: Container) -> int:
    return mail.logs.count("MESSAGE FOLLOWS")


def test_web_worker_and_beat_tell_of_it(site):
    parts = [
        site.start(role, role, **MAIL, **PUBLIC) for role in ("web", "worker", "beat")
    ]
    for part in parts:
        part.await_health("--ready")

    watch(site, parts[0])
    assert '"probes.ran"' in parts[1].logs


@pytest.fixture
def volume(site: Site):
    """Return the name of a volume that is removed with the test."""
    with ExitStack() as after:
        name = f"{site.network}-data"
        after.callback(engine, "volume", "rm", "-f", name, check=False)
        yield name


def test_the_standalone_container_tells_of_it(volume, site):
    place = ("--network", site.network, "--network-alias", "monitor")
    variables = [w for n, v in {**MAIL, **PUBLIC}.items() for w in ("-e", f"{n}={v}")]
    started = site.stack.enter_context(
        container(
            f"{site.network}-standalone",
            *place,
            *CONFINED,
            *variables,
            "-v",
            f"{volume}:/data",
            IMAGE,
        )  # fmt: skip
    )
    started.await_health("--ready")

    watch(site, started)
    tail = ("supervisorctl", "tail", "-20000", "standalone:celery_worker")
    assert '"probes.ran"' in started.exec(*tail)
