"""Is the definition of a scrape target sound?

One target that VictoriaMetrics cannot read would stop the reading of them all, so
what gets through here has to be good for it.
"""

import re
import socket
from collections.abc import Mapping
from typing import Any
from urllib.parse import SplitResult, urlsplit

from cryptography import x509
from django.utils.translation import gettext as _

from bkmonitor.lib.addresses import is_loopback, parse_address
from bkmonitor.lib.errors import InvalidInput
from bkmonitor.lib.http import AddressRefused, check_address
from bkmonitor.lib.labels import check_labels

SHORTEST_S, LONGEST_S = 5, 86_400
HOST = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?\.?\Z")
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# Given by the service, or by the store itself.
RESERVED = frozenset({"space"})
SHOWN = ("url", "username", "password", "bearer_token")


def check_target(fields: Mapping[str, Any], *, allow_private: bool) -> None:
    """Raise InvalidInput with everything that is wrong, field by field."""
    wrong: dict[str, str] = {}
    for name, check in (
        ("url", lambda raw: check_url(raw, allow_private=allow_private)),
        ("labels", _check_labels),
        ("interval_s", _check_interval),
        ("ca_certificate", _check_certificate),
    ):
        try:
            check(fields[name])
        except InvalidInput as error:
            wrong[name] = error.fields.get(name, str(error))
    for name in SHOWN:
        if CONTROL.search(str(fields[name])):
            wrong[name] = _("no control characters are allowed here")
    if fields["bearer_token"] and fields["username"]:
        wrong["bearer_token"] = _("give a token, or a user name and password, not both")
    if fields["password"] and not fields["username"]:
        wrong["username"] = _("a password needs a user name")
    if wrong:
        raise InvalidInput(
            "; ".join(f"{name}: {what}" for name, what in wrong.items()), wrong
        )


def check_url(raw: str, *, allow_private: bool) -> None:
    """Raise InvalidInput unless it is an address that may be scraped."""
    parts = split_url(raw)
    if parts.scheme not in ("http", "https"):
        raise InvalidInput(_("must begin with http:// or https://"))
    if parts.username is not None:
        raise InvalidInput(_("has a user name; the fields below are for that"))
    if parts.fragment or re.search(r"\s", raw):
        raise InvalidInput(_("must have no # and no blanks"))
    host = parts.hostname or ""
    literal = literal_address(host)
    if not literal and (len(host) > 253 or not HOST.match(host)):
        raise InvalidInput(_("%(host)r is not a host name") % {"host": host})
    if not allow_private and is_loopback(host):
        raise InvalidInput(_("this machine itself may not be scraped here"))
    if literal:
        try:
            check_address(literal, allow_private=allow_private)
        except AddressRefused as error:
            raise InvalidInput(str(error)) from error


def split_url(raw: str) -> SplitResult:
    """Return the parts of a URL; InvalidInput if its host or port cannot be read."""
    try:
        parts = urlsplit(raw)
        if parts.port == 0:
            raise ValueError("port 0 is none")
    except ValueError as error:
        raise InvalidInput(_("%(url)r is not a URL") % {"url": raw}) from error
    return parts


def literal_address(host: str) -> str:
    """Return the IP address that a host name is, in any spelling; "" if it is a name."""
    try:
        # Resolvers read 127.1, 0x7f000001 and 2130706433 as addresses too.
        return socket.inet_ntoa(socket.inet_aton(host))
    except OSError:
        return parse_address(f"[{host}]") if ":" in host else ""


def _check_labels(labels: Any) -> None:
    if not isinstance(labels, dict):
        raise InvalidInput(_("must be names with values"))
    check_labels(labels)
    for name, value in labels.items():
        if name in RESERVED:
            raise InvalidInput(
                _("%(name)r is set by the service itself") % {"name": name}
            )
        if not value or CONTROL.search(value) or len(value) > 1000:
            raise InvalidInput(_("label %(name)r needs a short text") % {"name": name})


def _check_interval(interval_s: Any) -> None:
    if not isinstance(interval_s, int) or not SHORTEST_S <= interval_s <= LONGEST_S:
        raise InvalidInput(
            _("must be a number of seconds from %(least)d to %(most)d")
            % {"least": SHORTEST_S, "most": LONGEST_S}
        )


def _check_certificate(pem: str) -> None:
    if not pem.strip():
        return
    try:
        x509.load_pem_x509_certificates(pem.encode())
    except ValueError as error:
        raise InvalidInput(_("is no certificate in PEM form")) from error
