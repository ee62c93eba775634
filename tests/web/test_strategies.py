import numpy as np
import pytest

from bkmonitor.alerts.models import Alert
from bkmonitor.lib.frame import Frame
from bkmonitor.metrics.tsdb.current import replaced_by
from bkmonitor.metrics.tsdb.port import Result
from bkmonitor.strategies.models import Strategy
from tests.factories import make_alert, make_level, make_strategy
from tests.fakes import FakeTsdb
from tests.web.clients import client_of, text

pytestmark = pytest.mark.django_db
TYPED = {
    "name": "Load",
    "expression": "node_load1",
    "limits-severity": ["1", "2"],
    "limits-operator": [">", ">"],
    "limits-value": ["8", ""],
    "interval_s_0": "1",
    "interval_s_1": "60",
    "trigger_count": "2",
    "trigger_window": "3",
    "recovery_window": "1",
    "labels": "team=web",
    "enabled": "on",
    "span": "1h",
}


def make_firing(strategy, severity=1):
    return make_alert(
        strategy.space,
        source_kind="strategy",
        source_id=strategy.pk,
        severity=severity,
        open_key=f"strategy:{strategy.pk}:{severity}",
        sentence={"id": "any", "params": {"value": 3}},
    )


def test_the_list_shows_state_and_problems_of_its_own_space(admin_client):
    space = admin_client.space
    make_firing(make_strategy(space, name="bad", outcome="complete"))
    make_strategy(
        space, name="broken", outcome="failing", outcome_reason="no answer in time"
    )
    make_strategy(name="elsewhere")

    page = text(admin_client.get(f"/s/{space.slug}/strategies/"))

    assert "1 firing" in page
    assert "no answer in time" in page
    assert "elsewhere" not in page


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("state=firing", ["bad"]),
        ("state=failing", ["broken"]),
        ("state=disabled", ["off"]),
        ("q=team=web", ["bad"]),
        ("q=bro", ["broken"]),
        ("state=nonsense", ["bad", "broken", "off"]),
    ],
)
def test_the_list_is_narrowed_by_state_name_and_label(admin_client, query, names):
    space = admin_client.space
    make_firing(make_strategy(space, name="bad", labels={"team": "web"}))
    make_strategy(space, name="broken", outcome="failing")
    make_strategy(space, name="off", enabled=False)

    answer = admin_client.get(f"/s/{space.slug}/strategies/?{query}")

    assert [row.name for row in answer.context["page"].rows] == names


def test_the_list_costs_the_same_for_one_strategy_or_many(
    admin_client, django_assert_max_num_queries
):
    space = admin_client.space
    for at in range(60):
        strategy = make_strategy(space, labels={"at": str(at)})
        make_firing(strategy)

    with django_assert_max_num_queries(10):
        page = text(admin_client.get(f"/s/{space.slug}/strategies/"))

    assert page.count("data-row") == 50
    assert "Further" in page


def test_an_empty_list_says_what_to_do(admin_client):
    page = text(admin_client.get(f"/s/{admin_client.space.slug}/strategies/"))

    assert "Nothing is evaluated yet" in page
    assert "/strategies/new/" in page


def test_htmx_gets_the_table_alone(admin_client):
    answer = admin_client.get(
        f"/s/{admin_client.space.slug}/strategies/",
        headers={"HX-Request-Type": "partial"},
    )

    assert text(answer).startswith('<div id="strategies"')


def test_a_strategy_is_made_and_leads_to_its_page(admin_client):
    space = admin_client.space

    answer = admin_client.post(f"/s/{space.slug}/strategies/new/", TYPED)

    made = Strategy.objects.get(space=space)
    assert answer.headers["Location"] == f"/s/{space.slug}/strategies/{made.pk}/"
    assert made.levels == [make_level(1, ">", 8.0)]
    assert (made.trigger_count, made.trigger_window, made.interval_s) == (2, 3, 60)
    assert (made.labels, made.created_by) == ({"team": "web"}, admin_client.user)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"expression": "node_load1 >"}, "id_expression_error"),
        ({"limits-value": ["", ""]}, "at least one is needed"),
        ({"trigger_count": "4"}, "id_trigger_count_error"),
        ({"summary": "{{ value"}, "id_summary_error"),
        ({"name": "taken"}, "id_name_error"),
    ],
)
def test_what_the_room_refuses_stands_beside_its_field(admin_client, change, field):
    space = admin_client.space
    make_strategy(space, name="taken")

    answer = admin_client.post(f"/s/{space.slug}/strategies/new/", TYPED | change)

    assert answer.status_code == 200
    assert field in text(answer)
    assert Strategy.objects.filter(space=space).count() == 1


