"""A kept-alive HTTP connection per thread to one server."""

import http.client
import threading
import time
from base64 import b64encode
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from bkmonitor.lib.errors import UpstreamUnavailable
from bkmonitor.lib.http import Answer

CONNECT_TIMEOUT_S = 3.0
BLOCK = 1 << 16
Request = tuple[str, str, bytes, dict[str, str]]
# How a server ends a connection that it has kept long enough.
CLOSED = (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError)


class Line:
    """The way to a server that the operator named, for many small calls.

    It costs a third of what a pool of a general client costs a call, which at
    1,000 samples a request is what the gateway's throughput hangs on. There is
    no address guard: the address comes from the configuration.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._secure = parts.scheme == "https"
        self._host = parts.hostname or ""
        self._port = parts.port
        self._prefix = parts.path.rstrip("/")
        self._headers: dict[str, str] = {}
        if parts.username is not None:
            user = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            token = b64encode(user.encode()).decode()
            self._headers["Authorization"] = f"Basic {token}"
        self._local = threading.local()

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

        Units   timeout_s bounds the whole call; max_bytes the body that is read.
        Errors  UpstreamUnavailable when there is no answer or it is too large.
        """
        deadline = time.monotonic() + timeout_s
        request = (
            method,
            self._prefix + path,
            body,
            {**self._headers, **(headers or {})},
        )
        try:
            response = self._send(request, deadline)
            content = self._read(response, deadline, max_bytes)
        except (http.client.HTTPException, OSError) as error:
            self._hang_up()
            why = str(error) or type(error).__name__
            raise UpstreamUnavailable(f"no answer from {self._host}: {why}") from error
        lowered = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, lowered, content)

    def _send(self, request: Request, deadline: float) -> http.client.HTTPResponse:
        """Send on the kept connection; once more on a fresh one if it was closed.

        Sending twice is safe: a store counts a sample with the same time once.
        """
        kept: http.client.HTTPConnection | None = getattr(self._local, "kept", None)
        if kept is not None:
            try:
                return _exchange(kept, request, deadline)
            except CLOSED:
                self._hang_up()
        return _exchange(self._connect(), request, deadline)

    def _connect(self) -> http.client.HTTPConnection:
        kind = (
            http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
        )
        connection = kind(self._host, self._port, timeout=CONNECT_TIMEOUT_S)
        connection.connect()
        self._local.kept = connection
        return connection

    def _read(
        self, response: http.client.HTTPResponse, deadline: float, max_bytes: int
    ) -> bytes:
        blocks: list[bytes] = []
        size = 0
        while block := response.read(BLOCK):
            blocks.append(block)
            size += len(block)
            if size > max_bytes:
                self._hang_up()
                raise UpstreamUnavailable(
                    f"{self._host} answered more than {max_bytes} bytes"
                )
            if time.monotonic() > deadline:
                raise TimeoutError("the answer took too long")
        if response.will_close:
            self._hang_up()
        return b"".join(blocks)

    def _hang_up(self) -> None:
        kept: http.client.HTTPConnection | None = getattr(self._local, "kept", None)
        if kept is not None:
            kept.close()
            self._local.kept = None


def _exchange(
    connection: http.client.HTTPConnection, request: Request, deadline: float
) -> http.client.HTTPResponse:
    if connection.sock is not None:
        connection.sock.settimeout(max(deadline - time.monotonic(), 0.001))
    connection.request(*request)
    return connection.getresponse()
