import hmac
from datetime import timedelta
from email.utils import format_datetime
from hashlib import sha256

import pytest

from bkmonitor.lib.errors import DeliveryError, InvalidInput
from bkmonitor.notifications.channels.port import Envelope
from bkmonitor.notifications.channels.webhook import (
    Webhook,
    payload,
    retry_after_s,
    sign,
)
from bkmonitor.notifications.message import Message
from bkmonitor.notifications.models import Receiver
from tests.factories import NOON, make_receiver

ENVELOPE = Envelope(key="k" * 40, thread="alert:7", at=NOON)


def test_the_signature_is_that_of_the_example_in_the_documentation():
    signature = sign("whsec-example", b'{"version":1}', NOON)

    assert signature == (
        "t=1772452800,v1="
        + hmac.new(b"whsec-example", b'1772452800.{"version":1}', sha256).hexdigest()
    )


def test_another_moment_or_body_is_another_signature():
    one = sign("s", b"{}", NOON)

    assert sign("s", b"{}", NOON + timedelta(seconds=1)) != one
    assert sign("s", b"{} ", NOON) != one


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        (format_datetime(NOON + timedelta(minutes=5)), 300.0),
        (format_datetime(NOON - timedelta(minutes=5)), 0.0),
        ("", None),
        ("soon", None),
        ("-5", None),
    ],
)
def test_a_wait_is_asked_for_in_seconds_or_as_a_date(value, seconds):
    assert retry_after_s(value, NOON) == seconds


@pytest.mark.django_db
def test_the_json_has_the_published_names(settings):
    settings.PUBLIC_URL = "https://monitor.example.org"
    receiver = make_receiver(name="hook")
    message = Message(
        reason="fired",
        title="cpu",
        severity=2,
        sentence={
            "id": "limit",
            "params": {"value": 95.5, "operator": ">", "limit": 90.0},
        },
        summary="busy",
        labels={"instance": "web-1"},
        path="/s/shop/alerts/7/",
        value=95.5,
        started_at=NOON.isoformat(),
        alert_id=7,
    )

    told = payload(receiver, message, ENVELOPE)

    assert told == {
        "version": 1,
        "key": "k" * 40,
        "thread": "alert:7",
        "reason": "fired",
        "state": "firing",
        "severity": "warning",
        "title": "cpu",
        "text": "Firing for less than a second: "
        "The value 95.5 is above the limit of 90.",
        "summary": "busy",
        "description": "",
        "sentence": {
            "id": "limit",
            "params": {"value": 95.5, "operator": ">", "limit": 90.0},
        },
        "labels": {"instance": "web-1"},
        "value": 95.5,
        "started_at": "2026-03-02T12:00:00+00:00",
        "ended_at": None,
        "sent_at": "2026-03-02T12:00:00+00:00",
        "alert_id": 7,
        "url": "https://monitor.example.org/s/shop/alerts/7/",
        "runbook_url": "",
        "space": {"slug": receiver.space.slug, "name": receiver.space.name},
        "receiver": "hook",
    }


@pytest.mark.parametrize(
    "address",
    [
        "",
        "example.org/hook",
        "ftp://example.org/",
        "http://",
        "http://example.org:99999/",
        "http://example.org/a b",
        "http://example.org/\r\nX: y",
        "http://user:secret@example.org/",
        "http://[::1/",
    ],
)
def test_what_is_no_address_of_a_webhook_is_refused(address):
    with pytest.raises(InvalidInput) as refused:
        Webhook().check(address, {})

    assert list(refused.value.fields) == ["address"]


@pytest.mark.parametrize(
    "given",
    [
        {"secret": 5},
        {"colour": "red"},
        {"headers": "X: y"},
        {"headers": {"X-Team": "a\r\nHost: b"}},
        {"headers": {"X-Team": 5}},
        {"headers": {"X Team": "a"}},
        {"headers": {"Content-Length": "0"}},
        {"headers": {"idempotency-key": "mine"}},
    ],
)
def test_what_is_no_setting_of_a_webhook_is_refused(given):
    with pytest.raises(InvalidInput) as refused:
        Webhook().check("https://example.org/hook", given)

    assert list(refused.value.fields) == ["settings"]


def test_a_secret_and_headers_are_settings_of_a_webhook():
    settings = {"secret": "s", "headers": {"Authorization": "Bearer abc"}}

    Webhook().check("http://[::1]:8080/hook?token=1", settings)


@pytest.mark.enable_socket
@pytest.mark.django_db
def test_a_private_address_is_refused_where_it_may_not_be_reached(settings):
    settings.ALLOW_PRIVATE_TARGETS = False
    receiver = make_receiver(address="http://127.0.0.1:9/hook")

    with pytest.raises(DeliveryError, match="not a public address") as refused:
        Webhook().send(receiver, Message("fired", "t", {"id": "any"}), ENVELOPE)

    assert refused.value.permanent


@pytest.mark.enable_socket
@pytest.mark.django_db
def test_the_metadata_service_is_refused_always():
    receiver = make_receiver(address="http://169.254.169.254/latest")

    with pytest.raises(DeliveryError, match="metadata") as refused:
        Webhook().send(receiver, Message("fired", "t", {"id": "any"}), ENVELOPE)

    assert refused.value.permanent


@pytest.mark.enable_socket
@pytest.mark.django_db
def test_an_address_that_cannot_be_called_is_never_shown():
    address = f"http://{'a' * 80}.example.org/secret-token"
    receiver = Receiver(space=make_receiver().space, address=address)

    with pytest.raises(DeliveryError) as refused:
        Webhook().send(receiver, Message("fired", "t", {"id": "any"}), ENVELOPE)

    assert refused.value.permanent
    assert "secret-token" not in str(refused.value)
