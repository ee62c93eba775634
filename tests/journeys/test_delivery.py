"""Webhooks and Apprise with real servers, and workers that die or race at it."""

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from bkmonitor.notifications.channels import webhook
from bkmonitor.notifications.channels.registry import CHANNELS
from bkmonitor.notifications.services import LEASE, deliver, send_test
from tests.factories import NOON, make_notification, make_receiver
from tests.servers import ROOT, wait_for
from tests.stack import webhook as running_webhook

pytestmark = [
    pytest.mark.journey,
    pytest.mark.django_db,
    pytest.mark.enable_socket,
]


def send(notification, now=NOON):
    return deliver(notification.pk, channels=CHANNELS, now=now)


# Webhooks


def test_a_webhook_gets_signed_json_with_its_key_and_headers():
    settings = {"secret": "whsec", "headers": {"Authorization": "Bearer abc"}}

    with running_webhook() as hook:
        after = send(
            make_notification(
                receiver=make_receiver(address=hook.url, settings=settings)
            )
        )

    ((headers, body),) = hook.requests
    assert after.state == "sent"
    assert after.tries.get().detail == "200 ok"
    assert headers["Content-Type"] == "application/json"
    assert headers["Authorization"] == "Bearer abc"
    assert headers["Idempotency-Key"] == after.key == hook.got[0]["key"]
    assert headers["X-Bkm-Signature"] == webhook.sign("whsec", body, NOON)


@pytest.mark.parametrize(
    ("status", "headers", "state", "wait_s"),
    [
        (204, {}, "sent", None),
        (301, {"Location": "http://127.0.0.1:9/"}, "failed", None),
        (400, {}, "failed", None),
        (410, {}, "failed", None),
        (429, {"Retry-After": "120"}, "pending", 120),
        (503, {"Retry-After": "Mon, 02 Mar 2026 12:05:00 GMT"}, "pending", 300),
    ],
)
def test_the_status_decides_on_another_try(status, headers, state, wait_s):
    with running_webhook() as hook:
        hook.replies = [(status, headers)]
        after = send(make_notification(receiver=make_receiver(address=hook.url)))

    assert after.state == state
    if wait_s:
        assert after.next_attempt_at == NOON + timedelta(seconds=wait_s)


def test_every_try_carries_the_same_key_and_a_signature_of_its_own():
    with running_webhook() as hook:
        hook.replies = [(500, {}), (502, {})]
        row = make_notification(
            receiver=make_receiver(address=hook.url, settings={"secret": "s"})
        )
        now = NOON
        while row.state == "pending":
            row = send(row, now)
            now = row.next_attempt_at

    assert (row.state, row.attempts) == ("sent", 3)
    assert set(hook.keys) == {row.key}
    assert len({headers["X-Bkm-Signature"] for headers, _ in hook.requests}) == 3


def test_a_webhook_that_does_not_answer_in_time_is_tried_again(monkeypatch):
    monkeypatch.setattr(webhook, "TIMEOUT_S", 0.3)
    with running_webhook() as hook:
        hook.open.clear()
        after = send(
            make_notification(
                receiver=make_receiver(address=f"{hook.url}?token=hidden")
            )
        )

    assert after.state == "pending"
    assert "hidden" not in after.last_error


def test_what_a_webhook_repeats_of_our_secrets_is_not_kept():
    settings = {"headers": {"Authorization": "Bearer abcdef123456"}}
    with running_webhook() as hook:
        hook.reply = b"unknown token abcdef123456 for hidden-path"
        receiver = make_receiver(address=f"{hook.url}/hidden-path", settings=settings)
        after = send(make_notification(receiver=receiver))

    assert after.tries.get().detail == "200 unknown token … for …"


def test_a_webhook_confirms_itself():
    with running_webhook() as hook:
        receiver = make_receiver(address=hook.url, confirmed_at=None)
        send(send_test(receiver, NOON))

    receiver.refresh_from_db()
    assert receiver.confirmed_at == NOON
    assert hook.got[0]["state"] == "test"


# Apprise


