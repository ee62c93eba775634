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
detectors = st.one_of(
    thresholds, thresholds, rises, means, st.just({"kind": "present"})
)


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
    """Two metrics of three hosts that jump about, with gaps and some that vanish."""
    # A seed rather than every sample: what hypothesis draws by itself is mostly calm.
    chance = Random(draw(st.integers(0, 10**9)))
    points, store = BEFORE + TICKS, Recorded(first=START - BEFORE * STEP)
    gaps, calm = chance.choice([0.05, 0.3]), chance.choice([0.2, 0.8])
    for metric in ("load", "queue"):
        for host in HOSTS:
            value, samples = 0.0, []
            for _point in range(points):
                if chance.random() > calm:
                    value = chance.choice([0.0, 40.0, 60.0, 80.0])
                samples.append(None if chance.random() < gaps else value)
            store.samples[metric, host] = samples[
                : chance.choice([0, 20, *[points] * 4])
            ]
            store.delays[metric, host] = [
                chance.choice([0, 0, chance.randint(0, latest)])
                for _point in range(points)
            ]
    return store


@st.composite
def definitions(draw, late=None, kinds=detectors):
    return {
        "expression": "load",
        "interval_s": STEP,
        "levels": draw(levels(kinds)),
        "late_periods": draw(st.integers(0, 3)) if late is None else late,
        "flap_count": draw(st.sampled_from([0, 0, 2, 3, 4])),
        "flap_window_s": draw(st.sampled_from([3, 6, 30])) * STEP,
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


@many
@given(
    definitions(),
    stores(),
    st.sets(st.integers(1, TICKS), max_size=TICKS // 2),
    st.sets(st.integers(1, TICKS), max_size=TICKS // 4),
)
def test_a_replay_gives_what_evaluation_gave_missed_ticks_included(
    fields, store, away, broken
):
    strategy = make(fields)
    with replaced_by(store):
        live(strategy, store, away, broken)

        with mock.patch.multiple(replay_module, FIRST_CHUNK=5, CHUNK=7):
            assert as_recorded(strategy) == as_replayed(replayed(strategy))


@many
@given(st.data())
def test_at_every_tick_what_is_open_is_what_a_replay_of_the_samples_so_far_shows(data):
    late = data.draw(st.integers(0, 3))
    fields = data.draw(definitions(late=late))
    store = data.draw(stores(latest=late))
    strategy = make(fields)

    def compare(tick):
        assert open_now(strategy) == shown_last(replayed(strategy, tick)), tick

    with replaced_by(store):
        live(strategy, store, each=compare)


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
