"""What docs/notifications.md shows is what the webhook does."""

import json
import re
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from bkmonitor.notifications import retry
from bkmonitor.notifications.channels.port import Envelope
from bkmonitor.notifications.channels.webhook import payload, sign
from tests.factories import NOON, make_message, make_receiver, make_space

PAGE = Path(__file__).resolve().parents[3] / "docs" / "notifications.md"
BODY = b'{"version":1}'


def shown(language):
    """Return the one block of the page that is written in a language."""
    (block,) = re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(), re.DOTALL)
    return block


@pytest.mark.django_db
def test_the_json_that_is_shown_is_what_is_sent(settings):
    settings.PUBLIC_URL = "https://monitor.example.org"
    receiver = make_receiver(make_space(slug="shop", name="Shop"), name="hook")
    message = make_message(
        severity=2,
        summary="web-1 is busy",
        labels={"instance": "web-1", "job": "node"},
        path="/s/shop/alerts/7/",
        value=95.5,
        alert_id=7,
    )
    example = json.loads(shown("json"))
    envelope = Envelope(example["key"], "alert:7", NOON + timedelta(minutes=2))

    assert payload(receiver, message, envelope) == example


@pytest.mark.parametrize(
    ("secret", "body", "later", "genuine"),
    [
        ("whsec", BODY, 0, True),
        ("whsec", BODY, 299, True),
        ("whsec", BODY, 301, False),
        ("other", BODY, 0, False),
        ("whsec", BODY + b" ", 0, False),
    ],
)
def test_the_python_that_is_shown_knows_what_is_genuine(secret, body, later, genuine):
    known: dict = {}
    exec(shown("python"), known)
    header, now = sign("whsec", BODY, NOON), NOON.timestamp() + later

    assert known["is_genuine"](secret, header, body, now) is genuine


@pytest.mark.parametrize(("secret", "told"), [("whsec", "genuine\n"), ("other", "")])
def test_the_shell_that_is_shown_knows_what_is_genuine(secret, told):
    done = subprocess.run(
        ["bash", "-c", shown("bash")],
        input=BODY,
        env={
            "PATH": "/usr/bin:/bin",
            "header": sign("whsec", BODY, NOON),
            "secret": secret,
        },
        capture_output=True,
        check=False,
        timeout=20,
    )

    assert done.stdout.decode() == told


def test_the_numbers_of_the_retry_table_are_those_of_the_code():
    page = " ".join(PAGE.read_text().split())

    assert f"first repeat comes after {retry.FIRST_S:g} seconds" in page
    assert f"then {retry.LONGEST_S / 60:g} min" in page
    assert f"After {retry.MOST_TRIES} tries" in page
    assert f"kept a worker waiting for {retry.SLOW_S:g} seconds" in page
