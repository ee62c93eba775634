"""How the targets of probes are written."""

import re
from urllib.parse import urlsplit

from bkmonitor.lib.errors import InvalidInput

HOST = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]{0,252})\Z")
IPV6 = re.compile(r"[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(%[\w.-]+)?\Z")


def check_url(text: str) -> None:
    """Raise InvalidInput unless `text` is an http or https URL with a host."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port, parts = "", None, urlsplit("")
    if not host or port == 0 or parts.scheme not in ("http", "https"):
        raise wrong("target", f"{text!r} is not a URL with http:// or https://")
    if not text.isprintable():
        raise wrong("target", f"{text!r} is not a URL: it holds control characters")
    if any(mark.isspace() for mark in text):
        raise wrong("target", f"{text!r} holds a space")
    if not host.isascii():
        raise wrong("target", f"{host!r}: write the host in its form with xn--")
    if parts.username is not None:
        # A target is shown to every reader and stands in samples.
        sentence = "a URL is no place for a password; use the header Authorization"
        raise wrong("target", sentence)


def split_host_port(text: str) -> tuple[str, int]:
    """Return the host and the port of HOST:PORT or [IPv6]:PORT."""
    host, colon, port = text.rpartition(":")
    if not colon or not port.isascii() or not port.isdecimal():
        raise wrong("target", f"{text!r} is not HOST:PORT")
    if not 1 <= int(port) <= 65535:
        raise wrong("target", f"{port} is not a port")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
        if not IPV6.match(host):
            raise wrong("target", f"{host!r} is not an IPv6 address")
        return host, int(port)
    if not HOST.match(host):
        raise wrong("target", f"{host!r} is not a host; write IPv6 as [ADDRESS]:PORT")
    return host, int(port)


def parse_host(text: str) -> str:
    """Return a host name or an address, without the brackets of IPv6."""
    host = text.removeprefix("[").removesuffix("]")
    if not HOST.match(host) and not IPV6.match(host):
        raise wrong("target", f"{text!r} is not a host")
    return host


def wrong(field: str, sentence: str) -> InvalidInput:
    """Make the error that says what is wrong with one field."""
    return InvalidInput(sentence, {field: sentence})
