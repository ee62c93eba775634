from datetime import timedelta

import pytest
from django.utils import timezone

from bkmonitor.api.previews import MOST_SERIES, answer
from bkmonitor.lib.errors import InvalidInput
from bkmonitor.metrics.tsdb.current import replaced_by
from bkmonitor.strategies.models import Strategy
from tests.factories import NOON, make_level, make_space, make_strategy
from tests.recorded import Recorded

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
FIRST = int((NOON - HOUR).timestamp())
AT = {"from": (NOON - HOUR).isoformat(), "to": NOON.isoformat()}
CPU = {"expression": "cpu", "levels": [make_level(2, ">", 90)]}


@pytest.fixture
def store():
    """Have a host that is hot for two minutes of an hour, and one with a gap."""
    calm = [50.0] * 61
    hot, gap = calm.copy(), [*calm[:30], None, *calm[31:]]
    hot[10] = hot[11] = 95.0
    store = Recorded(samples={("cpu", "a"): hot, ("cpu", "b"): gap}, first=FIRST)
    with replaced_by(store):
        yield store


def post(api, path, **body):
    return api.post(f"/api/v1/strategies/{path}/", body)


def test_a_definition_is_replayed_before_it_is_saved(api, store):
    shown = post(api, "preview", space=api.space.slug, **CPU, **AT).json()

    hot, gap = shown["series"]
    assert (shown["outcome"], len(shown["times"])) == ("complete", 61)
    assert hot["labels"] == {"host": "a"}
    assert (hot["values"][9:12], hot["severities"][9:12]) == ([50, 95, 95], [0, 2, 2])
    assert hot["spans"] == [
        {
            "start": FIRST + 600,
            "end": FIRST + 720,
            "severities": [[FIRST + 600, 2]],
        }
    ]
    assert (gap["values"][30], gap["severities"][30], gap["fired"]) == (None, None, 0)
    assert shown["summary"] == {
        "fired": 1, "by_severity": {"2": 1}, "median_s": 120, "longest_s": 120,
        "flaps": 0, "firing_now": 0, "series": 2, "ticks": 61,
        "normal": 119, "anomalous": 2, "unjudged": {"gap": 1},
    }  # fmt: skip
    assert not Strategy.objects.exists()


def test_a_strategy_is_replayed_as_it_is_saved(api, store):
    strategy = make_strategy(api.space, levels=[make_level(1, ">", 40)])

    shown = post(api, f"{strategy.pk}/backtest", **AT).json()

    assert shown["summary"]["by_severity"] == {"1": 2}
    assert shown["summary"]["firing_now"] == 2


def test_all_that_decides_counts_in_a_preview(api, store):
    fields = {"trigger_count": 2, "trigger_window": 3, "recovery_window": 5}

    shown = post(api, "preview", space=api.space.slug, **CPU, **AT, **fields).json()

    # Two of three are met at the second, until five windows have not held two.
    (span,) = shown["series"][0]["spans"]
    assert (span["start"] - FIRST, span["end"] - FIRST) == (660, 1020)


def test_that_missing_data_is_no_part_of_it_is_told(api, store):
    watched = {"no_data": {"policy": "series"}}
    strategy = make_strategy(api.space, **CPU, **watched)

    saved = post(api, f"{strategy.pk}/backtest", **AT).json()
    typed = post(api, "preview", space=api.space.slug, **CPU, **AT, **watched).json()
    other = post(api, "preview", space=api.space.slug, **CPU, **AT).json()

    assert saved["remarks"] == typed["remarks"]
    assert "missing data" in typed["remarks"][0]
    assert other["remarks"] == []


def test_a_query_that_is_put_together_is_replayed_too(api, store):
    query = {"queries": [{"alias": "a", "metric": "cpu"}]}
    body = {"space": api.space.slug, "query": query, "levels": CPU["levels"], **AT}

    assert post(api, "preview", **body).json()["summary"]["fired"] == 1


def test_without_levels_the_series_are_shown_as_they_are(api, store):
    shown = post(api, "preview", space=api.space.slug, expression="cpu", **AT).json()

    assert (shown["summary"]["fired"], len(shown["series"])) == (0, 2)


def test_a_store_that_fails_says_why(api, store):
    store.wrong = "the store did not answer"

    shown = post(api, "preview", space=api.space.slug, **CPU).json()

    assert (shown["outcome"], shown["reason"]) == ("failed", "the store did not answer")
    assert (shown["series"], shown["summary"]) == ([], None)


def test_the_store_is_asked_for_the_space_that_is_named_alone(api, store):
    post(api, "preview", space=api.space.slug, **CPU)

    assert {space for space, _path, _query in store.asked} == {api.space.slug}


def test_the_last_hour_is_replayed_unless_one_says_otherwise(store):
    now = timezone.now()

    shown = answer(make_space(), CPU, {}, now=now)

    assert now.timestamp() - shown["times"][0] <= 3603


def test_ticks_whose_samples_may_still_come_are_left_out(store):
    shown = answer(make_space(), CPU | {"delay_s": 90}, {"from": NOON - HOUR}, now=NOON)

    assert shown["times"][-1] == int(NOON.timestamp()) - 120


def test_the_worst_series_are_shown_and_all_are_counted(store):
    store.samples = {("cpu", f"h{n}"): [95.0] for n in range(MOST_SERIES + 5)}

    shown = answer(make_space(), CPU, {"from": NOON - HOUR, "to": NOON}, now=NOON)

    assert len(shown["series"]) == MOST_SERIES
    assert shown["summary"]["series"] == MOST_SERIES + 5


@pytest.mark.parametrize(
    ("body", "field", "told"),
    [
        ({"from": "2026-03-03T13:00:00Z", "to": "2026-03-03T12:00:00Z"}, "from", "before"),
        ({"from": "yesterday"}, "from", "format"),
        ({"expression": "cpu >"}, "expression", "promql"),
        ({"levels": [make_level(2, "~", 90)]}, "levels", "'~'"),
        ({"trigger_count": 3}, "trigger_count", "count ≤ window"),
        ({"interval_s": 1}, "interval_s", ""),
        ({"kind": "composite"}, "kind", "members"),
        ({"from": "1926-03-03T13:00:00Z"}, "from", "530000"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_named(api, store, body, field, told):
    refused = post(api, "preview", **{"space": api.space.slug, **CPU, **body})

    assert refused.status_code == 400
    assert told in refused.json()["fields"][field]


def test_of_too_many_series_some_are_judged_and_the_rest_is_counted(
    api, store, monkeypatch
):
    monkeypatch.setattr("bkmonitor.evaluation.preview.MOST_POINTS", 100)

    shown = post(api, "preview", space=api.space.slug, **CPU, **AT).json()

    assert [one["labels"] for one in shown["series"]] == [{"host": "a"}]
    assert (shown["summary"]["series"], shown["series_left_out"]) == (1, 1)


def test_series_that_are_held_against_each_other_are_not_judged_in_part(
    store, monkeypatch
):
    monkeypatch.setattr("bkmonitor.evaluation.preview.MOST_POINTS", 100)
    asked = {"from": NOON - HOUR, "to": NOON}
    apart = [{"severity": 1, "detectors": [{"kind": "outlier"}]}]

    with pytest.raises(InvalidInput, match="2 series at 60 moments") as refused:
        answer(make_space(), CPU | {"levels": apart}, asked, now=NOON)

    assert "from" in refused.value.fields
    assert len(store.asked) == 1