def test_the_editor_shows_what_is_stored_and_changes_it(admin_client):
    strategy = make_strategy(admin_client.space, name="before", interval_s=300)
    url = f"/s/{admin_client.space.slug}/strategies/{strategy.pk}/edit/"

    page = text(admin_client.get(url))
    admin_client.post(url, TYPED | {"name": "after"})

    strategy.refresh_from_db()
    assert 'value="before"' in page
    assert 'value="90"' in page
    assert strategy.name == "after"


def test_switching_off_and_deleting_end_the_alerts(admin_client):
    space = admin_client.space
    strategy = make_strategy(space)
    url = f"/s/{space.slug}/strategies/{strategy.pk}"
    first = make_firing(strategy)

    admin_client.post(f"{url}/switch/")

    first.refresh_from_db()
    strategy.refresh_from_db()
    assert (first.end_reason, strategy.enabled) == ("source_disabled", False)

    second = make_firing(strategy)
    admin_client.post(f"{url}/remove/")

    second.refresh_from_db()
    assert second.end_reason == "source_removed"
    assert not Strategy.objects.exists()


def test_the_page_of_a_strategy_says_why_it_fails_and_what_fires(admin_client):
    strategy = make_strategy(
        admin_client.space, outcome="failing", outcome_reason="no answer in time"
    )
    make_firing(strategy)

    page = text(
        admin_client.get(f"/s/{admin_client.space.slug}/strategies/{strategy.pk}/")
    )

    assert "The evaluation is failing" in page
    assert "no answer in time" in page
    assert f"/alerts/{Alert.objects.get().pk}/" in page


def test_the_preview_draws_the_series_with_their_severity(admin_client):
    frame = Frame(np.array([0, 60]), np.array([[1.0, 9.0]]), ({"host": "web-1"},))
    with replaced_by(FakeTsdb(result=Result("complete", frame))):
        page = text(
            admin_client.post(
                f"/s/{admin_client.space.slug}/strategies/preview/", TYPED
            )
        )

    assert "host=web-1" in page
    assert "Critical" in page
    assert "This expression does not filter" in page
    assert "data-given=" in page


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"expression": ""}, "Nothing to show yet"),
        ({"expression": "cpu >"}, "This is not PromQL yet"),
        ({"limits-value": ["much", ""]}, "The store could not answer"),
        ({"expression": "cpu > 9"}, "This expression filters"),
    ],
)
def test_the_preview_says_in_words_what_is_wrong(admin_client, typed, said):
    with replaced_by(FakeTsdb(result=Result("failed", None, "down"))):
        page = text(
            admin_client.post(
                f"/s/{admin_client.space.slug}/strategies/preview/", TYPED | typed
            )
        )

    assert said in page


def test_without_a_store_the_pages_say_how_to_have_one(admin_client, settings):
    settings.VM_WRITE_URL = settings.VM_QUERY_URL = ""
    slug = admin_client.space.slug
    strategy = make_strategy(admin_client.space)

    shown = text(admin_client.get(f"/s/{slug}/strategies/"))
    preview = text(admin_client.post(f"/s/{slug}/strategies/preview/", TYPED))
    series = text(admin_client.get(f"/s/{slug}/strategies/{strategy.pk}/series/"))

    for page in (shown, preview, series):
        assert "BKM_VM_WRITE_URL" in page


def test_viewers_read_and_do_not_change():
    client, space = client_of("viewer")
    strategy = make_strategy(space)
    url = f"/s/{space.slug}/strategies/"

    assert client.get(url).status_code == 200
    assert "/strategies/new/" not in text(client.get(url))
    assert client.get(f"{url}{strategy.pk}/").status_code == 200
    assert client.get(f"{url}new/").status_code == 403
    assert client.post(f"{url}preview/", TYPED).status_code == 403
    assert client.post(f"{url}{strategy.pk}/edit/", TYPED).status_code == 403
    assert client.post(f"{url}{strategy.pk}/switch/").status_code == 403
    assert client.post(f"{url}{strategy.pk}/remove/").status_code == 403


@pytest.mark.parametrize("page", ["", "edit/", "series/"])
def test_a_strategy_of_another_space_is_not_there(admin_client, page):
    other = make_strategy()

    ours = admin_client.get(
        f"/s/{admin_client.space.slug}/strategies/{other.pk}/{page}"
    )
    theirs = admin_client.get(f"/s/{other.space.slug}/strategies/{other.pk}/{page}")

    assert (ours.status_code, theirs.status_code) == (404, 404)
