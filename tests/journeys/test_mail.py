"""Mail to real mail servers, with and without TLS and a login."""

import contextlib
import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from ipaddress import ip_address

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from bkmonitor.notifications.channels import email
from bkmonitor.notifications.channels.registry import CHANNELS
from bkmonitor.notifications.picture import Drawing
from bkmonitor.notifications.services import confirm, deliver, send_test
from tests.factories import NOON, make_notification, make_receiver, make_space
from tests.servers import free_port

pytestmark = [
    pytest.mark.journey,
    pytest.mark.django_db,
    pytest.mark.enable_socket,
]


def send(notification, now=NOON, **more):
    return deliver(notification.pk, channels=CHANNELS, now=now, **more)


@dataclass
class Mailbox:
    """A mail server's memory, and what it answers before it takes anything."""

    mails: list = field(default_factory=list)
    senders: list = field(default_factory=list)
    to_recipient: str = "250 OK"
    to_data: str = "250 2.0.0 queued as 4711"

    async def handle_RCPT(self, server, session, envelope, address, _options):  # noqa: N802
        if self.to_recipient.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.to_recipient

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        self.senders.append(envelope.mail_from)
        if self.to_data.startswith("250"):
            parsed = message_from_bytes(envelope.content, policy=policy.default)
            self.mails.append(parsed)
        return self.to_data


@contextlib.contextmanager
def mail_server(**options) -> Iterator[tuple[Mailbox, int]]:
    """Run a mail server on a free port."""
    mailbox, port = Mailbox(), free_port()
    controller = Controller(mailbox, hostname="127.0.0.1", port=port, **options)
    controller.start()
    try:
        yield mailbox, port
    finally:
        controller.stop()


@pytest.fixture
def mail_settings(settings):
    settings.MAIL_FROM = "monitor@example.com"
    settings.PUBLIC_URL = "https://monitor.example.org"
    return settings


def make_mail(**fields):
    space = make_space(slug="shop", name="Shop")
    return make_receiver(space, channel="email", address="mei@example.org", **fields)


def test_a_mail_arrives_in_the_readers_language_and_zone_with_a_chart(
    mail_settings, catalogue
):
    receiver = make_mail(language="zh-hans", time_zone="Asia/Shanghai")
    times = [int(NOON.timestamp()) + 60 * n for n in range(-60, 3)]
    drawing = Drawing(times=times, values=[float(n) for n in range(63)], limit=60.0)

    with mail_server() as (mailbox, port):
        mail_settings.SMTP_URL = f"smtp://127.0.0.1:{port}"
        after = send(
            make_notification(receiver=receiver),
            NOON + timedelta(minutes=2),
            chart=lambda _: drawing,
        )

    (mail,) = mailbox.mails
    assert (after.state, after.last_error) == ("sent", "")
    assert after.tries.get().detail == "250 2.0.0 queued as 4711"
    assert mail["Subject"] == "[致命] CPU of the web servers"
    assert mail["Message-ID"] == f"<{after.key}@example.com>"
    text = mail.get_body(("plain",)).get_content()
    assert "已持续 2 分钟：当前值 95.5 高于阈值 90。" in text
    assert "2026-03-02 20:00:00 UTC+8" in text
    kinds = [part.get_content_type() for part in mail.walk()]
    assert kinds[-2:] == ["text/html", "image/png"]


@pytest.mark.parametrize(
    ("answers", "state", "said"),
    [
        ({"to_recipient": "550 5.1.1 no such user"}, "failed", "550 5.1.1 no such"),
        ({"to_recipient": "450 4.2.0 greylisted"}, "pending", "450 4.2.0 greylisted"),
        ({"to_data": "554 5.7.1 looks like spam"}, "failed", "554 5.7.1 looks like"),
        ({"to_data": "452 4.3.1 disk full"}, "pending", "452 4.3.1 disk full"),
    ],
)
def test_what_the_mail_server_says_decides_on_another_try(
    mail_settings, answers, state, said
):
    with mail_server() as (mailbox, port):
        mail_settings.SMTP_URL = f"smtp://127.0.0.1:{port}"
        vars(mailbox).update(answers)

        after = send(make_notification(receiver=make_mail()))

    assert after.state == state
    assert said in after.last_error


