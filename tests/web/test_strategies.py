import time

import pytest

from bkmonitor.alerts.models import Alert
from bkmonitor.lib.labels import fingerprint
from bkmonitor.metrics.tsdb.current import replaced_by
from bkmonitor.strategies.models import Strategy, StrategyRevision
from tests.factories import NOON, make_alert, make_level, make_strategy
from tests.recorded import Recorded
from tests.web.clients import client_of, text
from tests.web.editor import LIMIT, typed

pytestmark = pytest.mark.django_db


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

    sent = typed(
        levels=[make_level(1, ">", 8.0)], labels="team=web", trigger_window="3"
    )
    answer = admin_client.post(f"/s/{space.slug}/strategies/new/", sent)

    made = Strategy.objects.get(space=space)
    assert answer.headers["Location"] == f"/s/{space.slug}/strategies/{made.pk}/"
    assert made.levels == [make_level(1, ">", 8.0)]
    assert (made.trigger_count, made.trigger_window, made.interval_s) == (1, 3, 60)
    assert (made.labels, made.created_by) == ({"team": "web"}, admin_client.user)
    assert (made.no_data, made.flap_count) == ({}, 6)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"expression": "node_load1 >"}, "id_expression_error"),
        ({"levels": []}, "at least one is needed"),
        ({LIMIT: ""}, "Give a limit."),
        ({LIMIT: "much"}, "cannot be read"),
        ({"l-v0-d0-kind": "seasonal", "l-v0-d0-width": "0"}, "must be more than 0"),
        ({"l-v0-expression": "node_load1 >"}, "id_expression_error"),
        ({"no_data_policy": "series", "no_data_after": "0"}, "id_no_data_after_error"),
        (
            {"expression": "up > 1", "no_data_policy": "series"},
            "id_no_data_policy_error",
        ),
        ({"trigger_count": "4"}, "id_trigger_count_error"),
        ({"summary": "{{ value"}, "id_summary_error"),
        ({"name": "taken"}, "id_name_error"),
    ],
)
def test_what_the_room_refuses_stands_beside_its_field(admin_client, change, field):
    space = admin_client.space
    make_strategy(space, name="taken")

    answer = admin_client.post(f"/s/{space.slug}/strategies/new/", typed(**change))

    assert answer.status_code == 200
    assert field in text(answer)
    assert Strategy.objects.filter(space=space).count() == 1


def test_the_editor_shows_what_is_stored_and_changes_it(admin_client):
    strategy = make_strategy(admin_client.space, name="before", interval_s=300)
    url = f"/s/{admin_client.space.slug}/strategies/{strategy.pk}/edit/"

    page = text(admin_client.get(url))
    admin_client.post(url, typed(strategy, name="after"))

    strategy.refresh_from_db()
    assert 'value="before"' in page
    assert 'value="90"' in page
    assert strategy.name == "after"


def test_a_save_without_a_change_changes_nothing(admin_client):
    """Whatever a strategy has, what is shown and sent back is what it was."""
    level = {
        "severity": 2,
        "match": "any",
        "detectors": [
            {"kind": "seasonal", "timezone": "Europe/Berlin", "season": "day"},
            {"kind": "forecast", "operator": ">", "limit": 5 * 2.0**30},
        ],
        "expression": "node_filesystem_free_bytes",
        "trigger": {"count": 2, "window": 5},
        "over_when": [[{"operator": "<", "value": 1024.0}]],
    }
    strategy = make_strategy(
        admin_client.space,
        unit="bytes",
        levels=[make_level(1, ">", 1.5 * 2**30), level],
        no_data={"policy": "group", "by": ["host"]},
        late_periods=3,
        flap_count=0,
        flap_window_s=90,
        delay_s=7,
    )
    url = f"/s/{admin_client.space.slug}/strategies/{strategy.pk}/edit/"
    before = Strategy.objects.values().get()

    answer = admin_client.post(url, typed(strategy))

    assert answer.status_code == 302
    after = Strategy.objects.values().get()
    same = before.keys() - {"updated_at", "next_run_at"}
    assert {name: after[name] for name in same} == {name: before[name] for name in same}
    assert not strategy_changed_in_history(strategy)


def strategy_changed_in_history(strategy):
    return StrategyRevision.objects.filter(strategy_id=strategy.pk, kind="changed")


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


