"""One kept connection to an HTTP/1.1 server, for many small calls.

The standard library's client and its parser of headers, made for mail, took a
third of what passing on a request of 1,000 samples costs.
"""

import contextlib
import socket
import ssl
import time

from bkmonitor.lib.errors import UpstreamUnavailable
from bkmonitor.lib.http import Answer

CONNECT_TIMEOUT_S = 3.0
BLOCK = 1 << 16
LONGEST_LINE = 1 << 14
MOST_HEADERS = 100
WITHOUT_BODY = frozenset({204, 304})


class Closed(ConnectionResetError):
    """The server has closed the connection, as it may between two requests."""


class TooLarge(UpstreamUnavailable):
    """The answer is larger than it may be."""


class Connection:
    """A socket, and what has been read from it already."""

    def __init__(self, host: str, port: int, *, secure: bool) -> None:
        self.is_open = True
        self._sock = socket.create_connection((host, port), CONNECT_TIMEOUT_S)
        self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if secure:
            context = ssl.create_default_context()
            self._sock = context.wrap_socket(self._sock, server_hostname=host)
        self._file = self._sock.makefile("rb", BLOCK)

    def exchange(self, request: bytes, deadline: float, max_bytes: int) -> Answer:
        """Send a whole request and return the whole answer.

        The connection is closed when it cannot be used again.

        Units   deadline on the clock of time.monotonic; max_bytes of the body.
        Errors  Closed, OSError; TooLarge; UpstreamUnavailable for an answer that is
                none.
        """
        try:
            self._wait_at_most(deadline)
            self._sock.sendall(request)
            status, headers = self._head(deadline)
            body = self._body(status, headers, deadline, max_bytes)
        except (BrokenPipeError, ConnectionResetError, ssl.SSLEOFError) as error:
            self.close()
            raise Closed(str(error) or "the connection was closed") from error
        except (OSError, ValueError, UpstreamUnavailable):
            self.close()
            raise
        if headers.get("connection", "").lower() == "close":
            self.close()
        return Answer(status, headers, body)

    def close(self) -> None:
        """Give the connection up."""
        self.is_open = False
        with contextlib.suppress(OSError):
            self._file.close()
            self._sock.close()

    def __del__(self) -> None:
        # A thread that ends leaves its connection behind.
        if hasattr(self, "_file"):
            self.close()

    def _head(self, deadline: float) -> tuple[int, dict[str, str]]:
        version, status = self._line(deadline).split(None, 2)[:2]
        headers = {} if version == b"HTTP/1.1" else {"connection": "close"}
        for _ in range(MOST_HEADERS):
            line = self._line(deadline)
            if not line:
                return int(status), headers
            name, _, value = line.partition(b":")
            headers[name.decode("latin-1").lower()] = value.strip().decode("latin-1")
        raise ValueError(f"more than {MOST_HEADERS} headers")

    def _body(
        self, status: int, headers: dict[str, str], deadline: float, max_bytes: int
    ) -> bytes:
        if status in WITHOUT_BODY:
            return b""
        if headers.get("transfer-encoding", "").lower() == "chunked":
            return self._chunks(deadline, max_bytes)
        if "content-length" not in headers:
            headers["connection"] = "close"
            return self._until_closed(deadline, max_bytes)
        return self._exactly(int(headers["content-length"]), deadline, max_bytes)

    def _chunks(self, deadline: float, max_bytes: int) -> bytes:
        parts: list[bytes] = []
        size = 0
        while length := int(self._line(deadline).partition(b";")[0], 16):
            parts.append(self._exactly(length, deadline, max_bytes - size))
            size += length
            self._line(deadline)
        while self._line(deadline):
            pass  # trailers
        return b"".join(parts)

    def _until_closed(self, deadline: float, max_bytes: int) -> bytes:
        content = self._at_most(max_bytes + 1, deadline)
        if len(content) > max_bytes:
            raise TooLarge(f"the answer is larger than {max_bytes} bytes")
        return content

    def _exactly(self, length: int, deadline: float, max_bytes: int) -> bytes:
        if length > max_bytes:
            raise TooLarge(f"the answer is larger than {max_bytes} bytes")
        content = self._at_most(length, deadline)
        if len(content) < length:
            raise UpstreamUnavailable("the answer is cut off")
        return content

    def _at_most(self, length: int, deadline: float) -> bytes:
        """Read so many bytes, fewer only where the connection ends before."""
        parts: list[bytes] = []
        while length > 0:
            self._wait_at_most(deadline)
            part = self._file.read1(min(length, BLOCK))  # type: ignore[attr-defined]
            if not part:
                break
            parts.append(part)
            length -= len(part)
        return b"".join(parts)

    def _line(self, deadline: float) -> bytes:
        """Read a line, without waiting for each of its bytes anew."""
        line = b""
        while not line.endswith(b"\n") and len(line) < LONGEST_LINE:
            self._wait_at_most(deadline)
            # Looks at what has come, or waits for it once.
            here = self._file.peek(1)  # type: ignore[attr-defined]
            if not here:
                break
            line += self._file.readline(len(here))
        if not line.endswith(b"\n"):
            if line:
                raise ValueError("the answer is no HTTP")
            raise Closed("the connection was closed")
        return line.rstrip(b"\r\n")

    def _wait_at_most(self, deadline: float) -> None:
        left_s = deadline - time.monotonic()
        if left_s <= 0:
            raise TimeoutError("the answer took too long")
        self._sock.settimeout(left_s)
