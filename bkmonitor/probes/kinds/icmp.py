"""ICMP echo: does the host answer a ping? Needs no privileges where the kernel allows it."""

import asyncio
import os
import socket
import struct
import time
from collections.abc import Mapping, Sequence
from typing import Any

from bkmonitor.probes.kinds.addresses import parse_host, wrong
from bkmonitor.probes.kinds.look import (
    Address,
    Look,
    Outcome,
    Resolver,
    Target,
    look_at_all,
)

# One lost packet is no outage: so many are sent, spread over the timeout.
PACKETS = 3
ECHO_V4, ECHO_V6 = 8, 128
# linux/in.h and linux/in6.h; the socket module does not name them.
IP_RECVERR, IPV6_RECVERR = 11, 25
SIZE = 56
NOT_ALLOWED = (
    "this machine does not let the service send pings; allow it with "
    "sysctl -w net.ipv4.ping_group_range='0 2147483647' "
    "(containers: --sysctl net.ipv4.ping_group_range='0 2147483647')"
)


def check(target: str, settings: Mapping[str, Any]) -> None:
    """Raise InvalidInput unless the target is a host; there are no settings."""
    parse_host(target)
    if settings:
        raise wrong("settings", f"ICMP has no setting {', '.join(sorted(settings))}")


def look(targets: Sequence[Target], *, allow_private: bool) -> list[Look]:
    """Ping every target (a host), many at once; up is one answer."""
    return look_at_all(targets, _look, allow_private=allow_private)


async def _look(target: Target, resolver: Resolver) -> Look:
    host = parse_host(target.address)
    started = time.perf_counter()
    try:
        async with asyncio.timeout(target.timeout_s):
            found = await resolver.addresses(host, None)
    except TimeoutError:
        text = f"our resolver did not answer for {host} within {target.timeout_s:g} s"
        return Look(Outcome.NOT_JUDGED, time.perf_counter() - started, text)
    resolved = time.perf_counter()
    wait_s = (target.timeout_s - (resolved - started)) / PACKETS
    try:
        echo_s = await _ping(found[0], wait_s)
    except PermissionError:
        return Look(Outcome.NOT_JUDGED, time.perf_counter() - started, NOT_ALLOWED)
    if echo_s is None:
        spent = time.perf_counter() - started
        text = f"no answer to {PACKETS} packets within {target.timeout_s:g} s"
        return Look(Outcome.DOWN, spent, text)
    phases = {"resolve": resolved - started, "echo": echo_s}
    return Look(Outcome.UP, resolved - started + echo_s, phases=phases)


async def _ping(address: Address, wait_s: float) -> float | None:
    """Return the seconds of the first echo that comes back, None if none does."""
    family, where = address
    token = os.urandom(SIZE)
    with _socket(family) as end:
        # Connected, so that the kernel tells us of "host unreachable".
        end.connect((where[0], 0, *where[2:]))
        for number in range(1, PACKETS + 1):
            sent = time.perf_counter()
            end.send(_request(family, number, token))
            try:
                async with asyncio.timeout(wait_s):
                    await _wait_for_echo(end, token)
                return time.perf_counter() - sent
            except TimeoutError:
                continue
    return None


def _socket(family: int) -> socket.socket:
    six = family == socket.AF_INET6
    protocol = socket.IPPROTO_ICMPV6 if six else socket.IPPROTO_ICMP
    end = socket.socket(family, socket.SOCK_DGRAM, protocol)
    end.setblocking(False)
    if six:
        end.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVERR, 1)
    else:
        end.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
    return end


async def _wait_for_echo(end: socket.socket, token: bytes) -> None:
    """Wait for our own bytes to come back; the kernel keeps other sockets' away."""
    loop = asyncio.get_running_loop()
    while token not in await loop.sock_recv(end, 2048):
        pass


def _request(family: int, number: int, token: bytes) -> bytes:
    """Return an echo request; the kernel fills in the identifier.

    Source  RFC 792 and RFC 4443; the checksum of ICMPv6 is the kernel's work.
    """
    kind = ECHO_V6 if family == socket.AF_INET6 else ECHO_V4
    head = struct.pack("!BBHHH", kind, 0, 0, 0, number)
    summed = _checksum(head + token)
    return struct.pack("!BBHHH", kind, 0, summed, 0, number) + token


def _checksum(packet: bytes) -> int:
    """Return the Internet checksum of a packet of even length (RFC 1071)."""
    total: int = sum(struct.unpack(f"!{len(packet) // 2}H", packet))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
