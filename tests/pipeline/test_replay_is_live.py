"""What a replay shows is what evaluation did: one mechanism, held by random data."""

import math
from collections import defaultdict
from datetime import UTC, datetime
from random import Random
from unittest import mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bkmonitor.alerts.models import Alert
from bkmonitor.evaluation import replay as replay_module
from bkmonitor.evaluation.backtest import backtest
from bkmonitor.evaluation.replay import replay
from bkmonitor.metrics.answers import gather
from bkmonitor.metrics.tsdb.current import replaced_by
from bkmonitor.pipeline.flow import evaluate_batch
from bkmonitor.strategies.definition import parse_definition
from tests.factories import make_space, make_strategy
from tests.recorded import Recorded

pytestmark = pytest.mark.django_db

STEP = 60
# The data begins a while before the first tick: detectors and windows look back.
BEFORE, TICKS = 12, 26
START = 1_800_000_000
HOSTS = ("a", "b", "c")
EXPRESSIONS = ("load", "load > 50", "queue")


conditions = st.builds(
    lambda operator, value: [[{"operator": operator, "value": float(value)}]],
    st.sampled_from([">", "<=", ">="]),
    st.sampled_from([30, 50, 70]),
)
thresholds = conditions.map(lambda groups: {"kind": "threshold", "any_of": groups})
rises = st.sampled_from([20.0, 60.0]).map(
    lambda percent: {"kind": "ring_ratio", "rise_percent": percent}
)
means = st.sampled_from([20.0, 60.0]).map(
    lambda percent: {
        "kind": "ring_ratio_advanced", "rise_percent": percent, "rise_over": 3,
    }
)  # fmt: skip
# With pasts so short that the data has them. Those that hold a series against the
# others see series come and go, too.
OF_OTHERS = [
    {"kind": "new_series", "range_s": 6 * STEP, "new_for_s": 0, "learn": 1},
    {"kind": "new_series", "range_s": 10 * STEP, "new_for_s": 3 * STEP, "learn": 3},
    {"kind": "partial_probes", "by": ["site"], "count": 2},
    {"kind": "partial_probes", "by": ["site"], "count": 2, "known_s": 2 * STEP,
     "fails_when": [[{"operator": "<", "value": 50.0}]]},
    {"kind": "outlier", "min_members": 3},
    {"kind": "outlier", "min_members": 3, "by": ["site"], "side": "upper"},
]  # fmt: skip
OF_ITS_PAST = [
    {"kind": "flatline", "points": 3},
    {"kind": "host_restart", "within_s": 60, "known_s": 4 * STEP},
    {"kind": "zscore", "window": 6, "min_points": 3, "width": 1.0},
    {"kind": "mad", "window": 6, "min_points": 3, "width": 1.0},
    {"kind": "rate_of_change", "limit": 20.0, "per": "minute", "steps": 2},
    {"kind": "ring_ratio_amplitude", "percent": 20.0, "amount": 10.0, "minimum": 0.0},
    {"kind": "forecast", "operator": ">", "limit": 70.0, "horizon_s": 300,
     "history_s": 6 * STEP, "min_points": 3},
    {"kind": "forecast", "operator": ">", "limit": 70.0, "horizon_s": 300,
     "history_s": 6 * STEP, "min_points": 3, "method": "holt"},
    {"kind": "year_round", "rise_percent": 20.0},
    {"kind": "year_round_advanced", "rise_percent": 20.0, "rise_over": 2},
    {"kind": "year_round_amplitude", "days": 2, "percent": 100.0, "amount": 10.0},
    {"kind": "year_round_range", "days": 2, "percent": 100.0, "amount": 10.0},
    {"kind": "seasonal", "season": "day", "seasons": 2, "min_seasons": 1,
     "around_s": STEP, "width": 1.0},
    {"kind": "process_port"},
    {"kind": "ping_unreachable"},
]  # fmt: skip
# Of the others by themselves, too: it takes a few coincidences for them to matter.
of_others = st.sampled_from(OF_OTHERS)
detectors = st.one_of(
    thresholds, rises, means, st.just({"kind": "present"}),
    st.sampled_from(OF_ITS_PAST), of_others,
)  # fmt: skip


@st.composite
def triggers(draw):
    window = draw(st.integers(1, 4))
    counted = draw(st.integers(1, window))
    return {"count": counted, "window": window, "recovery": draw(st.integers(1, 4))}


