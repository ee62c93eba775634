import json
import subprocess
import sys

import pytest

from bkmonitor.notifications.channels.apprise_program import answer

pytestmark = [
    # Apprise looks for modules that Python has given up.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    # Addresses are resolved, all of them literal; one on loopback is called.
    pytest.mark.enable_socket,
]


def check(url, **more):
    return answer({"url": url, "allow_private": True} | more)


@pytest.mark.parametrize(
    "url",
    [
        "ntfy://127.0.0.1/topic",
        "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#general",
        "json://127.0.0.1:9/hook",
    ],
)
def test_a_url_that_apprise_knows_is_good(url):
    assert check(url)["ok"]


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("mei@example.org", "no Apprise URL"),
        ("unheard://of", "does not understand"),
        ("slack://", "does not understand"),
        ("syslog://", "machine of this service"),
        ("DBUS://", "machine of this service"),
        ("json://169.254.169.254/latest", "metadata"),
        (
            "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js?template=/etc/passwd",
            "read a file",
        ),
        ("fcm://project@key/device?keyfile=/etc/passwd", "read a file"),
        ("mailto://u:p@example.org?pgpprv=/etc/shadow", "read a file"),
        ("json://127.0.0.1/?any=file:///etc/passwd", "read a file"),
    ],
)
def test_a_url_that_may_not_be_used_is_refused_with_the_reason(url, why):
    told = check(url)

    assert (told["ok"], told["permanent"]) == (False, True)
    assert why in told["detail"]


def test_a_private_host_is_refused_where_it_may_not_be_reached():
    told = check("json://127.0.0.1:9/hook", allow_private=False)

    assert told == {
        "ok": False,
        "permanent": True,
        "detail": "127.0.0.1 is not a public address",
    }


def test_a_service_that_does_not_answer_is_tried_again_and_shows_no_secret():
    told = check(
        "json://user:hunter2hunter2@127.0.0.1:9/secretpath",
        title="t",
        body="b",
        kind="info",
    )

    assert (told["ok"], told["permanent"]) == (False, False)
    assert told["detail"]
    assert "hunter2" not in told["detail"]
    assert "secretpath" not in told["detail"]


TALKATIVE = """
import runpy, apprise
def instantiate(url, **more):
    print("a service that says something")
apprise.Apprise.instantiate = instantiate
runpy.run_module("bkmonitor.notifications.channels.apprise_program", run_name="__main__")
"""


def test_a_service_that_prints_does_not_spoil_the_answer():
    question = {"url": "json://example.org", "allow_private": True}

    done = subprocess.run(
        [sys.executable, "-c", TALKATIVE],
        input=json.dumps(question).encode(),
        capture_output=True,
        check=True,
    )

    assert json.loads(done.stdout)["ok"] is False
