import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.http import HttpResponse
from django.middleware.csrf import CsrfViewMiddleware, get_token
from django.test import RequestFactory

from bkmonitor.accounts.services import update_installation
from bkmonitor.config.security import Guard
from tests.factories import NOON

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]


def ask(path="/", *, host="10.0.0.5:8000", method="get", **extra):
    """Return the answer of an empty page behind the guard, with what it was asked."""

    def page(request):
        response = HttpResponse("page")
        response.request = request
        response.set_cookie("sessionid", "x")
        return response

    request = getattr(RequestFactory(), method)(path, HTTP_HOST=host, **extra)
    return Guard(page)(request)


def test_until_the_public_url_is_known_every_host_is_served():
    assert ask(host="10.0.0.5:8000").status_code == 200


def test_a_wizard_that_is_not_finished_cannot_shut_its_user_out():
    update_installation(public_url="https://monitor.example.org")

    assert ask(host="10.0.0.5:8000").status_code == 200


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("monitor.example.org", 200),
        ("MONITOR.example.org:443", 200),
        ("monitor.example.org.", 200),
        ("localhost:8000", 200),
        ("127.0.0.1:8000", 200),
        ("[::1]:8000", 200),
        ("10.0.0.5:8000", 400),
        ("evil.example.org", 400),
        ("monitor.example.org.evil.org", 400),
    ],
)
def test_afterwards_only_the_public_host_and_loopback_are(host, status):
    update_installation(public_url="https://monitor.example.org", completed_at=NOON)

    assert ask(host=host).status_code == status


def test_a_variable_decides_from_the_first_moment(settings):
    settings.PUBLIC_URL = "https://monitor.example.org"

    assert ask(host="10.0.0.5:8000").status_code == 400


@pytest.mark.parametrize("path", ["/ping/x", "/prometheus/api/v1/write", "/metrics"])
def test_machines_may_come_by_any_host(path, settings, django_assert_num_queries):
    settings.PUBLIC_URL = "https://monitor.example.org"

    with django_assert_num_queries(0):
        assert ask(path, host="web:8000").status_code == 200


def test_pages_carry_the_policies_of_the_house():
    headers = ask().headers

    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "camera=()" in headers["Permissions-Policy"]
    assert headers["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize(
    ("public_url", "secure"),
    [("https://monitor.example.org", True), ("http://monitor.example.org", False)],
)
def test_cookies_and_hsts_follow_the_public_url(public_url, secure):
    update_installation(public_url=public_url, completed_at=NOON)

    response = ask(host="monitor.example.org")

    assert bool(response.cookies["sessionid"]["secure"]) is secure
    assert ("Strict-Transport-Security" in response.headers) is secure


def test_a_proxy_that_says_plain_http_is_sent_to_https(settings):
    settings.PUBLIC_URL = "https://monitor.example.org"

    response = ask(
        "/s/shop/?a=1", host="monitor.example.org", HTTP_X_FORWARDED_PROTO="http"
    )

    assert response.status_code == 301
    assert response["Location"] == "https://monitor.example.org/s/shop/?a=1"


@pytest.mark.parametrize("said", [{}, {"HTTP_X_FORWARDED_PROTO": "https"}])
def test_nothing_else_is_redirected_so_that_there_is_no_loop(said, settings):
    settings.PUBLIC_URL = "https://monitor.example.org"

    assert ask(host="monitor.example.org", **said).status_code == 200


def test_forms_work_behind_a_proxy_that_tells_neither_scheme_nor_port(settings):
    settings.PUBLIC_URL = "https://monitor.example.org:8443"

    def check(request):
        token = get_token(request)
        request.COOKIES["csrftoken"] = request.META["CSRF_COOKIE"]
        request.META["HTTP_X_CSRFTOKEN"] = token
        middleware = CsrfViewMiddleware(lambda _: HttpResponse("stored"))
        middleware.process_request(request)
        return middleware.process_view(request, check, (), {}) or HttpResponse("stored")

    request = RequestFactory(enforce_csrf_checks=True).post(
        "/",
        HTTP_HOST="monitor.example.org",
        HTTP_ORIGIN="https://monitor.example.org:8443",
    )

    assert Guard(check)(request).content == b"stored"


@pytest.mark.parametrize(
    ("peer", "address"), [("127.0.0.1", "198.51.100.7"), ("10.9.9.9", "10.9.9.9")]
)
def test_the_address_of_the_client_is_what_a_trusted_proxy_says(peer, address):
    response = ask(REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR="198.51.100.7")

    assert response.request.META["REMOTE_ADDR"] == address


def test_a_forged_scheme_is_not_believed():
    response = ask(REMOTE_ADDR="10.9.9.9", HTTP_X_FORWARDED_PROTO="https")

    assert not response.request.is_secure()


def test_a_real_page_passes_through_the_guard(client):
    response = client.get("/nowhere/")

    assert response.status_code == 404
    assert response["X-Frame-Options"] == "DENY"
    assert response["Referrer-Policy"] == "same-origin"
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "default-src 'none'" in response["Content-Security-Policy"]


def test_session_and_csrf_cookies_are_out_of_the_reach_of_scripts(settings):
    assert settings.SESSION_COOKIE_HTTPONLY
    assert settings.CSRF_COOKIE_HTTPONLY
    assert settings.SESSION_COOKIE_SAMESITE == settings.CSRF_COOKIE_SAMESITE == "Lax"


def test_the_deployment_check_is_clean_with_an_https_public_url(tmp_path):
    environ = {
        "PATH": os.environ["PATH"],
        "BKM_DATA": str(tmp_path),
        "BKM_PUBLIC_URL": "https://monitor.example.org",
        "BKM_SECRET_KEY": "d3pl0y-check/of-a-long-and-varied-secret-key-0123456789",
    }

    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "INFO"],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout
