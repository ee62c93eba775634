"""TCP: does somebody accept a connection?"""

import asyncio
import socket
import time
from collections.abc import Mapping, Sequence
from typing import Any

from bkmonitor.probes.kinds.addresses import split_host_port, wrong
from bkmonitor.probes.kinds.look import (
    Address,
    Look,
    Outcome,
    Resolver,
    Target,
    blame,
    look_at_all,
)


def check(target: str, settings: Mapping[str, Any]) -> None:
    """Raise InvalidInput unless the target is HOST:PORT; there are no settings."""
    split_host_port(target)
    if settings:
        raise wrong("settings", f"TCP has no setting {', '.join(sorted(settings))}")


def look(targets: Sequence[Target], *, allow_private: bool) -> list[Look]:
    """Connect to every target (HOST:PORT) and hang up, many at once."""
    return look_at_all(targets, _look, allow_private=allow_private)


async def _look(target: Target, resolver: Resolver) -> Look:
    host, port = split_host_port(target.address)
    started = time.perf_counter()
    try:
        async with asyncio.timeout(target.timeout_s):
            found = await resolver.addresses(host, port)
            resolved = time.perf_counter()
    except TimeoutError:
        text = f"our resolver did not answer for {host} within {target.timeout_s:g} s"
        return Look(Outcome.NOT_JUDGED, time.perf_counter() - started, text)
    left = target.timeout_s - (resolved - started)
    try:
        await _connect_to_any(found, left)
    except TimeoutError:
        spent = time.perf_counter() - started
        return Look(Outcome.DOWN, spent, f"no connection within {target.timeout_s:g} s")
    connected = time.perf_counter()
    phases = {"resolve": resolved - started, "connect": connected - resolved}
    return Look(Outcome.UP, connected - started, phases=phases)


async def _connect_to_any(addresses: Sequence[Address], seconds: float) -> None:
    """Connect to the first address that takes us; raise what else was said.

    Each address gets its share of the time, so that one that is silent does not
    hide the next. What an address said of the target counts more than that this
    machine cannot reach another (IPv6 without a route, for example).
    """
    failures: list[OSError] = []
    for family, address in addresses:
        try:
            async with asyncio.timeout(seconds / len(addresses)):
                await _connect(family, address)
            return
        except OSError as error:  # TimeoutError is one of them
            failures.append(error)
    of_the_target = [f for f in failures if blame(f.errno or 0) is Outcome.DOWN]
    raise (of_the_target or failures)[0]


async def _connect(family: int, address: Any) -> None:
    with socket.socket(family, socket.SOCK_STREAM) as end:
        end.setblocking(False)
        await asyncio.get_running_loop().sock_connect(end, address)
