"""Whose address a request comes from when proxies stand between."""

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import ip_address, ip_network


def client_address(remote: str, forwarded_for: str, trusted: Sequence[str]) -> str:
    """Return the address of the client, or "" if nobody says.

    `remote` is the peer of the connection, `forwarded_for` the header that proxies
    write. It is read from its end, and only as far as each one that says something
    is in `trusted` (addresses, networks or "*"): what stands further to the left
    the client may have written itself.
    """
    address = parse_address(remote)
    # A peer without an address speaks through a local socket: a proxy of ours.
    hops = [part for part in forwarded_for.split(",") if part.strip()]
    while hops and (not address or is_trusted(address, trusted)):
        said = parse_address(hops.pop())
        if not said:
            break
        address = said
    return address


@lru_cache(4096)
def parse_address(text: str) -> str:
    """Return an IP address without port, brackets and zone; "" if it is none."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].split("]", 1)[0]
    elif text.count(":") == 1:
        text = text.split(":", 1)[0]
    try:
        return str(ip_address(text.split("%", 1)[0]))
    except ValueError:
        return ""


def is_trusted(address: str, trusted: Sequence[str]) -> bool:
    """Tell whether an address is one of, or lies in, those that are trusted."""
    ip = ip_address(address)
    return any(
        entry == "*" or ip in ip_network(entry, strict=False) for entry in trusted
    )


def is_loopback(host: str) -> bool:
    """Tell whether a host name or address means this machine itself."""
    address = parse_address(host) if host != "localhost" else "127.0.0.1"
    return bool(address) and ip_address(address).is_loopback
