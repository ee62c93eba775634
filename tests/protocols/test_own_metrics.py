import pytest
from django.conf import settings
from django.test import Client

pytestmark = pytest.mark.django_db


def scrape(**headers):
    return Client().get("/metrics", headers=headers)


def test_the_scrape_token_opens_it_as_bearer():
    answer = scrape(Authorization=f"Bearer {settings.SCRAPE_TOKEN}")

    assert answer.status_code == 200
    assert b"bkm_build_info" in answer.content


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}])
def test_nobody_else_may_look(headers):
    answer = scrape(**headers)

    assert answer.status_code == 401
    assert "WWW-Authenticate" in answer.headers


def test_requests_are_counted_by_route_and_not_by_path():
    Client().get("/no-such-page-1")

    text = scrape(Authorization=f"Bearer {settings.SCRAPE_TOKEN}").content.decode()

    assert "no-such-page-1" not in text
    assert 'bkm_http_requests_total{method="GET"' in text
