"""What a user asks of an HTTP answer, and how it is asked for."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bkmonitor.probes.kinds.addresses import wrong

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
DEFAULT_STATUS = "200-399"
RANGE = re.compile(r"([1-5]\d\d)(?:\s*-\s*([1-5]\d\d))?\Z")
HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")
LONGEST_BODY = 64 * 1024
LONGEST_KEYWORD = 500
MOST_HEADERS = 50
MOST_REDIRECTS = 20
TYPES = {
    "method": str,
    "headers": dict,
    "body": str,
    "expected_status": str,
    "keyword": str,
    "keyword_absent": str,
    "follow_redirects": bool,
    "max_redirects": int,
    "verify_tls": bool,
}


@dataclass(frozen=True, slots=True)
class Expectation:
    """The settings of an HTTP probe, ready for use.

    expected   inclusive ranges of status codes, any of which is good
    keyword    text that the answer must contain, `keyword_absent` text that it
               must not; empty when it does not matter
    """

    method: str = "GET"
    headers: tuple[bytes, ...] = ()
    body: bytes = b""
    expected: tuple[tuple[int, int], ...] = ((200, 399),)
    expected_status: str = DEFAULT_STATUS
    keyword: str = ""
    keyword_absent: str = ""
    follow_redirects: bool = True
    max_redirects: int = 5
    verify_tls: bool = True

    @property
    def reads_body(self) -> bool:
        """Whether the answer's body has to be kept."""
        return bool(self.keyword or self.keyword_absent)


def parse(settings: Mapping[str, Any]) -> Expectation:
    """Return the settings of an HTTP probe; InvalidInput names the one that is wrong."""
    _check_types(settings)
    status = settings.get("expected_status") or DEFAULT_STATUS
    method = settings.get("method") or "GET"
    if method not in METHODS:
        raise wrong("method", f"{method!r} is not one of {', '.join(METHODS)}")
    redirects = settings.get("max_redirects", 5)
    if not 0 <= redirects <= MOST_REDIRECTS:
        raise wrong("max_redirects", f"must be from 0 to {MOST_REDIRECTS}")
    return Expectation(
        method=method,
        headers=_headers(settings.get("headers", {})),
        body=_bounded(settings, "body", LONGEST_BODY).encode(),
        expected=parse_status(status),
        expected_status=status,
        keyword=_bounded(settings, "keyword", LONGEST_KEYWORD),
        keyword_absent=_bounded(settings, "keyword_absent", LONGEST_KEYWORD),
        follow_redirects=settings.get("follow_redirects", True),
        max_redirects=redirects,
        verify_tls=settings.get("verify_tls", True),
    )


def parse_status(text: str) -> tuple[tuple[int, int], ...]:
    """Return the ranges in a list such as "200-299, 401"."""
    ranges = []
    for part in text.split(","):
        found = RANGE.match(part.strip())
        low, high = (found[1], found[2] or found[1]) if found else ("1", "0")
        if low > high:
            raise wrong(
                "expected_status",
                f"{part.strip()!r} is not a status such as 200 or a range such as 200-299",
            )
        ranges.append((int(low), int(high)))
    return tuple(ranges)


def _check_types(settings: Mapping[str, Any]) -> None:
    unknown = set(settings) - set(TYPES)
    if unknown:
        raise wrong("settings", f"HTTP has no setting {', '.join(sorted(unknown))}")
    for name, value in settings.items():
        # A bool is an int to Python, and not to people.
        if type(value) is not TYPES[name]:
            raise wrong(name, f"must be {TYPES[name].__name__}, not {value!r}")


def _bounded(settings: Mapping[str, Any], name: str, longest: int) -> str:
    text = str(settings.get(name, ""))
    if len(text.encode()) > longest:
        raise wrong(name, f"is longer than {longest} bytes")
    return text


def _headers(headers: Mapping[str, Any]) -> tuple[bytes, ...]:
    if len(headers) > MOST_HEADERS:
        raise wrong("headers", f"more than {MOST_HEADERS} are too many")
    lines = []
    for name, value in headers.items():
        if not HEADER_NAME.match(name):
            raise wrong("headers", f"{name!r} is not the name of a header")
        if not isinstance(value, str) or not all(c.isprintable() for c in value):
            raise wrong("headers", f"the value of {name} must be one line of text")
        # curl sends a header without a value only when it ends in a semicolon.
        lines.append(f"{name}: {value}".encode() if value else f"{name};".encode())
    return tuple(lines)