@st.composite
def levels(draw, kinds=detectors):
    severities = draw(st.sets(st.sampled_from([1, 2, 3]), min_size=1))
    found = []
    for severity in sorted(severities):
        level = {
            "severity": severity,
            "detectors": draw(st.lists(kinds, min_size=1, max_size=2)),
            "match": draw(st.sampled_from(["all", "any"])),
            "expression": draw(st.sampled_from(EXPRESSIONS)),
            "trigger": draw(triggers()),
        }
        if draw(st.booleans()):
            level["over_when"] = draw(conditions)
        found.append(level)
    return found


@st.composite
def stores(draw, latest=0):
    """Two metrics of three hosts that jump about, with gaps; some come late, or go.

    Of some stores the days before are like the one that is drawn, of others unknown.
    """
    # A seed rather than every sample: what hypothesis draws by itself is mostly calm.
    chance = Random(draw(st.integers(0, 10**9)))
    points = BEFORE + TICKS
    store = Recorded(first=START - BEFORE * STEP, round=chance.choice([0, points]))
    gaps, calm = chance.choice([0.05, 0.3]), chance.choice([0.2, 0.8])
    for metric in ("load", "queue"):
        for host in HOSTS:
            value, samples = 0.0, []
            for _point in range(points):
                if chance.random() > calm:
                    value = chance.choice([0.0, 1.0, 40.0, 60.0, 80.0])
                samples.append(None if chance.random() < gaps else value)
            for at in _away(chance, points):
                samples[at] = None
            store.samples[metric, host] = samples
            store.delays[metric, host] = [
                chance.choice([0, 0, chance.randint(0, latest)])
                for _point in range(points)
            ]
    return store


def _away(chance, points):
    """Return when a host is away: never, always, until or from some time, or between."""
    begin, end = sorted(chance.sample(range(points), 2))
    return chance.choice(
        [*[range(0)] * 4, range(points), range(end), range(begin, points)]
        + [range(begin, end)] * 2
    )


@st.composite
def definitions(draw, late=None, kinds=detectors):
    return {
        "expression": "load",
        "interval_s": STEP,
        "levels": draw(levels(kinds)),
        "late_periods": draw(st.integers(0, 3)) if late is None else late,
        "flap_count": draw(st.sampled_from([0, 0, 2, 3, 4])),
        "flap_window_s": draw(st.sampled_from([3, 6, 30])) * STEP,
        "no_data": {"forget_s": draw(st.sampled_from([5, 9, 14, 10_000])) * STEP},
    }


def live(strategy, store, away=(), broken=(), each=lambda tick: None):
    """Evaluate a strategy at every tick, as beat and worker do.

    They are away at some, and at others the store is broken; the last one is judged.
    """
    for at in range(TICKS):
        store.now = START + at * STEP
        store.wrong = "down" if at in broken and at < TICKS - 1 else ""
        if at in away and at < TICKS - 1:
            continue
        moment = datetime.fromtimestamp(store.now, UTC)
        evaluate_batch([strategy.pk], store.now, clock=lambda: moment)  # noqa: B023
        each(store.now)


def replayed(strategy, until=START + (TICKS - 1) * STEP):
    definition = parse_definition(strategy.definition)
    return replay(definition, strategy.space.slug, START, until, ask=gather)


def as_replayed(found):
    """Return {host: [(start, end, [(moment, severity), ...])]} of a replay."""
    hosts = defaultdict(list)
    for span in backtest(found).all_spans():
        changes = [(moment, severity) for moment, severity in span.severities]
        hosts[found.labels[span.row]["host"]].append((span.start, span.end, changes))
    return dict(hosts)


def as_recorded(strategy):
    """Return the same of the rows."""
    hosts = defaultdict(list)
    alerts = Alert.objects.of_source("strategy", strategy.pk)
    for alert in alerts.order_by("started_at").prefetch_related("transitions"):
        changes = [
            (int(one.at.timestamp()), one.severity)
            for one in alert.transitions.all()
            if one.kind != "resolved"
        ]
        ended = int(alert.ended_at.timestamp()) if alert.ended_at else None
        start = int(alert.started_at.timestamp())
        hosts[alert.labels["host"]].append((start, ended, changes))
    return dict(hosts)