def test_a_mail_server_that_is_down_is_asked_again(mail_settings):
    mail_settings.SMTP_URL = f"smtp://127.0.0.1:{free_port()}"
    notification = make_notification(receiver=make_mail())

    first = send(notification)
    with mail_server() as (mailbox, port):
        mail_settings.SMTP_URL = f"smtp://127.0.0.1:{port}"
        second = send(notification, first.next_attempt_at)

    assert (first.state, second.state, second.attempts) == ("pending", "sent", 2)
    assert len(mailbox.mails) == 1


def test_a_mail_server_that_says_nothing_does_not_hold_a_worker(
    mail_settings, monkeypatch
):
    monkeypatch.setattr(email, "TIMEOUT_S", 0.3)
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as mute:
        mail_settings.SMTP_URL = f"smtp://127.0.0.1:{mute.getsockname()[1]}"
        started = time.monotonic()

        after = send(make_notification(receiver=make_mail()))

    assert after.state == "pending"
    assert time.monotonic() - started < 5


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """Return the paths of a certificate for 127.0.0.1 and of its key."""
    folder = tmp_path_factory.mktemp("certificate")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail")])
    now = datetime.now(UTC)
    alternative = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(alternative, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    return folder / "cert.pem", folder / "key.pem"


@pytest.fixture
def server_tls(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return context


class DemandingSMTP(SMTP):
    """A mail server that takes nothing without TLS and a login."""

    def __init__(self, *args, **options):
        def authenticate(_server, _session, _envelope, _mechanism, given):
            right = (given.login, given.password) == (b"mei@x", b"p:ss/word")
            return AuthResult(success=right, handled=False)

        super().__init__(
            *args,
            **options,
            require_starttls=True,
            auth_required=True,
            authenticator=authenticate,
        )


class DemandingController(Controller):
    def factory(self):
        return DemandingSMTP(self.handler, tls_context=self.tls)


@pytest.mark.parametrize(
    ("password", "trusted", "state"),
    [
        ("p%3Ass%2Fword", True, "sent"),
        ("wrong", True, "pending"),
        ("p%3Ass%2Fword", False, "pending"),
    ],
)
def test_starttls_checks_the_certificate_and_then_logs_in(
    mail_settings, certificate, server_tls, monkeypatch, password, trusted, state
):
    mailbox, port = Mailbox(), free_port()
    controller = DemandingController(mailbox, hostname="127.0.0.1", port=port)
    controller.tls = server_tls
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    mail_settings.SMTP_URL = f"smtp+starttls://mei%40x:{password}@127.0.0.1:{port}"
    controller.start()
    try:
        after = send(make_notification(receiver=make_mail()))
    finally:
        controller.stop()

    assert after.state == state
    assert "ss/word" not in after.last_error
    assert len(mailbox.mails) == (1 if state == "sent" else 0)


def test_mail_over_tls_from_the_first_byte(
    mail_settings, certificate, server_tls, monkeypatch
):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))

    with mail_server(ssl_context=server_tls) as (mailbox, port):
        mail_settings.SMTP_URL = f"smtps://127.0.0.1:{port}"
        after = send(make_notification(receiver=make_mail()))

    assert after.state == "sent"
    assert mailbox.senders == ["monitor@example.com"]


def test_the_code_in_the_mail_confirms_the_receiver(mail_settings):
    receiver = make_mail(confirmed_at=None)

    with mail_server() as (mailbox, port):
        mail_settings.SMTP_URL = f"smtp://127.0.0.1:{port}"
        send(send_test(receiver, NOON))
    code = mailbox.mails[0]["Subject"].split()[0]
    confirm(receiver, code, NOON + timedelta(minutes=1))

    assert receiver.confirmed_at == NOON + timedelta(minutes=1)
