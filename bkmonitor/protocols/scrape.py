"""What VictoriaMetrics or vmagent is to scrape, read by it from us."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase

from bkmonitor.lib.secrets import equal
from bkmonitor.metrics.services import authorities_of, scrape_configuration
from bkmonitor.protocols.auth import CHALLENGE, secret_of

View = Callable[Concatenate[HttpRequest, ...], HttpResponseBase]


def for_scraper(answer: Callable[..., str]) -> View:
    """Let in who knows BKM_SCRAPE_TOKEN, as Bearer or as the password of Basic."""

    @wraps(answer)
    def view(request: HttpRequest, **captured: int) -> HttpResponseBase:
        if request.method != "GET":
            return HttpResponseNotAllowed(["GET"])
        if not equal(secret_of(request), settings.SCRAPE_TOKEN):
            response = HttpResponse("give the scrape token\n", status=401)
            response["WWW-Authenticate"] = CHALLENGE
            return response
        text = answer(request, **captured)
        response = HttpResponse(text, content_type="text/plain; charset=utf-8")
        response["Cache-Control"] = "no-store"
        return response

    return view


@for_scraper
def configuration(request: HttpRequest) -> str:
    """Answer with the whole file, for -promscrape.config=URL."""
    return scrape_configuration(_own_url(request))


@for_scraper
def jobs(request: HttpRequest) -> str:
    """Answer with the list of jobs alone, for an entry of scrape_config_files."""
    return scrape_configuration(_own_url(request), bare=True)


@for_scraper
def authorities(request: HttpRequest, target_id: int) -> str:
    """Answer with the certificates that a target's own is checked against."""
    return authorities_of(target_id)


def _own_url(request: HttpRequest) -> str:
    """Return how the caller reached us: there it will find our metrics too."""
    return f"{request.scheme}://{request.get_host()}"
