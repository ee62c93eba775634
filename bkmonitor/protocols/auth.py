"""Which token a machine brings, and whether it may do this."""

import binascii
import threading
import time
from base64 import b64decode
from collections import OrderedDict
from dataclasses import dataclass

from django.http import HttpRequest
from django.utils import timezone

from bkmonitor.accounts.models import ApiToken
from bkmonitor.accounts.tokens import find_token
from bkmonitor.lib.errors import Forbidden, MonitorError, TooManyRequests

# What each scope allows; who may change things may also read them.
ENOUGH = {
    ApiToken.Scope.INGEST: {ApiToken.Scope.INGEST},
    ApiToken.Scope.READ: {ApiToken.Scope.READ, ApiToken.Scope.WRITE},
    ApiToken.Scope.WRITE: {ApiToken.Scope.WRITE},
}
CHALLENGE = 'Basic realm="bkmonitor", charset="UTF-8"'


class Unauthorized(MonitorError):
    """Nobody whom we know asks."""

    code = "unauthorized"


def secret_of(request: HttpRequest) -> str:
    """Return the secret of the Authorization header; "" if there is none.

    As a Bearer token, or as the password of Basic with any user name, which is
    all that promtool and many senders can say.
    """
    kind, _, value = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    if kind.lower() == "bearer":
        return str(value).strip()
    if kind.lower() != "basic":
        return ""
    try:
        return b64decode(value).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def authorize(request: HttpRequest, scope: ApiToken.Scope) -> ApiToken:
    """Return the caller's token, with its space, if it has the scope.

    Raises Unauthorized without a token that is known, Forbidden without the scope.
    """
    secret = secret_of(request)
    if not secret:
        raise Unauthorized("give a token, as Bearer or as the password of Basic")
    token = find_token(secret, timezone.now())
    if token is None:
        raise Unauthorized("the token is unknown, expired or revoked")
    if not ENOUGH[scope].intersection(token.scopes):
        raise Forbidden(f"the token {token.name!r} lacks the scope {scope.value}")
    return token


@dataclass(slots=True)
class _Bucket:
    level: float
    at: float


class Limiter:
    """At most so many requests a second for each token, in this process.

    A bucket holds one second's worth, so short bursts pass. Each web process
    counts for itself: with N of them a token may reach N times its limit, in
    return no request waits for a shared counter.
    """

    MOST = 10_000  # tokens remembered; those idle longest are forgotten

    def __init__(self) -> None:
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, key: str, rate: int, now: float) -> float:
        """Return 0 and count one request, or the seconds until one may come.

        Units   rate in requests a second, 0 for no limit; now in seconds.
        """
        if rate <= 0:
            return 0.0
        with self._lock:
            bucket = self._buckets.setdefault(key, _Bucket(float(rate), now))
            self._buckets.move_to_end(key)
            if len(self._buckets) > self.MOST:
                self._buckets.popitem(last=False)
            bucket.level = min(rate, bucket.level + max(now - bucket.at, 0.0) * rate)
            bucket.at = now
            if bucket.level < 1.0:
                return (1.0 - bucket.level) / rate
            bucket.level -= 1.0
            return 0.0


limiter = Limiter()


def limit(token: ApiToken) -> None:
    """Count a request against the token's rate. Raises TooManyRequests."""
    wait_s = limiter.take(token.digest, token.rate_limit, time.monotonic())
    if wait_s > 0:
        raise TooManyRequests(
            f"the token {token.name!r} may send {token.rate_limit} requests a second",
            retry_after_s=wait_s,
        )
