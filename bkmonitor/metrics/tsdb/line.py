"""The way to one server, with a kept connection for each thread."""

import threading
import time
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from urllib.parse import unquote, urlsplit

from bkmonitor.lib.errors import UpstreamUnavailable
from bkmonitor.lib.http import Answer
from bkmonitor.metrics.tsdb.connection import Closed, Connection

REST_S = 5.0
SIGN_OF_LIFE_S = 1.0


class Line:
    """Calls to a server that the operator named.

    After a call that was not answered in time, by a server that does not answer
    anything else either, others fail at once, but for one every few seconds, until
    one is answered: a server that hangs must not hold every thread there is, those
    that serve people included. A single call that is too heavy pauses nothing.

    There is no address guard: the address comes from the configuration.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._secure = parts.scheme == "https"
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if self._secure else 80)
        self._prefix = parts.path.rstrip("/")
        self._always = f"Host: {parts.netloc.rpartition('@')[2]}\r\n"
        if parts.username is not None:
            user = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            token = b64encode(user.encode()).decode()
            self._always += f"Authorization: Basic {token}\r\n"
        self._local = threading.local()
        self._rests_until = 0.0  # on the clock of time.monotonic; 0 while all is well
        self._answered_at = float("-inf")  # on the same clock
        self._trial = threading.Lock()

    def call(
        self,
        method: str,
        path: str,
        *,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        timeout_s: float,
        max_bytes: int,
    ) -> Answer:
        """Send one request and return the whole answer.

        Path and headers are ours, without anything that a caller wrote.

        Units   timeout_s bounds the whole call, to which a sign of life may add a
                second; max_bytes the body that is read.
        Errors  UpstreamUnavailable when there is no answer or it is too large.
        """
        begin = time.monotonic()
        own = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
        head = (
            f"{method} {self._prefix}{path} HTTP/1.1\r\n{self._always}{own}"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        with self._unless_it_hangs():
            try:
                # One piece, so that the server wakes once.
                return self._send(head.encode() + body, begin + timeout_s, max_bytes)
            except TimeoutError as error:
                hangs = not self._lives(begin, min(timeout_s, SIGN_OF_LIFE_S))
                self._rests_until = time.monotonic() + REST_S if hangs else 0.0
                raise self._no_answer(error) from error
            except (OSError, ValueError) as error:
                raise self._no_answer(error) from error

    @contextmanager
    def _unless_it_hangs(self) -> Iterator[None]:
        """Let calls through; while the server seems to hang, one now and then."""
        if not self._rests_until:
            yield
            return
        resting = time.monotonic() < self._rests_until
        if resting or not self._trial.acquire(blocking=False):
            raise UpstreamUnavailable(f"{self._host} did not answer in time just now")
        try:
            yield
            self._rests_until = 0.0
        finally:
            self._trial.release()

    def _lives(self, since: float, timeout_s: float) -> bool:
        """Tell whether anything was answered since, or a small question is now."""
        if self._answered_at > since:
            return True
        head = f"GET {self._prefix}/health HTTP/1.1\r\n{self._always}\r\n"
        try:
            self._send(head.encode(), time.monotonic() + timeout_s, 1 << 16)
        except (OSError, ValueError, UpstreamUnavailable):
            return False
        return True

    def _no_answer(self, error: Exception) -> UpstreamUnavailable:
        why = str(error) or type(error).__name__
        return UpstreamUnavailable(f"no answer from {self._host}: {why}")

    def _send(self, request: bytes, deadline: float, max_bytes: int) -> Answer:
        """Send on the kept connection; once more on a fresh one if it was closed.

        Sending twice is safe: a store counts a sample with the same time once.
        """
        kept: Connection | None = getattr(self._local, "kept", None)
        answer = None
        if kept is not None and kept.is_open:
            with suppress(Closed):
                answer = kept.exchange(request, deadline, max_bytes)
        if answer is None:
            fresh = Connection(self._host, self._port, secure=self._secure)
            self._local.kept = fresh
            answer = fresh.exchange(request, deadline, max_bytes)
        self._answered_at = time.monotonic()
        return answer
