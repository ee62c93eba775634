"""Prometheus' query API, confined to the space of the caller's token.

Answers come from the store as they are. Only the parameters named here travel to
it: one more `extra_filters[]` from outside would open another space.
"""

import re
import time
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate

import orjson
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase

from bkmonitor.accounts.models import ApiToken
from bkmonitor.lib.errors import (
    Forbidden,
    InvalidInput,
    MonitorError,
    UpstreamUnavailable,
)
from bkmonitor.lib.http import Answer
from bkmonitor.lib.labels import LABEL_NAME
from bkmonitor.metrics.tsdb.current import tsdb
from bkmonitor.metrics.tsdb.decode import error_text
from bkmonitor.metrics.tsdb.port import Parameters
from bkmonitor.protocols.auth import CHALLENGE, Unauthorized, authorize
from bkmonitor.protocols.prometheus_parameters import Asked, invalid

TIMEOUT_S = 30.0
LONGEST_TIMEOUT_S = 120.0
# The API whose promises we keep; Grafana chooses its requests by the version.
COMPATIBLE_WITH = "2.42.0"
STATUS: dict[type[MonitorError], tuple[int, str]] = {
    InvalidInput: (400, "bad_data"),
    Unauthorized: (401, "unauthorized"),
    Forbidden: (403, "forbidden"),
    UpstreamUnavailable: (503, "unavailable"),
}
# What the store says of an expression that it cannot read.
UNREADABLE = re.compile(
    r"unparsed data|unexpected token|unknown func|cannot parse|missing closing|unexpected"
)
OUT_OF_TIME = re.compile(r"timeout exceeded|deadline exceeded|cannot be executed in")


Endpoint = Callable[Concatenate[str, Asked, ...], HttpResponseBase]


def endpoint(
    answer: Endpoint,
) -> Callable[Concatenate[HttpRequest, ...], HttpResponseBase]:
    """Make a view: the token's space and the parameters in, an envelope out."""

    @wraps(answer)
    def view(request: HttpRequest, **captured: str) -> HttpResponseBase:
        if request.method not in ("GET", "POST"):
            return HttpResponseNotAllowed(["GET", "POST"])
        try:
            token = authorize(request, ApiToken.Scope.READ)
            return answer(token.space.slug, Asked(request), **captured)
        except MonitorError as error:
            if type(error) not in STATUS:
                raise
            return _failure(*STATUS[type(error)], str(error))

    return view


@endpoint
def query(space: str, asked: Asked) -> HttpResponse:
    """Answer one moment: query, time, timeout, limit, lookback_delta."""
    moment = asked.time("time", time.time())
    wanted = [*_expression(asked), ("time", f"{moment:.3f}")]
    return _ask(space, "query", wanted, asked)


@endpoint
def query_range(space: str, asked: Asked) -> HttpResponse:
    """Answer a stretch of time: query, start, end, step, timeout, limit."""
    start, end, step = asked.span()
    wanted = [
        *_expression(asked),
        ("start", f"{start:.3f}"),
        ("end", f"{end:.3f}"),
        ("step", f"{step:.3f}"),
    ]
    return _ask(space, "query_range", wanted, asked)


@endpoint
def series(space: str, asked: Asked) -> HttpResponse:
    """List the label sets that match: match[], start, end, limit."""
    wanted = _selection(asked)
    if not asked.every("match[]"):
        raise InvalidInput("no match[] parameter provided")
    return _ask(space, "series", wanted, asked)


@endpoint
def labels(space: str, asked: Asked) -> HttpResponse:
    """List the names of labels: match[], start, end, limit."""
    return _ask(space, "labels", _selection(asked), asked)


@endpoint
def label_values(space: str, asked: Asked, name: str) -> HttpResponse:
    """List the values of one label: match[], start, end, limit."""
    if not LABEL_NAME.match(name):
        raise InvalidInput(f'invalid label name: "{name}"')
    return _ask(space, f"label/{name}/values", _selection(asked), asked)


@endpoint
def metadata(space: str, asked: Asked) -> HttpResponse:
    """Tell types and helps of metrics: none, the store keeps samples alone."""
    return _success({})


@endpoint
def buildinfo(space: str, asked: Asked) -> HttpResponse:
    """Tell which Prometheus we behave like."""
    return _success(
        {
            "version": COMPATIBLE_WITH,
            "revision": f"bkmonitor-{settings.VERSION}",
            "branch": "",
            "buildUser": "",
            "buildDate": "",
            "goVersion": "",
        }
    )


def unknown(request: HttpRequest, rest: str) -> HttpResponse:
    """Tell a program, in its own words, that there is no such endpoint."""
    return _failure(404, "not_found", f"there is no /prometheus/{rest} here")


def _expression(asked: Asked) -> list[tuple[str, str]]:
    expression = asked.text("query")
    if not expression.strip():
        raise invalid("query", "parse error: no expression found in input")
    wanted = [("query", expression)]
    if asked.text("lookback_delta"):
        lookback_s = asked.duration("lookback_delta")
        wanted.append(("max_lookback", f"{lookback_s:.3f}s"))
    if asked.text("nocache") == "1":
        wanted.append(("nocache", "1"))
    return wanted


def _selection(asked: Asked) -> list[tuple[str, str]]:
    """Return selectors and time; without a start from the beginning, as Prometheus."""
    start, end = asked.time("start", 0.0), asked.time("end", time.time())
    if end < start:
        raise invalid("end", "end timestamp must not be before start time")
    chosen = [("match[]", selector) for selector in asked.every("match[]")]
    return [*chosen, ("start", f"{max(start, 0.0):.3f}"), ("end", f"{end:.3f}")]


def _ask(space: str, path: str, wanted: Parameters, asked: Asked) -> HttpResponse:
    most = asked.count("limit")
    timeout_s = min(asked.duration("timeout", TIMEOUT_S), LONGEST_TIMEOUT_S)
    if timeout_s <= 0:
        raise invalid("timeout", "must be longer than nothing")
    answer = tsdb().ask(space, path, wanted, timeout_s=timeout_s)
    if answer.status != 200:
        return _store_failure(answer)
    body = _shortened(answer.body, most) if most else answer.body
    return HttpResponse(body, content_type="application/json")


def _shortened(body: bytes, most: int) -> bytes:
    """Keep the first `most` entries of an answer and say so if there were more."""
    answer = orjson.loads(body)
    data = answer["data"]
    if isinstance(data, dict) and data["resultType"] not in ("vector", "matrix"):
        return body
    entries = data["result"] if isinstance(data, dict) else data
    if len(entries) <= most:
        return body
    del entries[most:]
    answer["warnings"] = ["results truncated due to limit"]
    return orjson.dumps(answer)


def _store_failure(answer: Answer) -> HttpResponse:
    """Tell in Prometheus' words what the store could not do."""
    sentence = error_text(answer)
    if OUT_OF_TIME.search(sentence):
        return _failure(503, "timeout", sentence)
    if answer.status >= 500 or answer.status == 429:
        return _failure(503, "unavailable", sentence)
    if answer.status == 400 or UNREADABLE.search(sentence):
        return _failure(400, "bad_data", sentence)
    return _failure(422, "execution", sentence)


def _success(data: Any) -> HttpResponse:
    body = orjson.dumps({"status": "success", "data": data})
    return HttpResponse(body, content_type="application/json")


def _failure(status: int, kind: str, sentence: str) -> HttpResponse:
    body = orjson.dumps({"status": "error", "errorType": kind, "error": sentence})
    response = HttpResponse(body, status=status, content_type="application/json")
    if status == 401:
        response["WWW-Authenticate"] = CHALLENGE
    return response
