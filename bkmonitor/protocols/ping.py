"""Signs of life, in the way of healthchecks.io: the clients people have work unchanged."""

import logging
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from threading import Event
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from kombu.exceptions import OperationalError

from bkmonitor.lib.errors import NotFound
from bkmonitor.pipeline.tasks import judge_heartbeats
from bkmonitor.probes.models import Ping
from bkmonitor.probes.pings import Sign
from bkmonitor.probes.services import receive_ping

logger = logging.getLogger(__name__)

BODY_LIMIT = 10_000
METHODS = ("HEAD", "GET", "POST")
HIGHEST_STATUS = 255
WORDS = {
    "": Ping.Kind.SUCCESS,
    "start": Ping.Kind.START,
    "fail": Ping.Kind.FAIL,
    "log": Ping.Kind.LOG,
}
HEADERS = {
    "Content-Type": "text/plain",
    "Ping-Body-Limit": str(BODY_LIMIT),
    "Access-Control-Allow-Origin": "*",
    "Cache-Control": "max-age=0, no-cache, no-store, must-revalidate, private",
}


class _Refused(Exception):
    """The request is no ping; carries the status and the text of the answer."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


def ping(request: HttpRequest, code: str, word: str = "") -> HttpResponse:
    """Keep a ping and answer OK; it is durable by then.

    `word` is what follows the UUID: nothing, start, fail, log or an exit status.
    """
    try:
        uuid, sign = _uuid(code, 404, "not found"), _sign(request, word)
        rings = receive_ping(uuid, sign, timezone.now())
    except _Refused as refused:
        return _answer(str(refused), refused.status)
    except NotFound:
        return _answer("not found", 404)
    if rings:
        ring()
    return _answer("OK", 200)


def ring() -> None:
    """Have the heartbeat judged now, without keeping the caller waiting.

    Celery takes seconds to find out that Redis is gone, and a job must not wait for
    that. One bell for all who ring in the meantime is enough: it names no heartbeat.
    Without Redis the beat finds the rows.
    """
    if not _waiting.is_set():
        _waiting.set()
        _ringer().submit(_ring_now)


# A bell is about to be rung; it will be heard by whoever rings before that.
_waiting = Event()


@cache
def _ringer() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, thread_name_prefix="bell")


def _ring_now() -> None:
    # Cleared first: a ping that comes while the bell rings needs another.
    _waiting.clear()
    try:
        judge_heartbeats.apply_async(retry=False)
    except OperationalError as error:
        logger.warning("ping.not_rung", extra={"reason": str(error)})


def _sign(request: HttpRequest, word: str) -> Sign:
    if request.method not in METHODS:
        raise _Refused(405, "method not allowed")
    kind, status = _meaning(word)
    rid = request.GET.get("rid") if request.META.get("QUERY_STRING") else None
    return Sign(
        kind=kind,
        exit_status=status,
        run_id=_uuid(rid, 400, "invalid uuid format") if rid is not None else None,
        method=request.method,
        remote_address=request.META.get("REMOTE_ADDR", ""),
        user_agent=request.META.get("HTTP_USER_AGENT", ""),
        body=_body(request),
    )


def _meaning(word: str) -> tuple[Ping.Kind, int | None]:
    if word in WORDS:
        return WORDS[word], None
    if not (word.isascii() and word.isdecimal()):
        raise _Refused(404, "not found")
    # A number with a thousand digits is no status, and costs time to convert.
    if len(word) > 9 or int(word) > HIGHEST_STATUS:
        raise _Refused(400, "invalid url format")
    return Ping.Kind.SUCCESS, int(word)


def _uuid(text: str, status: int, refusal: str) -> UUID:
    """Return a UUID in its usual form; Python alone would take others too."""
    try:
        uuid = UUID(text)
    except ValueError:
        raise _Refused(status, refusal) from None
    if str(uuid) != text.lower():
        raise _Refused(status, refusal)
    return uuid


def _body(request: HttpRequest) -> str:
    """Return what is kept of a body; the rest is not even read."""
    if request.method != "POST":
        return ""
    # Django reads nothing of a body in chunks; gunicorn's own stream knows its end.
    chunked = not request.META.get("CONTENT_LENGTH")
    ends = chunked and request.META.get("wsgi.input_terminated")
    stream = request.META["wsgi.input"] if ends else request
    kept: bytes = stream.read(BODY_LIMIT)
    return kept.decode(errors="replace")


def _answer(text: str, status: int) -> HttpResponse:
    return HttpResponse(text.encode(), status=status, headers=HEADERS)
