"""Many of curl's transfers in one thread."""

import errno
import select
import socket
import ssl
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

import pycurl

from bkmonitor.lib.http import AddressRefused, check_address
from bkmonitor.probes.kinds.look import AT_ONCE

MAX_BODY = 1 << 20
# Longest wait without looking at the clock; curl's own timers are shorter.
LONGEST_WAIT_S = 1.0
# Targets of one batch share what was found of a name; the next batch asks again.
NAMES_KEPT_S = 2
CA_FILES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)


@cache
def ca_file() -> str | None:
    """Return the system's certificates of authorities; None leaves it to curl."""
    known = ssl.get_default_verify_paths().cafile
    files = (known, *CA_FILES) if known else CA_FILES
    return next((path for path in files if Path(path).exists()), None)


class Transfer:
    """One transfer: curl's handle, what came of the body, and what stopped it.

    The handle is used again for the next transfer. `failure` is why no socket could
    be opened: an OSError of ours, or the guard's refusal.
    """

    __slots__ = ("_ends", "allow_private", "body", "cut", "failure", "handle", "index")

    def __init__(self) -> None:
        self.handle = pycurl.Curl()
        self._ends: list[socket.socket] = []

    def begin(self, index: int, *, allow_private: bool) -> None:
        """Forget the last transfer; `index` says which one comes next."""
        self.index = index
        self.allow_private = allow_private
        self.body = bytearray()
        self.cut = False
        self.failure: OSError | AddressRefused | None = None
        handle = self.handle
        handle.reset()
        handle.setopt(pycurl.NOSIGNAL, 1)
        handle.setopt(pycurl.WRITEFUNCTION, self._take)
        handle.setopt(pycurl.OPENSOCKETFUNCTION, self._open)
        # The environment's proxy is not the way of a probe.
        handle.setopt(pycurl.PROXY, "")
        handle.setopt(pycurl.FRESH_CONNECT, 1)
        handle.setopt(pycurl.FORBID_REUSE, 1)
        handle.setopt(pycurl.DNS_CACHE_TIMEOUT, NAMES_KEPT_S)

    def end(self) -> None:
        """Close our halves of the sockets: curl works on duplicates."""
        for end in self._ends:
            end.close()
        self._ends.clear()
        self.body = bytearray()

    def _take(self, chunk: bytes) -> int | None:
        self.body += chunk
        self.cut = len(self.body) > MAX_BODY
        return 0 if self.cut else None

    def _open(self, _purpose: int, address: tuple[int, int, int, object]) -> object:
        """Open a socket to where curl wants to go, if the guard lets it."""
        family, kind, protocol, where = address
        try:
            check_address(_text(where), allow_private=self.allow_private)
            end = socket.socket(family, kind, protocol)
        except (AddressRefused, OSError) as error:
            self.failure = error
            return pycurl.SOCKET_BAD
        self._ends.append(end)
        return end


def _text(where: object) -> str:
    address = where[0] if isinstance(where, tuple) else where
    return address.decode() if isinstance(address, bytes) else str(address)


# Handles of transfers that are over: making one costs as much as a transfer.
_spare: deque[Transfer] = deque()
# Loops that are over. Closing one waits for the names that are still asked for, and
# a resolver that hangs must not hold up the looks that are done.
_spare_loops: deque["_Loop"] = deque()

Prepare = Callable[[Transfer], None]
Finish = Callable[[Transfer, int, str], None]


def run(
    count: int, prepare: Prepare, finish: Finish, *, allow_private: bool = True
) -> None:
    """Run `count` transfers, AT_ONCE at a time, in this thread.

    `prepare` sets up the transfer whose number is its `index`; `finish` gets it with
    curl's error code (0 when all went well) and curl's words for it.
    """
    waiting = iter(range(count))
    under_way: dict[pycurl.Curl, Transfer] = {}

    def start() -> None:
        while len(under_way) < AT_ONCE and (index := next(waiting, None)) is not None:
            transfer = _take_spare()
            transfer.begin(index, allow_private=allow_private)
            prepare(transfer)
            under_way[transfer.handle] = transfer
            loop.multi.add_handle(transfer.handle)

    with _loop() as loop:
        start()
        while under_way:
            loop.wait()
            for handle, code, words in loop.done():
                transfer = under_way.pop(handle)
                finish(transfer, code, words)
                transfer.end()
                _spare.append(transfer)
            start()


def _take_spare() -> Transfer:
    try:
        return _spare.pop()
    except IndexError:
        return Transfer()


@contextmanager
def _loop() -> Iterator["_Loop"]:
    try:
        loop = _spare_loops.pop()
    except IndexError:
        loop = _Loop()
    try:
        yield loop
    except BaseException:
        # Transfers are left in it.
        loop.close()
        raise
    _spare_loops.append(loop)


class _Loop:
    """curl's sockets on an epoll: the cost of a wait does not grow with the transfers."""

    def __init__(self) -> None:
        self.multi = pycurl.CurlMulti()
        self._epoll = select.epoll()
        self._deadline: float | None = None
        self.multi.setopt(pycurl.M_SOCKETFUNCTION, self._watch)
        self.multi.setopt(pycurl.M_TIMERFUNCTION, self._set_timer)

    def close(self) -> None:
        self.multi.close()
        self._epoll.close()

    def wait(self) -> None:
        """Wait for a socket or a timer, and let curl work on it."""
        wait_s = LONGEST_WAIT_S
        if self._deadline is not None:
            wait_s = min(wait_s, max(0.0, self._deadline - time.monotonic()))
        ready = self._epoll.poll(wait_s)
        for number, seen in ready:
            self.multi.socket_action(number, _as_curl(seen))
        if self._deadline is not None and time.monotonic() >= self._deadline:
            self._deadline = None
            self.multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)

    def done(self) -> Iterable[tuple[pycurl.Curl, int, str]]:
        """Return the transfers that ended, with curl's code and words."""
        ended: list[tuple[pycurl.Curl, int, str]] = []
        left = 1
        while left:
            left, well, failed = self.multi.info_read()
            ended += [(handle, 0, "") for handle in well]
            ended += failed
        for handle, _code, _words in ended:
            self.multi.remove_handle(handle)
        return ended

    def _set_timer(self, milliseconds: int) -> None:
        self._deadline = (
            None if milliseconds < 0 else time.monotonic() + milliseconds / 1000
        )

    def _watch(self, what: int, number: int, _multi: object, _extra: object) -> None:
        if what == pycurl.POLL_REMOVE:
            # curl may have closed it before it says so.
            with suppress(OSError):
                self._epoll.unregister(number)
            return
        mask = (select.EPOLLIN if what & pycurl.POLL_IN else 0) | (
            select.EPOLLOUT if what & pycurl.POLL_OUT else 0
        )
        try:
            self._epoll.register(number, mask)
        except OSError as error:
            if error.errno != errno.EEXIST:
                raise
            self._epoll.modify(number, mask)


def _as_curl(seen: int) -> int:
    return (
        (pycurl.CSELECT_IN if seen & (select.EPOLLIN | select.EPOLLHUP) else 0)
        | (pycurl.CSELECT_OUT if seen & select.EPOLLOUT else 0)
        | (pycurl.CSELECT_ERR if seen & select.EPOLLERR else 0)
    )
