"""Mail by SMTP: text and HTML, a picture, and headers that keep threads together."""

import contextlib
import re
import smtplib
import ssl
from collections.abc import Iterator, Mapping
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr, parseaddr
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.template.loader import render_to_string
from django.utils.translation import get_language, gettext

from bkmonitor.accounts.installation import mail_from, smtp_url
from bkmonitor.lib.errors import DeliveryError, InvalidInput
from bkmonitor.notifications.channels.port import Envelope
from bkmonitor.notifications.letter import Letter, plain_text, write
from bkmonitor.notifications.message import Message
from bkmonitor.notifications.models import Receiver

TIMEOUT_S = 15.0
PORTS = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}
# Only ASCII goes over the wire, so no server needs an extension.
WIRE = SMTP.clone(cte_type="7bit")
CHART_ID = "chart@bkmonitor"
# Darker than the screen's, so that white on them keeps its contrast in any client.
COLOURS = {1: "#b42318", 2: "#a15c07", 3: "#175cd3"}
OVER = "#067647"


class Email:
    """Letters to one mail address."""

    takes_chart = True
    confirms = False

    def check(self, address: str, settings: Mapping[str, Any]) -> None:
        """Raise InvalidInput unless it is one plain mail address."""
        wrong = gettext("Enter one mail address, in ASCII.")
        try:
            address.encode("ascii")
            validate_email(address)
        except (UnicodeEncodeError, ValidationError) as error:
            raise InvalidInput(wrong, {"address": wrong}) from error
        if settings:
            wrong = gettext("Mail has no settings.")
            raise InvalidInput(wrong, {"settings": wrong})

    def send(self, receiver: Receiver, message: Message, envelope: Envelope) -> str:
        """Hand the letter to the mail server and return its answer."""
        url, sender = smtp_url(), mail_from()
        # An operator can mend both while the message waits.
        if not url:
            raise DeliveryError("no mail server is set")
        if not sender:
            raise DeliveryError("no sender of mail is set")
        mail = compose(receiver, message, envelope, sender)
        try:
            with _session(url, name=_domain(sender)) as session:
                return _hand_over(session, mail, parseaddr(sender)[1], receiver.address)
        except smtplib.SMTPResponseException as error:
            raise DeliveryError(
                f"the mail server said {error.smtp_code} {_text(error.smtp_error)}",
                # Refused logins are our configuration's fault, not the message's.
                permanent=500 <= error.smtp_code < 600
                and not isinstance(error, smtplib.SMTPAuthenticationError),
            ) from error
        except (smtplib.SMTPException, OSError) as error:
            raise DeliveryError(f"the mail server did not answer: {error}") from error


def check_server(url: str) -> None:
    """Reach a mail server and log in there; DeliveryError says why it cannot be done."""
    try:
        with _session(url, name="localhost") as session:
            session.ehlo_or_helo_if_needed()
    except smtplib.SMTPResponseException as error:
        raise DeliveryError(
            f"the mail server said {error.smtp_code} {_text(error.smtp_error)}"
        ) from error
    except (smtplib.SMTPException, OSError) as error:
        raise DeliveryError(f"the mail server did not answer: {error}") from error


def compose(
    receiver: Receiver, message: Message, envelope: Envelope, sender: str
) -> EmailMessage:
    """Return the letter as a mail; the same notification is the same Message-ID."""
    letter = write(message, envelope.at, receiver_name=receiver.name)
    domain, (name, address) = _domain(sender), parseaddr(sender)
    thread = f"<{_atom(envelope.thread)}@{domain}>"
    mail = EmailMessage(policy=WIRE)
    mail["From"] = formataddr((name or "bkmonitor", address))
    mail["To"] = receiver.address
    mail["Subject"] = letter.subject
    mail["Date"] = format_datetime(envelope.at)
    mail["Message-ID"] = f"<{envelope.key}@{domain}>"
    # All of a thread answer the same mail, which need not exist.
    mail["In-Reply-To"] = thread
    mail["References"] = thread
    mail["List-Id"] = f"<{receiver.space.slug}.alerts.{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    if message.severity == 1 and message.reason not in ("resolved", "test"):
        mail["Importance"] = "high"
    mail.set_content(f"{plain_text(letter)}\n\n-- \n{letter.footer}\n")
    mail.add_alternative(
        _html(letter, message, has_chart=envelope.chart_png is not None), subtype="html"
    )
    if envelope.chart_png is not None:
        html = mail.get_payload()[1]  # type: ignore[index]
        html.add_related(  # type: ignore[union-attr]
            envelope.chart_png,
            "image",
            "png",
            cid=f"<{CHART_ID}>",
            filename="chart.png",
            disposition="inline",
        )
    return mail


def _html(letter: Letter, message: Message, *, has_chart: bool) -> str:
    over = message.reason in ("resolved", "test")
    context = {
        "letter": letter,
        "colour": OVER if over else COLOURS.get(message.severity, COLOURS[3]),
        "language": get_language() or "en",
        "code": message.code,
        "chart": CHART_ID if has_chart else "",
    }
    return render_to_string("notifications/letter.html", context)


@contextlib.contextmanager
def _session(url: str, *, name: str) -> Iterator[smtplib.SMTP]:
    parts, host, port = _place(url)
    # The name is given, since looking up our own may take longer than the mail.
    told: dict[str, Any] = {"timeout": TIMEOUT_S, "local_hostname": name}
    if parts.scheme == "smtps":
        context = ssl.create_default_context()
        session: smtplib.SMTP = smtplib.SMTP_SSL(host, port, context=context, **told)
    else:
        session = smtplib.SMTP(host, port, **told)
    try:
        if parts.scheme == "smtp+starttls":
            session.starttls(context=ssl.create_default_context())
        if parts.username:
            session.login(unquote(parts.username), unquote(parts.password or ""))
        yield session
    finally:
        # The letter's fate is known by now; a server that hangs up changes nothing.
        with contextlib.suppress(smtplib.SMTPException, OSError):
            session.quit()
        session.close()


def _place(url: str) -> tuple[SplitResult, str, int]:
    try:
        parts = urlsplit(url)
        return parts, parts.hostname or "localhost", parts.port or PORTS[parts.scheme]
    except (ValueError, KeyError) as error:
        # Without the URL itself, which holds a password.
        raise DeliveryError("the URL of the mail server makes no sense") from error


def _hand_over(
    session: smtplib.SMTP, mail: EmailMessage, sender: str, address: str
) -> str:
    session.ehlo_or_helo_if_needed()
    for code, answer in (session.mail(sender), session.rcpt(address)):
        if code not in (250, 251):
            raise smtplib.SMTPResponseException(code, answer)
    code, answer = session.data(mail.as_bytes())
    if code != 250:
        raise smtplib.SMTPResponseException(code, answer)
    return f"{code} {_text(answer)}"


def _text(answer: bytes | str) -> str:
    text = answer.decode(errors="replace") if isinstance(answer, bytes) else answer
    return " ".join(text.split())


def _domain(sender: str) -> str:
    return parseaddr(sender)[1].rpartition("@")[2] or "localhost"


def _atom(thread: str) -> str:
    """Return a thread's name in the characters that a Message-ID may have."""
    return re.sub(r"[^A-Za-z0-9-]", "-", thread)
