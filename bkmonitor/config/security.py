"""What every answer says to browsers, and whom the doors for people believe."""

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.http.request import split_domain_port

from bkmonitor.accounts.installation import installation
from bkmonitor.lib.addresses import client_address, is_loopback

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
UNUSED = ("camera", "geolocation", "microphone", "payment", "serial", "usb")
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Permissions-Policy": ", ".join(f"{feature}=()" for feature in UNUSED),
    "Cache-Control": "private, no-cache",
}


class Guard:
    """The outermost middleware: addresses, hosts, schemes, headers, cookies.

    Machines (`settings.MACHINE_DOORS`) may come by any host name: inside a cluster
    they use inner ones, and they bring a token, not a browser's cookie.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Turn away what came by a wrong name, answer the rest with our headers."""
        request.META["REMOTE_ADDR"] = client_address(
            request.META.get("REMOTE_ADDR", ""),
            request.META.get("HTTP_X_FORWARDED_FOR", ""),
            settings.TRUSTED_PROXIES,
        )
        if request.path.startswith(settings.MACHINE_DOORS):
            return self.get_response(request)
        public_url = known_public_url()
        response = turn_away(request, public_url)
        if response is None:
            _believe_public_url(request, public_url)
            response = self.get_response(request)
        _protect(response, secure=request.is_secure(), public_url=public_url)
        return response


def known_public_url() -> str:
    """Return the public URL once it holds; "" until the wizard has been finished.

    It is read anew for each request: a wizard in one process has to be believed by
    all of them at once.
    """
    if settings.PUBLIC_URL:
        return str(settings.PUBLIC_URL)
    row = installation()
    return row.public_url.rstrip("/") if row.completed_at else ""


def turn_away(request: HttpRequest, public_url: str) -> HttpResponse | None:
    """Answer a request that came by a wrong host name or without encryption.

    Until the public URL is known every name is good, so that the wizard can be
    reached. The redirect waits for the proxy to say that the client came by plain
    HTTP: one that is not trusted, or says nothing, must not make a loop of it.
    """
    if not public_url:
        return None
    host = _host_of(request)
    public = urlsplit(public_url)
    if host != public.hostname and not is_loopback(host):
        sentence = f"This service is reached at {public_url}\n"
        return HttpResponse(sentence, status=400, content_type="text/plain")
    came_by = request.headers.get("X-Forwarded-Proto", "")
    if public.scheme == "https" and came_by == "http" and host == public.hostname:
        return HttpResponsePermanentRedirect(public_url + request.get_full_path())
    return None


def _believe_public_url(request: HttpRequest, public_url: str) -> None:
    """Give a request to the public host the scheme and the port of the public URL.

    A proxy that ends TLS and does not say so, or drops the port, would else break
    every form: the browser's Origin would name another place than the request.
    """
    public = urlsplit(public_url)
    if public_url and _host_of(request) == public.hostname:
        request.META["HTTP_HOST"] = public.netloc
        if public.scheme == "https":
            request.META["wsgi.url_scheme"] = "https"


def _protect(response: HttpResponse, *, secure: bool, public_url: str) -> None:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    encrypted = public_url.startswith("https://")
    if encrypted and secure:
        response.headers.setdefault(
            "Strict-Transport-Security", f"max-age={settings.HSTS_SECONDS}"
        )
    if encrypted or secure:
        for cookie in response.cookies.values():
            cookie["secure"] = True


def _host_of(request: HttpRequest) -> str:
    return split_domain_port(request.get_host())[0].strip("[]").lower()
