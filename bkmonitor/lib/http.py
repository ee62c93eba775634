"""Outbound HTTP with a deadline, a size limit and an address guard."""

import contextlib
import ipaddress
import os
import socket
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.util.connection import create_connection

from bkmonitor.lib.errors import InvalidInput, UpstreamUnavailable

# Cloud metadata services that are not link-local: Alibaba, Oracle, AWS over IPv6.
METADATA = frozenset({"100.100.100.200", "192.0.0.192", "fd00:ec2::254"})


class AddressRefused(InvalidInput):
    """The target's address is one that the guard does not let out."""


def check_address(address: str, *, allow_private: bool) -> None:
    """Raise AddressRefused for an address no message or probe may reach.

    Link-local and cloud metadata addresses are refused always; loopback and
    private ones only where `allow_private` is false, since what a monitor watches
    is private by nature.
    """
    ip = ipaddress.ip_address(address.split("%", 1)[0])
    mapped = getattr(ip, "ipv4_mapped", None)
    ip = mapped or ip
    if ip.is_link_local or ip.is_multicast or str(ip) in METADATA:
        raise AddressRefused(f"{ip} is a link-local, multicast or metadata address")
    if not allow_private and not ip.is_global:
        raise AddressRefused(f"{ip} is not a public address")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered: its status, headers (lower-case names) and body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class _CutOff:
    """Ends a connection, whatever it is doing, unless it is called off in time.

    A server that sends a byte now and then never runs into the timeout of a single
    wait, and would hold us for hours.
    """

    def __init__(self, connection: socket.socket, after_s: float) -> None:
        # A copy, since the connection's own number may be another file's by then.
        self._copy = socket.socket(fileno=os.dup(connection.fileno()))
        self.fired = False
        self._timer = threading.Timer(after_s, self._fire)
        self._timer.daemon = True
        self._timer.start()

    def call_off(self) -> None:
        """Let the connection live."""
        self._timer.cancel()
        self._copy.close()

    def _fire(self) -> None:
        self.fired = True
        with contextlib.suppress(OSError):
            self._copy.shutdown(socket.SHUT_RDWR)


class _Guarded:
    """Resolve once, check every address, connect to addresses that were checked.

    The host keeps its name: it stands in the Host header, and in the certificate.
    """

    allow_private = True

    def _new_conn(self: Any) -> socket.socket:
        found = socket.getaddrinfo(self._dns_host, self.port, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        for address in addresses:
            check_address(address, allow_private=self.allow_private)
        return self._connect_to_any(addresses)  # type: ignore[no-any-return]

    def _connect_to_any(self: Any, addresses: Sequence[str]) -> socket.socket:
        """Connect to the first address that takes us; each has its share of the time."""
        deadline = time.monotonic() + self.timeout
        failure = OSError("the name has no address")
        for number, address in enumerate(addresses):
            left_s = max(deadline - time.monotonic(), 0.1)
            try:
                return create_connection(
                    (address, self.port),
                    left_s / (len(addresses) - number),
                    source_address=self.source_address,
                    socket_options=self.socket_options,
                )
            except OSError as error:
                failure = error
        raise failure

    def getresponse(self: Any) -> Any:
        cut_off = _CutOff(self.sock, self.timeout)
        try:
            response = super().getresponse()  # type: ignore[misc]
        except BaseException:
            cut_off.call_off()
            raise
        response.cut_off = cut_off  # for `request`, which reads the body
        return response


class _HTTPConnection(_Guarded, HTTPConnection):
    pass


class _HTTPSConnection(_Guarded, HTTPSConnection):
    pass


class _PublicHTTPConnection(_HTTPConnection):
    allow_private = False


class _PublicHTTPSConnection(_HTTPSConnection):
    allow_private = False


def _guarded_pools(*, allow_private: bool) -> urllib3.PoolManager:
    plain: Any = _HTTPConnection if allow_private else _PublicHTTPConnection
    secure: Any = _HTTPSConnection if allow_private else _PublicHTTPSConnection
    manager = urllib3.PoolManager(retries=False)
    manager.pool_classes_by_scheme = {
        "http": type("Pool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
        "https": type("Pool", (HTTPSConnectionPool,), {"ConnectionCls": secure}),
    }
    return manager


_POOLS = {allow: _guarded_pools(allow_private=allow) for allow in (True, False)}


def request(
    method: str,
    url: str,
    *,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    timeout_s: float = 10.0,
    max_bytes: int = 1 << 20,
    allow_private: bool = True,
) -> Answer:
    """Send one request and return the whole answer; redirects are not followed.

    Units   timeout_s bounds the connection, and then the whole answer; max_bytes
            is the largest body that is read.
    Errors  AddressRefused by the guard; InvalidInput for a URL that is none;
            UpstreamUnavailable when there is no answer or it is too large.
    """
    try:
        response = _POOLS[allow_private].request(
            method,
            url,
            body=body,
            headers=dict(headers or {}),
            timeout=urllib3.Timeout(connect=min(timeout_s, 5.0), read=timeout_s),
            redirect=False,
            preload_content=False,
        )
        cut_off: _CutOff = response.cut_off  # type: ignore[attr-defined]
        try:
            content = response.read(max_bytes + 1)
        finally:
            cut_off.call_off()
            response.close() if cut_off.fired else response.release_conn()
    except (urllib3.exceptions.LocationValueError, UnicodeError) as error:
        # A part of a host name that is empty or too long is no Unicode for DNS.
        raise InvalidInput(f"{url!r} is not a URL that can be called") from error
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise UpstreamUnavailable(f"no answer from {_host(url)}: {error}") from error
    if cut_off.fired:
        raise UpstreamUnavailable(f"{_host(url)} took more than {timeout_s:g} s")
    if len(content) > max_bytes:
        raise UpstreamUnavailable(f"{_host(url)} answered more than {max_bytes} bytes")
    lowered = {name.lower(): value for name, value in response.headers.items()}
    return Answer(response.status, lowered, content)


def _host(url: str) -> str:
    """Return the host alone: a URL may carry a secret in its path or query."""
    return urllib3.util.parse_url(url).host or "the target"
