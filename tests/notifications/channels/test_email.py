from dataclasses import replace
from datetime import timedelta

import pytest

from bkmonitor.lib.errors import DeliveryError, InvalidInput
from bkmonitor.notifications.channels.email import Email, compose
from bkmonitor.notifications.channels.port import Envelope
from bkmonitor.notifications.message import Message
from tests.factories import NOON, make_receiver, make_space

pytestmark = pytest.mark.django_db

ENVELOPE = Envelope(
    key="0123abcd" * 5, thread="alert:7", at=NOON + timedelta(minutes=2)
)
FIRED = Message(
    reason="fired",
    title="CPU <of> the web servers",
    severity=1,
    sentence={"id": "any", "params": {"value": 95.5}},
    labels={"instance": "web-1"},
    path="/s/shop/alerts/7/",
    started_at=NOON.isoformat(),
    space_name="Shop",
)


@pytest.fixture
def receiver(settings):
    settings.PUBLIC_URL = "https://monitor.example.org"
    space = make_space(slug="shop", name="Shop")
    return make_receiver(space, channel="email", address="mei@example.org", name="Mei")


def mail(receiver, message=FIRED, envelope=ENVELOPE):
    return compose(receiver, message, envelope, "Monitor <monitor@example.com>")


def part(mail, kind):
    return next(part for part in mail.walk() if part.get_content_type() == kind)


def test_the_headers(receiver):
    headers = mail(receiver)

    assert headers["From"] == "Monitor <monitor@example.com>"
    assert headers["To"] == "mei@example.org"
    assert headers["Subject"] == "[Critical] CPU <of> the web servers"
    assert headers["Date"] == "Mon, 02 Mar 2026 12:02:00 +0000"
    assert headers["List-Id"] == "<shop.alerts.example.com>"
    assert headers["Auto-Submitted"] == "auto-generated"
    assert headers["Importance"] == "high"


def test_a_repeat_of_a_try_has_the_same_message_id(receiver):
    late = replace(ENVELOPE, at=ENVELOPE.at + timedelta(hours=1))

    ids = {mail(receiver)["Message-ID"], mail(receiver, envelope=late)["Message-ID"]}

    assert ids == {f"<{'0123abcd' * 5}@example.com>"}


def test_what_belongs_to_one_alert_hangs_together(receiver):
    fired = mail(receiver)
    over = mail(
        receiver, replace(FIRED, reason="resolved"), replace(ENVELOPE, key="f" * 40)
    )

    assert fired["References"] == over["References"] == "<alert-7@example.com>"
    assert fired["In-Reply-To"] == over["In-Reply-To"]
    assert fired["Message-ID"] != over["Message-ID"]


def test_text_and_html_tell_the_same(receiver):
    whole = mail(receiver)
    text = part(whole, "text/plain").get_content()
    html = part(whole, "text/html").get_content()

    for told in (
        "Firing for 2 minutes: The condition holds; the value is 95.5.",
        "instance=web-1",
        "https://monitor.example.org/s/shop/alerts/7/",
        "Sent to Mei of the space Shop.",
    ):
        assert told in text
        assert told in html


def test_what_users_wrote_is_text_in_html(receiver):
    html = part(mail(receiver), "text/html").get_content()

    assert "CPU &lt;of&gt; the web servers" in html


def test_severity_is_a_word_and_a_colour(receiver):
    html = part(mail(receiver), "text/html").get_content()

    assert "Critical</span>" in html
    assert "#b42318" in html


def test_the_picture_is_inside_the_mail(receiver):
    whole = mail(receiver, envelope=replace(ENVELOPE, chart_png=b"\x89PNG"))
    picture = part(whole, "image/png")

    assert picture["Content-ID"] == "<chart@bkmonitor>"
    assert picture.get_content() == b"\x89PNG"
    assert 'src="cid:chart@bkmonitor"' in part(whole, "text/html").get_content()


def test_without_a_picture_nothing_points_to_one(receiver):
    assert "cid:" not in part(mail(receiver), "text/html").get_content()


def test_only_ascii_goes_over_the_wire(receiver, chinese):
    receiver.name = "值班"

    wire = mail(receiver, replace(FIRED, title="处理器 \U0001f525")).as_bytes()

    assert wire.isascii()


def test_the_code_of_a_test_is_to_be_seen(receiver):
    message = Message("test", "Shop", {"id": "test"}, code="012345")

    whole = mail(receiver, message)

    assert "012345" in whole["Subject"]
    assert "012345" in part(whole, "text/html").get_content()
    assert whole["Importance"] is None


@pytest.mark.parametrize(
    "address", ["", "mei", "mei@", "a@example.org, b@example.org", "美@example.org"]
)
def test_what_is_no_mail_address_is_refused(address):
    with pytest.raises(InvalidInput) as refused:
        Email().check(address, {})

    assert list(refused.value.fields) == ["address"]


@pytest.mark.parametrize(
    ("smtp_url", "mail_from", "said"),
    [("", "a@example.org", "no mail server"), ("smtp://127.0.0.1", "", "no sender")],
)
def test_without_a_mail_server_it_waits_for_the_operator(
    receiver, settings, smtp_url, mail_from, said
):
    settings.SMTP_URL, settings.MAIL_FROM = smtp_url, mail_from

    with pytest.raises(DeliveryError, match=said) as waits:
        Email().send(receiver, FIRED, ENVELOPE)

    assert not waits.value.permanent


@pytest.mark.parametrize("url", ["smtp://u:hidden@host:port", "http://hidden@host"])
def test_a_url_of_a_mail_server_that_makes_no_sense_is_not_shown(
    receiver, settings, url
):
    settings.SMTP_URL, settings.MAIL_FROM = url, "a@example.org"

    with pytest.raises(DeliveryError, match="makes no sense") as waits:
        Email().send(receiver, FIRED, ENVELOPE)

    assert not waits.value.permanent
    assert "hidden" not in str(waits.value)
