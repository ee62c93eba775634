"""What a look at a target is given and what it gives back."""

import asyncio
import errno
import os
import socket
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

from bkmonitor.lib.http import AddressRefused, check_address

T = TypeVar("T")

# Looks under way at once: more of them add waiting, not speed.
AT_ONCE = 200
RESOLVER_THREADS = 32

# What the operating system says when the fault is on our side: nothing was learnt
# about the target. EHOSTUNREACH is not among them: on the same network that is
# how a machine looks that is switched off.
OURS = frozenset(
    {
        errno.ENETUNREACH,
        errno.ENETDOWN,
        errno.EADDRNOTAVAIL,
        errno.EMFILE,
        errno.ENFILE,
        errno.ENOBUFS,
        errno.ENOMEM,
        errno.EACCES,
        errno.EPERM,
        errno.EAFNOSUPPORT,
    }
)
# The resolver's answers that mean: there is no such name, or it has no address.
NO_SUCH_NAME = frozenset({socket.EAI_NONAME, getattr(socket, "EAI_NODATA", -5)})


class Outcome(StrEnum):
    """What a look says of its target."""

    UP = "up"
    DOWN = "down"
    # The fault is on our side.
    NOT_JUDGED = "not_judged"


@dataclass(frozen=True, slots=True)
class Target:
    """What to look at, how, and how long to wait for the whole of it.

    `address` is a URL, HOST:PORT or HOST, as the kind wants it; `settings` are the
    kind's own.
    """

    address: str
    timeout_s: float = 10.0
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen.

    seconds   the whole look, by the clock of what did it
    text      why the target is down or was not judged; empty when it is up
    phases    seconds by part of the look, in their order
    """

    outcome: Outcome
    seconds: float
    text: str = ""
    http_status: int | None = None
    certificate_expires_at: int | None = None
    phases: Mapping[str, float] = field(default_factory=dict)


class NotResolved(Exception):
    """A name has no address, or our resolver did not say."""

    def __init__(self, outcome: Outcome, text: str) -> None:
        super().__init__(text)
        self.outcome = outcome


def blame(number: int) -> Outcome:
    """Tell from an errno whether a failed connection speaks of the target or of us."""
    return Outcome.NOT_JUDGED if number in OURS else Outcome.DOWN


def describe(number: int) -> str:
    """Return an errno in the operating system's words, lower case."""
    words = os.strerror(number)
    return words[:1].lower() + words[1:]


def judge_name(error: socket.gaierror, host: str) -> NotResolved:
    """Turn the resolver's refusal into an outcome: no such name, or no answer."""
    if error.errno in NO_SUCH_NAME:
        return NotResolved(Outcome.DOWN, f"the name {host} does not exist")
    return NotResolved(
        Outcome.NOT_JUDGED,
        f"our resolver could not say where {host} is: {error.strerror}",
    )


Address = tuple[int, Any]


@dataclass(slots=True)
class Resolver:
    """Asks the system where a host is, each host once, without holding others up."""

    allow_private: bool
    pool: ThreadPoolExecutor
    _asked: dict[tuple[str, int | None], asyncio.Future[list[Address]]] = field(
        default_factory=dict
    )

    async def addresses(self, host: str, port: int | None) -> list[Address]:
        """Return (family, socket address) pairs, each let through by the guard.

        Raises NotResolved, or AddressRefused when the guard refuses any of them.
        """
        key = (host, port)
        if key not in self._asked:
            loop = asyncio.get_running_loop()
            self._asked[key] = loop.run_in_executor(self.pool, ask_resolver, host, port)
        try:
            # Whoever runs out of time must not take the answer away from the others.
            found = await asyncio.shield(self._asked[key])
        except socket.gaierror as error:
            raise judge_name(error, host) from error
        for _family, address in found:
            check_address(str(address[0]), allow_private=self.allow_private)
        return found


def ask_resolver(host: str, port: int | None) -> list[Address]:
    """Return (family, socket address) pairs as the system finds them.

    Errors  socket.gaierror, also for what DNS could not even be asked.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        # A part of the name is empty, too long, or no text.
        raise socket.gaierror(socket.EAI_NONAME, str(error)) from error
    return [(int(family), address) for family, _type, _proto, _name, address in found]


def look_at_all(
    targets: Sequence[Target],
    look: Callable[[Target, Resolver], Awaitable[Look]],
    *,
    allow_private: bool,
) -> list[Look]:
    """Run an asynchronous look at every target, many at once, each with its timeout."""
    pool = ThreadPoolExecutor(RESOLVER_THREADS, thread_name_prefix="resolver")
    try:
        return asyncio.run(_gather(targets, look, Resolver(allow_private, pool)))
    finally:
        # A resolver that hangs must not hold up the looks that are done.
        pool.shutdown(wait=False, cancel_futures=True)


async def _gather(
    targets: Sequence[Target],
    look: Callable[[Target, Resolver], Awaitable[Look]],
    resolver: Resolver,
) -> list[Look]:
    places = asyncio.Semaphore(AT_ONCE)

    async def one(target: Target) -> Look:
        async with places:
            return await _bounded(target, look, resolver)

    return await asyncio.gather(*(one(target) for target in targets))


async def _bounded(
    target: Target,
    look: Callable[[Target, Resolver], Awaitable[Look]],
    resolver: Resolver,
) -> Look:
    started = time.perf_counter()

    def spent() -> float:
        return time.perf_counter() - started

    try:
        return await look(target, resolver)
    except NotResolved as error:
        return Look(error.outcome, spent(), str(error))
    except AddressRefused as error:
        return Look(Outcome.NOT_JUDGED, spent(), f"refused by our guard: {error}")
    except OSError as error:
        number = error.errno or 0
        text = describe(number) if number else str(error)
        return Look(blame(number), spent(), text)
