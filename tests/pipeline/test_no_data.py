"""Series that stop coming, through the corridor."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bkmonitor.alerts.models import Alert, Transition
from bkmonitor.metrics.tsdb.current import replaced_by
from bkmonitor.pipeline import upkeep
from bkmonitor.pipeline.flow import evaluate_batch
from bkmonitor.pipeline.sources import save_strategy
from bkmonitor.strategies.models import ExpectedSeries
from tests.factories import NOON, make_level, make_space, make_strategy
from tests.hosts import MINUTE, watch
from tests.recorded import Recorded

pytestmark = pytest.mark.django_db


@pytest.fixture
def strategy():
    return make_strategy(
        no_data={"policy": "series", "after": 2, "severity": 2, "forget_s": 3600}
    )


def lost():
    rows = Alert.objects.firing().filter(source_kind="no_data").order_by("pk")
    return [alert.labels.get("host", "all") for alert in rows]


def test_a_host_that_goes_silent_is_told_and_its_return_too(strategy):
    watch(strategy, "a b", "a", "a")
    assert lost() == ["b"]

    watch(strategy, "a b", begin=3)
    assert lost() == []
    assert list(Transition.objects.values_list("kind", flat=True)) == [
        "fired",
        "resolved",
    ]
    assert Alert.objects.get().sentence["id"] == "no_data.back"


def test_a_host_that_was_away_for_a_moment_is_not_told(strategy):
    watch(strategy, "a b", "a", "a b", "a", "a b")

    assert not Alert.objects.exists()


def test_a_store_that_fails_is_no_missing_data(strategy):
    watch(strategy, "a b", *[None] * 9, "a b")

    assert not Alert.objects.exists()


def test_after_a_store_that_failed_the_count_goes_on_where_it_was(strategy):
    watch(strategy, "a b", "a", *[None] * 9, "a b", "a")

    assert not Alert.objects.exists()


def test_all_of_a_crowd_is_one_alert(strategy):
    crowd = " ".join(f"h{n}" for n in range(300))

    watch(strategy, crowd, "", "", "")

    assert lost() == ["all"]
    assert Alert.objects.get().sentence["params"] == {"series": 300}


def test_of_a_crowd_that_returns_in_part_the_rest_is_told_one_by_one(strategy):
    watch(strategy, "a b c", "", "", "a b")
    assert lost() == []

    watch(strategy, "a b", begin=4)
    assert lost() == ["c"]


def test_a_host_that_was_lost_before_stays_so_while_the_others_go_and_return(strategy):
    watch(strategy, "a b c", "a b", "a b", "a b", "a", "", "", "a", "a b", "a b")

    assert lost() == ["c"]
    assert fired() == 2


def test_short_silences_of_the_others_hide_no_host_that_is_lost(strategy):
    watch(strategy, "a b c", *["a b", ""] * 4, "a b")

    assert lost() == ["c"]


@st.composite
def outages(draw):
    """Return policy, series and the hosts of each minute of an outage of them all."""
    after = draw(st.integers(1, 5))
    spread = st.integers(0, after - 1)
    hosts = [
        f"{draw(st.sampled_from('xyz'))}:{at}" for at in range(draw(st.integers(2, 6)))
    ]
    silent = draw(st.integers(1, 2 * after + 3))
    begin, end = 2, 2 + after + silent
    gone = {host: (begin + draw(spread), end + draw(spread)) for host in hosts}
    minutes = [
        " ".join(
            host for host, (stop, back) in gone.items() if not stop <= minute < back
        )
        for minute in range(end + after + 2)
    ]
    kind = draw(st.sampled_from(["series", "group"]))
    return {"policy": kind, "after": after, "by": ["dc"]}, hosts, minutes


@settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(outages(), st.booleans())
def test_an_outage_of_the_whole_source_is_one_alert_however_its_series_stop(
    outage, is_forgotten
):
    policy, hosts, minutes = outage
    forget_s = 60 * policy["after"] if is_forgotten else 86400
    strategy = make_strategy(make_space(), no_data=policy | {"forget_s": forget_s})
    before = fired()

    watch(strategy, *minutes)

    assert fired() - before <= 1
    if not is_forgotten:
        silent = minutes.count("")
        assert fired() - before == 1 or silent < policy["after"]
    assert lost() == []


def fired():
    return Transition.objects.filter(kind="fired").count()


def test_a_group_that_goes_in_pieces_is_one_alert(strategy):
    strategy.no_data = {"policy": "group", "by": ["dc"], "after": 2}
    strategy.save()

    watch(strategy, "x:a x:b x:c y:d", "x:a x:b y:d", "x:a y:d", *["y:d"] * 4)

    assert [alert.labels for alert in Alert.objects.firing()] == [{"dc": "x"}]


def test_the_same_tick_twice_counts_once(strategy):
    watch(strategy, "a b", "a")
    watch(strategy, "a", begin=1)

    assert not Alert.objects.exists()
    assert ExpectedSeries.objects.get(missed=1).labels == {"host": "b"}


def test_what_is_missing_for_long_is_forgotten(strategy):
    watch(strategy, "a b", *["a"] * 62)

    assert lost() == []
    assert Alert.objects.get().sentence["id"] == "no_data.forgotten"
    assert [row.labels["host"] for row in ExpectedSeries.objects.all()] == ["a"]


def test_a_night_of_silence_is_remembered(strategy):
    watch(strategy, "a b", "a", "a")
    watch(strategy, "a", begin=40)

    assert lost() == ["b"]


def test_a_host_that_goes_silent_in_the_night_is_missed_for_as_long_as_was_asked():
    strategy = make_strategy(no_data={"policy": "series", "after": 2})
    eleven_pm, day = 11 * 60, 24 * 60
    watch(strategy, "a b", begin=eleven_pm - 1)

    upkeep.prune()
    watch(strategy, "a", "a", begin=eleven_pm)
    assert lost() == ["b"]

    upkeep.prune()
    watch(strategy, "a", begin=eleven_pm + 5 * day)
    assert lost() == ["b"]

    watch(strategy, "a", begin=eleven_pm + 8 * day)
    assert Alert.objects.get().sentence["id"] == "no_data.forgotten"


def test_one_evaluation_tells_what_is_missing_and_what_is_a_problem():
    policy = {"policy": "series", "after": 2}
    strategy = make_strategy(
        levels=[make_level(1, ">", 0.5)], no_data=policy, late_periods=0
    )

    watch(strategy, "b", "", "c")

    third = Transition.objects.filter(at=NOON + 2 * MINUTE)
    told = third.values_list("alert__source_kind", "alert__labels__host", "kind")
    assert sorted(told) == [("no_data", "b", "fired"), ("strategy", "c", "fired")]


@pytest.mark.parametrize(
    ("late_periods", "delay", "is_lost"),
    [(0, 0, False), (0, 1, True), (1, 1, False), (1, 2, True), (3, 3, False), (3, 4, True)],
)  # fmt: skip
def test_what_always_comes_late_is_missing_only_beyond_the_late_periods(
    late_periods, delay, is_lost
):
    strategy = make_strategy(
        no_data={"policy": "series", "after": 2}, late_periods=late_periods,
        trigger_window=8,
    )  # fmt: skip
    first = int(NOON.timestamp()) - 20 * 60
    samples = {("load", host): [1.0] * 40 for host in "ab"}
    store = Recorded(samples=samples, delays={("load", "b"): [0] * 18 + [delay] * 22}, first=first)  # fmt: skip
    strategy.expression = "load"
    strategy.save()

    for minute in range(9):
        store.now = first + (17 + minute) * 60
        with replaced_by(store):
            evaluate_batch([strategy.pk], store.now, clock=lambda: NOON)

    assert lost() == (["b"] if is_lost else [])


@pytest.mark.parametrize("policy", ["series", "group"])
def test_a_source_that_never_sent_anything_is_told_until_it_does(strategy, policy):
    strategy.no_data |= {"policy": policy, "by": ["dc"]}
    strategy.save()
    watch(strategy, "")
    assert lost() == []

    watch(strategy, *[""] * 70, begin=1)
    assert lost() == ["all"]
    assert Alert.objects.get().sentence["id"] == "no_data.never"

    watch(strategy, "x:a y:b", "x:a y:b", begin=71)
    assert lost() == []
    assert fired() == 1
    assert Alert.objects.get().sentence["id"] == "no_data.back"
    assert ExpectedSeries.objects.count() == 2


def test_a_series_without_labels_may_be_the_first_to_come(strategy):
    watch(strategy, "", "", "", "nobody")

    assert lost() == []
    assert fired() == 1
    assert [row.labels for row in ExpectedSeries.objects.all()] == [{}]


def test_a_store_that_fails_has_not_never_sent(strategy):
    watch(strategy, "", *[None] * 9)

    assert not Alert.objects.exists()


def test_a_source_that_was_forgotten_is_not_one_that_never_sent(strategy):
    watch(strategy, "a b", *[""] * 70)

    assert lost() == []
    assert fired() == 1
    assert Alert.objects.get().sentence["id"] == "no_data.forgotten"

    watch(strategy, "c", "c", begin=71)
    assert [row.labels["host"] for row in ExpectedSeries.objects.all()] == ["c"]


def test_who_asks_for_it_no_more_hears_of_it_no_more(strategy):
    watch(strategy, "a b", "a", "a")

    save_strategy(
        strategy.space, {"no_data": {"policy": "ignore"}}, by=None,
        now=NOON + 9 * MINUTE, strategy=strategy,
    )  # fmt: skip

    assert lost() == []
    assert not ExpectedSeries.objects.exists()


def test_what_was_removed_while_a_strategy_was_off_is_not_missed(strategy):
    watch(strategy, "a b", "a b")

    for minute, enabled in ((2, False), (9, True)):
        save_strategy(
            strategy.space, {"enabled": enabled}, by=None, now=NOON + minute * MINUTE,
            strategy=strategy,
        )  # fmt: skip
    watch(strategy, *["a"] * 5, begin=10)

    assert lost() == []
    assert [row.labels["host"] for row in ExpectedSeries.objects.all()] == ["a"]


def test_another_expression_expects_its_own_series(strategy):
    watch(strategy, "a b", "a", "a")

    save_strategy(
        strategy.space, {"expression": "other"}, by=None, now=NOON + 3 * MINUTE, strategy=strategy
    )  # fmt: skip
    watch(strategy, "x", begin=4)

    assert lost() == []
