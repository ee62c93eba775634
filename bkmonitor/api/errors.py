"""The one place where errors become answers: {"detail", "code", "fields"}."""

import logging
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from bkmonitor.lib.errors import (
    Conflict,
    Forbidden,
    InvalidInput,
    MonitorError,
    NotFound,
    TooManyRequests,
    UpstreamUnavailable,
)

logger = logging.getLogger(__name__)

STATUS: dict[type[MonitorError], int] = {
    InvalidInput: 400,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    TooManyRequests: 429,
    UpstreamUnavailable: 503,
}


def handle(exc: Exception, context: dict[str, Any]) -> Response | None:
    """Answer every error that is the caller's to know; leave the rest to Django."""
    if isinstance(exc, Http404):
        exc = exceptions.NotFound()
    elif isinstance(exc, PermissionDenied):
        exc = exceptions.PermissionDenied()
    elif isinstance(exc, OperationalError):
        logger.warning("api.database_unavailable", extra={"error": str(exc)})
        exc = UpstreamUnavailable("the database does not answer; try again")
    response = _answer(exc)
    if response is not None:
        set_rollback()
    return response


def _answer(exc: Exception) -> Response | None:
    if isinstance(exc, MonitorError):
        return _answer_of_ours(exc)
    if isinstance(exc, exceptions.ValidationError):
        return _refuse(400, *_flatten(exc.detail), code="invalid")
    if isinstance(exc, exceptions.APIException):
        response = _refuse(exc.status_code, str(exc.detail), {}, code=_code_of(exc))
        if header := getattr(exc, "auth_header", None):
            response.headers["WWW-Authenticate"] = header
        return response
    return None


def _answer_of_ours(exc: MonitorError) -> Response | None:
    status = next((s for kind, s in STATUS.items() if isinstance(exc, kind)), None)
    if status is None:
        return None
    fields = exc.fields if isinstance(exc, InvalidInput) else {}
    response = _refuse(status, str(exc), fields, code=exc.code)
    if isinstance(exc, TooManyRequests):
        response.headers["Retry-After"] = str(max(1, round(exc.retry_after_s)))
    return response


def _code_of(exc: exceptions.APIException) -> str:
    """Our word where the framework has another for the same thing."""
    if isinstance(exc, exceptions.PermissionDenied):
        return Forbidden.code
    return str(exc.get_codes())


def _refuse(status: int, detail: str, fields: dict[str, str], *, code: str) -> Response:
    return Response({"detail": detail, "code": code, "fields": fields}, status=status)


def _flatten(detail: Any) -> tuple[str, dict[str, str]]:
    """Return one sentence and, by dotted path, what is wrong with each field."""
    fields = dict(_walk(detail, ""))
    sentence = "; ".join(f"{at}: {what}" if at else what for at, what in fields.items())
    return sentence, fields


def _walk(detail: Any, path: str) -> list[tuple[str, str]]:
    if isinstance(detail, dict):
        pairs = ((str(key), value) for key, value in detail.items())
    elif isinstance(detail, list) and any(isinstance(d, dict | list) for d in detail):
        pairs = ((str(row), value) for row, value in enumerate(detail) if value)
    elif isinstance(detail, list):
        return [(path, " ".join(str(each) for each in detail))]
    else:
        return [(path, str(detail))]
    found = []
    for key, value in pairs:
        # What belongs to no field stands under the name of what it belongs to.
        below = path if key == "non_field_errors" else f"{path}.{key}".strip(".")
        found += _walk(value, below)
    return found
