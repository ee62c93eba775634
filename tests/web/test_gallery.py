import pytest
from django.test import Client

from bkmonitor.metrics.tsdb.current import replaced_by
from bkmonitor.strategies.gallery.catalogue import templates
from bkmonitor.strategies.models import Strategy
from tests.factories import make_member, make_space, make_user
from tests.fakes import FakeTsdb, counted
from tests.web.clients import client_of, text
from tests.web.editor import typed

pytestmark = pytest.mark.django_db


@pytest.fixture
def store(settings):
    settings.VM_QUERY_URL = "http://127.0.0.1:8428"
    store = FakeTsdb(result=counted("node_load5", "nginx_up"))
    with replaced_by(store):
        yield store


def shown(client, space, query=""):
    answer = client.get(f"/s/{space.slug}/strategies/gallery/{query}")
    rows = [row for shelf in answer.context["shelves"] for row in shelf.rows]
    return answer, {row.template.key: row for row in rows}


def test_every_template_is_there_with_what_it_lacks(store):
    client, space = client_of("editor")

    answer, rows = shown(client, space)

    assert set(rows) == {template.key for template in templates()}
    assert rows["nginx-down"].ready
    assert rows["host-load"].lacks == ["node_cpu_seconds_total"]
    assert "data is there for 1 of 3" in text(answer)
    assert "Still missing: <code>node_cpu_seconds_total</code>" in text(answer)
    assert text(answer).count("Still missing:") == 1
    assert "Switch stub_status on" not in text(answer)
    assert "Give it a role with pg_monitor" in text(answer)


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ("?q=redis+evicted_keys", {"redis-evictions"}),
        ("?q=EXPIRES", {"certificate-expires"}),
        ("?q=node_load5", {"host-load"}),
        ("?q=nothing+of+that+kind", set()),
    ],
)
def test_it_is_searched_by_words_and_metrics(store, query, keys):
    _answer, rows = shown(*client_of("viewer"), query)

    assert set(rows) == keys


def test_it_is_searched_in_the_language_of_its_reader(store, catalogue):
    space = make_space()
    make_member(space, user=(reader := make_user(language="zh-hans")))
    client = Client()
    client.force_login(reader)

    _answer, rows = shown(client, space, "?q=证书")

    assert "certificate-expires" in rows


def test_a_search_that_finds_nothing_leads_back(store):
    answer, _rows = shown(*client_of("viewer"), "?q=zzzz")

    assert "No template matches" in text(answer)


def test_one_click_makes_the_strategy_and_leads_to_its_editor(store):
    client, space = client_of("editor")

    answer = client.post(f"/s/{space.slug}/strategies/gallery/host-cpu/use/")

    made = Strategy.objects.get(space=space)
    assert answer["Location"] == f"/s/{space.slug}/strategies/{made.pk}/edit/"
    page = text(client.get(answer["Location"]))
    assert "“The CPU is busy” is made and switched on" in page


@pytest.mark.parametrize("template", list(templates()), ids=lambda one: one.key)
def test_the_editor_and_the_page_of_each_open(store, template):
    client, space = client_of("editor")

    editor = client.post(f"/s/{space.slug}/strategies/gallery/{template.key}/use/")

    made = Strategy.objects.get(space=space)
    assert client.get(editor["Location"]).status_code == 200
    assert client.get(f"/s/{space.slug}/strategies/{made.pk}/").status_code == 200


@pytest.mark.parametrize("key", [template.key for template in templates()])
def test_the_editor_loses_nothing(store, key):
    client, space = client_of("editor")
    client.post(f"/s/{space.slug}/strategies/gallery/{key}/use/")
    made = Strategy.objects.get(space=space)
    address = f"/s/{space.slug}/strategies/{made.pk}/edit/"

    client.post(address, typed(made, name="Renamed"))

    after = Strategy.objects.get(space=space)
    assert (after.name, after.levels) == ("Renamed", made.levels)


def test_a_template_that_there_is_not_is_not_found(store):
    client, space = client_of("editor")

    answer = client.post(f"/s/{space.slug}/strategies/gallery/nothing/use/")

    assert answer.status_code == 404


def test_who_only_looks_has_no_button(store):
    answer, rows = shown(*client_of("viewer"))

    assert len(rows) > 40
    assert "Use it" not in text(answer)


def test_of_a_store_that_is_silent_nothing_is_said(store):
    store.result = FakeTsdb().result

    answer, rows = shown(*client_of("editor"))

    assert rows["nginx-down"].lacks is None
    assert "The store for samples does not answer" in text(answer)
    assert "Not yet" not in text(answer)


def test_the_list_of_strategies_leads_there():
    client, space = client_of("editor")

    page = text(client.get(f"/s/{space.slug}/strategies/"))

    assert page.count(f"/s/{space.slug}/strategies/gallery/") == 2


def test_it_costs_few_queries(store, django_assert_max_num_queries):
    client, space = client_of("editor")

    with django_assert_max_num_queries(8):
        shown(client, space)
