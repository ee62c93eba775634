import numpy as np
import pytest
from django.core.cache import cache
from django.test import Client

from bkmonitor.accounts.services import update_installation
from bkmonitor.lib.frame import Frame
from bkmonitor.web.views import overview
from tests.factories import (
    NOON,
    make_alert,
    make_heartbeat,
    make_probe,
    make_receiver,
    make_strategy,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def forget():
    cache.clear()


def text(answer):
    return " ".join(answer.content.decode().split())


def page_of(client):
    return text(client.get(f"/s/{client.space.slug}/"))


def test_an_empty_space_says_what_to_do_next(admin_client):
    page = page_of(admin_client)

    assert "Nothing is firing" in page
    assert "No probes yet" in page
    assert "Confirm that a message arrives" in page


def test_it_shows_what_fires_and_what_is_down_first(admin_client):
    space = admin_client.space
    make_alert(space, source_name="the shop is down")
    make_alert(source_name="elsewhere")
    make_probe(space, name="a good one", state="up")
    make_probe(space, name="the bad one", state="down")
    make_probe(space, name="the one that is off", state="down", enabled=False)
    make_heartbeat(space, name="backup", state="down")

    page = page_of(admin_client)

    assert "the shop is down" in page
    assert "elsewhere" not in page
    assert "the one that is off" not in page
    assert page.index("the bad one") < page.index("a good one")
    assert "No sign of life" in page


def test_without_a_store_it_says_how_to_turn_metrics_on(admin_client, settings):
    settings.VM_WRITE_URL = ""

    assert "Metrics are off." in page_of(admin_client)


def test_when_all_is_set_up_there_is_nothing_to_do(admin_client, settings):
    settings.VM_WRITE_URL = "http://127.0.0.1:9"
    settings.PUBLIC_URL = "http://testserver"
    make_receiver(admin_client.space)
    make_probe(admin_client.space)
    update_installation(completed_at=NOON)

    page = page_of(admin_client)

    assert "Not ready yet" not in page
    assert f"/s/{admin_client.space.slug}/ingest/" in page


def test_a_receiver_that_was_never_confirmed_is_not_enough(admin_client):
    make_receiver(admin_client.space, confirmed_at=None)

    assert "Confirm that a message arrives" in page_of(admin_client)


def test_the_page_costs_the_same_for_few_or_many(
    admin_client, django_assert_max_num_queries
):
    space = admin_client.space
    for _ in range(20):
        make_alert(space, acked_at=NOON, acked_by=admin_client.user)
        make_probe(space, results=[[0, 1, 0.1, ""]] * 60)
        make_heartbeat(space)
        make_strategy(space)

    with django_assert_max_num_queries(20):
        admin_client.get(f"/s/{space.slug}/")


class Store:
    """Answers one result; counts how often it was asked."""

    def __init__(self, outcome, frame=None):
        self.outcome, self.frame, self.reason, self.asked = outcome, frame, "why not", 0

    def __call__(self, slug, promql, at, *, timeout_s):
        self.asked += 1
        return self


def test_how_many_series_there_are_is_counted_once_a_minute(admin_client, monkeypatch):
    store = Store("complete", Frame(np.array([0]), np.array([[1234.0]]), ({},)))
    monkeypatch.setattr(overview, "query_instant", store)

    pages = [
        text(admin_client.get(f"/s/{admin_client.space.slug}/ingest/"))
        for _ in range(3)
    ]

    assert "1234 series" in pages[2]
    assert store.asked == 1


def test_a_store_that_does_not_answer_is_told_with_its_reason(
    admin_client, monkeypatch
):
    monkeypatch.setattr(overview, "query_instant", Store("failed"))

    page = text(admin_client.get(f"/s/{admin_client.space.slug}/ingest/"))

    assert "does not answer" in page
    assert "why not" in page


def test_an_empty_store_gives_the_lines_for_prometheus(admin_client, monkeypatch):
    empty = Frame(np.array([0]), np.empty((0, 1)), ())
    monkeypatch.setattr(overview, "query_instant", Store("complete", empty))

    page = text(admin_client.get(f"/s/{admin_client.space.slug}/ingest/"))

    assert "url: http://testserver/prometheus/api/v1/write" in page


def test_another_spaces_ingest_is_not_found(admin_client):
    client = Client()
    client.force_login(admin_client.user)

    assert client.get("/s/elsewhere/ingest/").status_code == 404
