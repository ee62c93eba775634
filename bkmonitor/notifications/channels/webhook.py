"""A POST of JSON to a URL, signed where a secret is set."""

import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

import orjson
from django.conf import settings as django_settings
from django.utils.translation import gettext

from bkmonitor.accounts.installation import absolute
from bkmonitor.lib import http
from bkmonitor.lib.errors import DeliveryError, InvalidInput, UpstreamUnavailable
from bkmonitor.notifications import letter
from bkmonitor.notifications.channels.port import Envelope
from bkmonitor.notifications.message import Message
from bkmonitor.notifications.models import Receiver
from bkmonitor.notifications.redaction import parts_of, redact

TIMEOUT_S = 15.0
VERSION = 1
SIGNATURE = "X-Bkm-Signature"
SEVERITIES = {1: "critical", 2: "warning", 3: "info"}
# Too early, too often, not in time: what 4xx says of the moment, not of the message.
PASSING = frozenset({408, 425, 429})
HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+\Z")
OURS = frozenset(
    {"content-type", "content-length", "host", "transfer-encoding", "connection"}
    | {"idempotency-key", SIGNATURE.lower()}
)


class Webhook:
    """JSON to a URL; an answer of 2xx proves that it arrived."""

    takes_chart = False
    confirms = True

    def check(self, address: str, settings: Mapping[str, Any]) -> None:
        """Raise InvalidInput unless it is a URL, and settings are `secret`, `headers`."""
        _check_url(address)
        for name, value in settings.items():
            if name == "secret" and isinstance(value, str):
                continue
            if name == "headers" and isinstance(value, Mapping):
                _check_headers(value)
                continue
            text = gettext("%(name)s is no setting of a webhook.") % {"name": name}
            raise _wrong("settings", text)

    def send(self, receiver: Receiver, message: Message, envelope: Envelope) -> str:
        """Post the message and return the status and the answer's beginning."""
        body = orjson.dumps(payload(receiver, message, envelope))
        try:
            answer = http.request(
                "POST",
                receiver.address,
                body=body,
                headers=_headers(receiver, body, envelope),
                timeout_s=TIMEOUT_S,
                allow_private=django_settings.ALLOW_PRIVATE_TARGETS,
            )
        except http.AddressRefused as error:
            raise DeliveryError(str(error), permanent=True) from error
        except InvalidInput as error:
            # Its own text would show the URL, which may hold a secret.
            raise DeliveryError("the URL cannot be called", permanent=True) from error
        except UpstreamUnavailable as error:
            raise DeliveryError(str(error)) from error
        told = redact(f"{answer.status} {_beginning(answer.body)}", _secrets(receiver))
        if 200 <= answer.status < 300:
            return told
        raise DeliveryError(
            f"the webhook answered {told}",
            permanent=answer.status < 500 and answer.status not in PASSING,
            retry_after_s=retry_after_s(
                answer.headers.get("retry-after", ""), envelope.at
            ),
        )


def payload(receiver: Receiver, message: Message, envelope: Envelope) -> dict[str, Any]:
    """Return the JSON of a webhook; docs/notifications.md describes it for others.

    A published name stays as it is; what is new is added.
    """
    told = letter.write(message, envelope.at, receiver_name=receiver.name)
    stored = message.to_dict()
    return {
        "version": VERSION,
        "key": envelope.key,
        "thread": envelope.thread,
        "reason": message.reason,
        "state": _state(message),
        "severity": SEVERITIES.get(message.severity, str(message.severity)),
        "title": told.title,
        "text": told.lead,
        "summary": message.summary,
        "description": message.description,
        "sentence": stored["sentence"],
        "labels": stored["labels"],
        "value": stored["value"],
        "started_at": message.started_at,
        "ended_at": message.ended_at,
        "sent_at": envelope.at.isoformat(),
        "alert_id": message.alert_id,
        "url": absolute(message.path) if message.path else "",
        "runbook_url": message.runbook_url,
        "space": {"slug": receiver.space.slug, "name": receiver.space.name},
        "receiver": receiver.name,
    }


def sign(secret: str, body: bytes, at: datetime) -> str:
    """Return the signature header of a body: t=UNIX SECONDS,v1=HMAC-SHA256 in hex.

    What is signed is the time, a full stop and the body, so that neither an old
    body can be sent again under a new time nor a new one under an old.
    """
    seconds = int(at.timestamp())
    signed = b"%d.%b" % (seconds, body)
    return f"t={seconds},v1={hmac.new(secret.encode(), signed, sha256).hexdigest()}"


def retry_after_s(value: str, at: datetime) -> float | None:
    """Return the wait that Retry-After asks for, in seconds or as a date."""
    if value.strip().isdecimal():
        return float(value)
    try:
        when = parsedate_to_datetime(value)
    except ValueError:
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return max((when - at).total_seconds(), 0.0)


def _check_url(address: str) -> None:
    try:
        parts = urlsplit(address)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname)
        sound = sound and (parts.port is None or parts.port > 0)
    except ValueError:
        sound = False
    if not sound or re.search(r"[\s\x00-\x1f\x7f]", address):
        raise _wrong("address", gettext("Enter a URL that begins with http or https."))
    if parts.username is not None:
        raise _wrong("address", gettext("Put the user and password into a header."))


def _check_headers(headers: Mapping[str, Any]) -> None:
    for name, value in headers.items():
        if not HEADER_NAME.match(str(name)) or str(name).lower() in OURS:
            text = gettext("%(name)s cannot be set as a header.") % {"name": name}
            raise _wrong("settings", text)
        if not isinstance(value, str) or not re.fullmatch(r"[\t\x20-\x7e]*", value):
            text = gettext("The header %(name)s needs one line of ASCII.")
            raise _wrong("settings", text % {"name": name})


def _wrong(field: str, text: str) -> InvalidInput:
    return InvalidInput(text, {field: text})


def _headers(receiver: Receiver, body: bytes, envelope: Envelope) -> dict[str, str]:
    headers = {
        **receiver.settings.get("headers", {}),
        "Content-Type": "application/json",
        "User-Agent": "bkmonitor",
        "Idempotency-Key": envelope.key,
    }
    if secret := receiver.settings.get("secret"):
        headers[SIGNATURE] = sign(secret, body, envelope.at)
    return headers


def _state(message: Message) -> str:
    return {"resolved": "resolved", "test": "test"}.get(message.reason, "firing")


def _secrets(receiver: Receiver) -> set[str]:
    """Return what an answer may repeat and nobody shall read there."""
    kept = receiver.settings
    words = {
        word for value in kept.get("headers", {}).values() for word in value.split()
    }
    address = urlsplit(receiver.address)
    return (
        words
        | {kept.get("secret", "")}
        | parts_of(f"://{address.path}?{address.query}")
    )


def _beginning(body: bytes) -> str:
    text = " ".join(body[:200].decode(errors="replace").split())
    return text or "without a body"