def test_apprise_hands_title_and_text_over():
    with running_webhook() as hook:
        address = hook.url.replace("http://", "json://")
        receiver = make_receiver(channel="apprise", address=address)
        after = send(make_notification(receiver=receiver), NOON + timedelta(minutes=2))

    assert (after.state, after.last_error) == ("sent", "")
    assert hook.got[0]["title"] == "[Critical] CPU of the web servers"
    assert hook.got[0]["message"].startswith(
        "Firing for 2 minutes: The value 95.5 is above the limit of 90."
    )
    assert hook.got[0]["type"] == "failure"


def test_what_apprise_could_not_deliver_is_tried_again():
    with running_webhook() as hook:
        hook.status = 500
        address = hook.url.replace("http://", "json://")
        after = send(
            make_notification(
                receiver=make_receiver(channel="apprise", address=address)
            )
        )

    assert (after.state, after.attempts) == ("pending", 1)
    assert after.last_error


# Workers that die, and workers that race

SET_UP = """
from tests.factories import make_notification, make_receiver
answer = make_notification(receiver=make_receiver(address={url!r})).pk
"""
DELIVER = """
from datetime import timedelta
from tests.factories import NOON
from bkmonitor.notifications.channels.registry import CHANNELS
from bkmonitor.notifications.services import deliver
row = deliver({pk}, channels=CHANNELS, now=NOON + timedelta(seconds={later}))
answer = row and [row.state, row.attempts, row.key]
"""


@dataclass
class Workers:
    """Real processes on one database of their own."""

    environ: dict

    def begin(self, code: str) -> subprocess.Popen:
        """Start a process that runs Python with Django ready."""
        program = f"import json{code}print(json.dumps(answer))"
        words = [sys.executable, "manage.py", "shell", "-v0", "-c", program]
        return subprocess.Popen(
            words, cwd=ROOT, env=self.environ, stdout=subprocess.PIPE, text=True
        )

    def result(self, process: subprocess.Popen) -> str:
        """Wait for a process and return the last line it printed."""
        told, _ = process.communicate(timeout=60)
        assert process.returncode == 0
        return told.splitlines()[-1]

    def run(self, code: str) -> str:
        """Run Python with Django ready and return what `answer` is, as JSON."""
        return self.result(self.begin(code))


@pytest.fixture
def workers(tmp_path: Path) -> Workers:
    own = {name: v for name, v in os.environ.items() if not name.startswith("BKM_")}
    database = {"BKM_DATABASE_URL": f"sqlite:///{tmp_path}/workers.sqlite3"}
    found = Workers({**own, **database, "BKM_DATA": str(tmp_path)})
    migrate = [sys.executable, "manage.py", "migrate", "-v0"]
    subprocess.run(migrate, cwd=ROOT, env=found.environ, check=True, timeout=60)
    return found


def test_when_a_worker_is_killed_in_the_middle_the_repeat_carries_the_same_key(workers):
    with running_webhook() as hook:
        pk = int(workers.run(SET_UP.format(url=hook.url)))
        hook.open.clear()
        killed = workers.begin(DELIVER.format(pk=pk, later=0))
        wait_for(lambda: hook.keys, what="the request", timeout_s=30)
        killed.send_signal(signal.SIGKILL)
        killed.wait(10)
        killed.stdout.close()
        hook.open.set()

        lease = LEASE.total_seconds()
        too_soon = workers.run(DELIVER.format(pk=pk, later=lease - 1))
        repeated = workers.run(DELIVER.format(pk=pk, later=lease))

    assert too_soon == "null"
    assert repeated == f'["sent", 2, "{hook.keys[0]}"]'
    assert hook.keys == [hook.keys[0]] * 2


def test_of_workers_that_race_one_sends(workers):
    with running_webhook() as hook:
        pk = int(workers.run(SET_UP.format(url=hook.url)))
        hook.open.clear()
        racing = [workers.begin(DELIVER.format(pk=pk, later=0)) for _ in range(3)]
        wait_for(lambda: hook.keys, what="the request", timeout_s=30)
        # The losers end while the winner is still at it.
        wait_for(
            lambda: sum(each.poll() == 0 for each in racing) == 2,
            what="the losers",
            timeout_s=30,
        )
        hook.open.set()
        told = sorted(workers.result(each) for each in racing)

    assert told == [f'["sent", 1, "{hook.keys[0]}"]', "null", "null"]
    assert len(hook.keys) == 1