def test_the_page_of_a_strategy_says_what_was_judged_and_what_was_not(admin_client):
    strategy = make_strategy(
        admin_client.space,
        counts={"normal": 1200, "anomalous": 3, "no_history": 7},
        series_count=1210,
        skipped_ticks=12,
        skipped_until=NOON,
    )

    page = text(
        admin_client.get(f"/s/{admin_client.space.slug}/strategies/{strategy.pk}/")
    )

    assert "normal: 1,200" in page
    assert "anomalous: 3" in page
    assert "not judged, nothing earlier to compare with: 7" in page
    assert "12 moments were never judged" in page


def preview(client, **changes):
    url = f"/s/{client.space.slug}/strategies/preview/"
    return text(client.post(url, typed(**changes)))


@pytest.fixture
def store():
    """Have two hosts, one of which has been hot for the last ten minutes of an hour."""
    first = int(time.time()) // 60 * 60 - 3600
    hot = [50.0] * 50 + [95.0] * 11
    samples = {("node_load1", "web-1"): hot, ("node_load1", "web-2"): [50.0] * 61}
    store = Recorded(samples=samples, first=first)
    with replaced_by(store):
        yield store


def test_the_preview_says_what_would_have_fired_and_when(admin_client, store):
    page = preview(admin_client)

    assert "Would have fired 1 time, 1 critical" in page
    assert "2 series at 6" in page
    assert page.index("host=web-1") < page.index("host=web-2")
    assert "This expression does not filter" in page
    assert "data-given=" in page


def test_one_series_alone_is_shown_with_what_it_is_held_against(admin_client, store):
    compared = [
        {"severity": 1, "detectors": [{"kind": "ring_ratio", "rise_percent": 30}]}
    ]
    page = preview(
        admin_client, levels=compared, isolate=fingerprint({"host": "web-1"})
    )

    assert "host=web-1" in page
    assert "host=web-2" not in page
    assert "&quot;edges&quot;:[&quot;reference&quot;]" in page
    assert "All series" in page


def test_among_others_no_series_is_shown_with_what_it_is_held_against(
    admin_client, store
):
    compared = [
        {"severity": 1, "detectors": [{"kind": "ring_ratio", "rise_percent": 30}]}
    ]
    page = preview(admin_client, levels=compared)

    assert "&quot;edges&quot;:[]" in page


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"expression": ""}, "Nothing to show yet"),
        ({"expression": "cpu >"}, "This cannot be evaluated yet"),
        ({LIMIT: "much"}, "Left out of the preview until it is complete"),
        ({LIMIT: ""}, "there is no level yet to judge them by"),
        ({"expression": "node_load1 > 90"}, "This expression filters"),
        ({"no_data_policy": "series"}, "Alerts for missing data, and of composite"),
        ({"expression": "nothing"}, "nothing sends this metric"),
        ({"trigger_count": "5"}, "count ≤ window"),
        ({"trigger_count": "some"}, "Would have fired"),
    ],
)
def test_the_preview_says_in_words_what_it_is(admin_client, store, changes, said):
    assert said in preview(admin_client, **changes)


def test_the_preview_says_why_the_store_could_not_answer(admin_client, store):
    store.wrong = "down for repairs"

    page = preview(admin_client)

    assert "The store could not answer" in page
    assert "down for repairs" in page


def test_of_too_many_series_the_preview_says_how_many_it_judges(
    admin_client, store, monkeypatch
):
    monkeypatch.setattr("bkmonitor.evaluation.preview.MOST_POINTS", 100)

    page = preview(admin_client)

    assert "1 of 2 series judged" in page
    assert "host=web-2" not in page


def test_too_long_a_time_offers_shorter_ones(admin_client, store, monkeypatch):
    monkeypatch.setattr("bkmonitor.evaluation.preview.MOST_POINTS", 100)
    apart = [{"severity": 1, "detectors": [{"kind": "outlier"}]}]

    page = preview(admin_client, span="24h", levels=apart)

    assert "too many to wait for" in page
    assert 'data-press="span-6h">6 hours' in page
    assert "7 days" not in page


def test_without_a_store_the_pages_say_how_to_have_one(admin_client, settings):
    settings.VM_WRITE_URL = settings.VM_QUERY_URL = ""
    slug = admin_client.space.slug
    strategy = make_strategy(admin_client.space)

    shown = text(admin_client.get(f"/s/{slug}/strategies/"))
    preview = text(admin_client.post(f"/s/{slug}/strategies/preview/", typed()))
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
    assert client.post(f"{url}preview/", typed()).status_code == 403
    assert client.post(f"{url}{strategy.pk}/edit/", typed()).status_code == 403
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
