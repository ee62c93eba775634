"""Samples sent to us: remote write 1.0, and Prometheus' text format.

Remote write: https://prometheus.io/docs/specs/prw/remote_write_spec/. A sender
drops what is answered with 4xx and repeats what is answered with 5xx, or with
429 where it is told to, so the difference is what keeps samples from being lost.
"""

import math

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase

from bkmonitor.accounts.models import ApiToken
from bkmonitor.lib.errors import (
    Forbidden,
    MonitorError,
    TooManyRequests,
    UpstreamUnavailable,
)
from bkmonitor.metrics.ingest import forward
from bkmonitor.metrics.tsdb.decode import error_text
from bkmonitor.metrics.tsdb.port import Form
from bkmonitor.protocols.auth import (
    CHALLENGE,
    Unauthorized,
    authorize,
    limit,
)
from bkmonitor.protocols.body import TooLarge, read_body

MEGABYTE = 1 << 20
PROTOBUF = "application/x-protobuf"
VERSION_1 = "proto=prometheus.writerequest"
RETRY_AFTER_S = "5"


class UnsupportedForm(MonitorError):
    """The body is in a form that we do not take."""

    code = "unsupported"


STATUS: dict[type[MonitorError], int] = {
    Unauthorized: 401,
    Forbidden: 403,
    TooLarge: 413,
    UnsupportedForm: 415,
    TooManyRequests: 429,
    UpstreamUnavailable: 503,
}


def write(request: HttpRequest) -> HttpResponseBase:
    """Take POST /prometheus/api/v1/write, in any number of samples."""
    return _answer(request, "remote_write")


def import_text(request: HttpRequest) -> HttpResponseBase:
    """Take POST /prometheus/api/v1/import/prometheus, plain or gzip."""
    return _answer(request, "text")


def _answer(request: HttpRequest, form: Form) -> HttpResponseBase:
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    try:
        return _take(request, form)
    except MonitorError as error:
        if type(error) not in STATUS:
            raise
        return _refusal(error)


def _take(request: HttpRequest, form: Form) -> HttpResponse:
    token = authorize(request, ApiToken.Scope.INGEST)
    limit(token)
    encoding = _encoding(request, form)
    body = read_body(request, token.max_body_mb * MEGABYTE)
    answer = forward(token.space.slug, form, body, encoding=encoding)
    if answer.status >= 300:
        return _text(error_text(answer), 400)
    return HttpResponse(status=204)


def _encoding(request: HttpRequest, form: Form) -> str:
    """Return the body's compression. Raises UnsupportedForm for a strange form.

    Senders that know newer forms (remote write 2.0, zstd) fall back to this one
    when they see 415.
    """
    encoding = str(request.META.get("HTTP_CONTENT_ENCODING", "")).strip().lower()
    if form == "text":
        if encoding in ("", "identity", "gzip"):
            return encoding.replace("identity", "")
        raise UnsupportedForm(f"text is taken plain or as gzip, not as {encoding!r}")
    kind, *parameters = request.META.get("CONTENT_TYPE", "").lower().split(";")
    protocols = {part.strip() for part in parameters if "proto=" in part}
    if kind.strip() not in ("", PROTOBUF) or protocols - {VERSION_1}:
        raise UnsupportedForm(
            f"remote write 1.0 is taken, {PROTOBUF};proto=prometheus.WriteRequest,"
            f" not {request.META['CONTENT_TYPE']!r}"
        )
    if encoding not in ("", "snappy"):
        raise UnsupportedForm(f"remote write is taken as snappy, not as {encoding!r}")
    return "snappy"


def _refusal(error: MonitorError) -> HttpResponse:
    response = _text(str(error), STATUS[type(error)])
    if isinstance(error, Unauthorized):
        response["WWW-Authenticate"] = CHALLENGE
    elif isinstance(error, TooManyRequests):
        response["Retry-After"] = str(max(1, math.ceil(error.retry_after_s)))
    elif isinstance(error, UpstreamUnavailable):
        response["Retry-After"] = RETRY_AFTER_S
    return response


def _text(sentence: str, status: int) -> HttpResponse:
    return HttpResponse(sentence + "\n", status=status, content_type="text/plain")
