"""Bodies of machines: read once, up to a limit, never parsed."""

from django.http import HttpRequest

from bkmonitor.lib.errors import MonitorError


class TooLarge(MonitorError):
    """The body is larger than this caller may send."""

    code = "too_large"


def read_body(request: HttpRequest, most_bytes: int) -> bytes:
    """Return the whole body, sent with a length or in chunks.

    Raises TooLarge, before reading where the length is told.
    """
    told = request.META.get("CONTENT_LENGTH")
    if told and int(told) > most_bytes:
        raise TooLarge(f"the body has {told} bytes; {most_bytes} are allowed")
    # Django reads as much as Content-Length says, and so nothing of a body in
    # chunks; gunicorn tells that its own stream ends where the body does.
    chunked = not told and request.META.get("wsgi.input_terminated")
    stream = request.META["wsgi.input"] if chunked else request
    body: bytes = stream.read(most_bytes + 1)
    if len(body) > most_bytes:
        raise TooLarge(f"the body has more than {most_bytes} bytes")
    return body
