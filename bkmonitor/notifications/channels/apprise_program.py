"""The process in which Apprise runs: a question in JSON on the input, an answer out.

The question has `url` and `allow_private`; with `title`, `body` and `kind` it is
also sent. The answer has `ok`, `permanent` and `detail`, which holds no secret.
"""

import contextlib
import json
import logging
import signal
import socket
import sys
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import apprise

from bkmonitor.lib.errors import InvalidInput
from bkmonitor.lib.http import check_address
from bkmonitor.notifications.redaction import parts_of, redact

# These speak to the machine they run on, and that is ours.
LOCAL = frozenset(
    {"syslog", "dbus", "kde", "qt", "glib", "gio", "gnome", "macosx", "windows"}
    | {"blink1", "vapid"}
)
# Arguments by which a service reads a file, which would be one of ours.
FILES = frozenset(
    {"template", "keyfile", "subfile", "attach", "pgppub", "pgpprv", "pgpkey"}
)
LONGEST_DETAIL = 300


def answer(question: dict[str, Any]) -> dict[str, Any]:
    """Check a URL, send if there is something to send, and say how it went."""
    url = question["url"]
    asset = apprise.AppriseAsset(
        secure_logging=True, storage_mode="memory", http_redirects=False
    )
    service = _service(url, asset)
    if isinstance(service, str):
        return {"ok": False, "permanent": True, "detail": service}
    if refused := _refused(url, service, allow_private=question["allow_private"]):
        return {"ok": False, "permanent": True, "detail": refused}
    if "body" not in question:
        return {"ok": True, "permanent": False, "detail": str(service.service_name)}
    capture = apprise.LogCapture(level=logging.WARNING, fmt="%(message)s")  # type: ignore[no-untyped-call]
    with capture as log:
        sent = bool(
            service.notify(
                title=question["title"],
                body=question["body"],
                notify_type=question["kind"],
                body_format=apprise.NotifyFormat.TEXT,
            )
        )
        told = log.getvalue()
    detail = f"{service.service_name} took it" if sent else _complaint(told, url)
    return {"ok": sent, "permanent": False, "detail": detail[:LONGEST_DETAIL]}


def _service(url: str, asset: apprise.AppriseAsset) -> Any:
    """Return the service of a URL, or why there is none."""
    scheme = url.split("://", 1)[0].lower()
    if "://" not in url:
        return "This is no Apprise URL."
    if scheme in LOCAL:
        return f"{scheme}:// speaks to the machine of this service and is not allowed."
    service = apprise.Apprise.instantiate(url, asset=asset, suppress_exceptions=True)
    return service or f"Apprise does not understand this {scheme}:// URL."


def _refused(url: str, service: Any, *, allow_private: bool) -> str:
    """Return why a URL may not be used, "" if it may."""
    for name, value in parse_qsl(urlsplit(url).query, keep_blank_values=True):
        if name.lower() in FILES and value or value.lower().startswith("file:"):
            return f"The argument {name} would read a file of this service."
    held = (service, *getattr(service, "__dict__", {}).values())
    if any(isinstance(part, apprise.AppriseAttachment) and len(part) for part in held):
        return "The URL would read a file of this service."
    # Of the others the first part is a token and not a host.
    if any("{host}" in form for form in service.templates) and service.host:
        return _refused_host(service.host, allow_private=allow_private)
    return ""


def _refused_host(host: str, *, allow_private: bool) -> str:
    try:
        for found in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM):
            check_address(str(found[4][0]), allow_private=allow_private)
    except InvalidInput as error:
        return str(error)
    except (OSError, UnicodeError):
        return ""  # Not resolved now; the attempt itself will say so.
    return ""


def _complaint(told: str, url: str) -> str:
    """Return the last complaint without any part of the URL that may be a secret."""
    lines = [line.strip() for line in told.splitlines() if line.strip()]
    last = lines[-1] if lines else "the service did not take it and gave no reason"
    return redact(last, parts_of(url))


if __name__ == "__main__":
    # Who started this may be dead, and would then never end it.
    signal.alarm(60)
    # A service that prints must not spoil the answer: it would be sent again.
    with contextlib.redirect_stdout(sys.stderr):
        told = answer(json.load(sys.stdin))
    json.dump(told, sys.stdout)