def open_now(strategy):
    firing = Alert.objects.firing().of_source("strategy", strategy.pk)
    return {alert.labels["host"]: alert.severity for alert in firing}


def shown_last(found):
    last = found.shown[:, -1].tolist()
    return {
        labels["host"]: severity
        for labels, severity in zip(found.labels, last, strict=True)
        if severity
    }


def make(fields):
    """Make a strategy that nobody had before, judged from the first tick on."""
    return make_strategy(
        make_space(), judged_from=datetime.fromtimestamp(START, UTC), **fields
    )


many = settings(
    deadline=None,
    max_examples=25,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@pytest.mark.parametrize("kinds", [detectors, of_others], ids=["all", "of_others"])
@many
@given(
    data=st.data(),
    store=stores(),
    away=st.sets(st.integers(1, TICKS), max_size=TICKS // 2),
    broken=st.sets(st.integers(1, TICKS), max_size=TICKS // 4),
)
def test_a_replay_gives_what_evaluation_gave_missed_ticks_included(
    kinds, data, store, away, broken
):
    strategy = make(data.draw(definitions(kinds=kinds)))
    with replaced_by(store):
        live(strategy, store, away, broken)

        with mock.patch.multiple(replay_module, FIRST_CHUNK=5, CHUNK=7):
            assert as_recorded(strategy) == as_replayed(replayed(strategy))


@pytest.mark.parametrize("kinds", [detectors, of_others], ids=["all", "of_others"])
@many
@given(data=st.data())
def test_at_every_tick_what_is_open_is_what_a_replay_of_the_samples_so_far_shows(
    kinds, data
):
    late = data.draw(st.integers(0, 3))
    fields = data.draw(definitions(late=late, kinds=kinds))
    store = data.draw(stores(latest=late))
    strategy = make(fields)

    def compare(tick):
        assert open_now(strategy) == shown_last(replayed(strategy, tick)), tick

    with replaced_by(store):
        live(strategy, store, each=compare)


@pytest.mark.parametrize(
    ("detector", "samples", "expected"),
    [
        pytest.param(
            {"kind": "new_series", "range_s": 20 * STEP, "new_for_s": 3 * STEP},
            {"a": [1.0] * 15, "b": [None] * 20 + [1.0] * 18},
            {"b": (8, 12)},
            id="a series that comes when the others have gone",
        ),
        pytest.param(
            {"kind": "new_series", "range_s": 20 * STEP, "new_for_s": 3 * STEP},
            {"a": [1.0] * 15, "b": [None] * 15 + [1.0] * 23},
            {"b": (3, 7)},
            id="a series that takes the place of another",
        ),
        pytest.param(
            {"kind": "partial_probes", "by": ["site"], "count": 2},
            {"a": [1.0] * 15 + [0.0] * 23, "b": [1.0] * 15 + [0.0] * 3, "c": [1.0] * 38},
            {"a": (3, 16), "b": (3, None)},
            id="a failing vantage point that is gone",
        ),
    ],
)  # fmt: skip
def test_series_that_are_gone_count_whatever_is_judged_together(
    detector, samples, expected
):
    trigger = {"count": 1, "window": 1, "recovery": 1}
    level = {"severity": 2, "detectors": [detector], "trigger": trigger}
    strategy = make(
        {"expression": "load", "interval_s": STEP, "levels": [level], "late_periods": 0}
    )
    store = Recorded(first=START - BEFORE * STEP)
    store.samples = {("load", host): row for host, row in samples.items()}
    with replaced_by(store):
        live(strategy, store)
        truth = as_replayed(replayed(strategy))

    assert as_recorded(strategy) == truth
    assert {
        host: tuple(at and (at - START) // STEP for at in span[:2])
        for host, (span,) in truth.items()
    } == expected


@many
@given(st.data())
def test_no_problem_is_lost_for_samples_that_come_late(data):
    late = data.draw(st.integers(1, 3))
    fields = data.draw(definitions(late=late, kinds=thresholds))
    store = data.draw(stores(latest=late))
    strategy = make(fields)
    with replaced_by(store):
        live(strategy, store)
        recorded, truth = as_recorded(strategy), as_replayed(replayed(strategy))

    for host, spans in truth.items():
        for start, end, _severities in spans:
            assert any(
                began <= (math.inf if end is None else end)
                and (math.inf if ended is None else ended) >= start
                for began, ended, _changes in recorded[host]
            ), (host, start, end)
