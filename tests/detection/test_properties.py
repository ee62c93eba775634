"""What is true of every detector, whatever its kind. A new kind adds its examples."""

from dataclasses import replace

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bkmonitor.detection.parameters import parameters_of
from bkmonitor.detection.port import Reason, View
from bkmonitor.detection.registry import COMPARING, KINDS, dump_detector, parse_detector
from bkmonitor.notifications.sentences import SENTENCES

# Half a day a step, so that a week of history is fourteen points.
STEP_S = 43_200
POINTS = 30
JUDGED = 8

LIMITS = [[{"operator": ">", "value": 10.0}, {"operator": "!=", "value": 50.0}],
          [{"operator": "<=", "value": -2.0}]]  # fmt: skip
BOTH = {"fall_percent": 20.0, "rise_percent": 30.0}
LONG = {"history_s": 9 * STEP_S, "horizon_s": 6 * STEP_S, "min_points": 4}
EXAMPLES = {
    "threshold": [{"any_of": LIMITS}],
    "present": [{}],
    "ring_ratio": [BOTH, {"rise_percent": 30.0}],
    "ring_ratio_advanced": [
        BOTH | {"fall_over": 3, "rise_over": 5},
        BOTH | {"fall_over": 4, "rise_over": 4},
        BOTH | {"fall_over": 2, "rise_over": 3, "against": "exact"},
    ],
    "ring_ratio_amplitude": [{"percent": 50.0, "amount": 2.0, "minimum": -4.0}],
    "year_round": [BOTH, {"fall_percent": 5.0}],
    "year_round_advanced": [
        BOTH | {"fall_over": 3, "rise_over": 5},
        {"rise_percent": 30.0, "rise_over": 2, "against": "exact"},
    ],
    "year_round_amplitude": [{"days": 3, "percent": 150.0, "amount": 1.0}],
    "year_round_range": [{"days": 3, "percent": 50.0, "operator": "<"}],
    "seasonal": [
        {"seasons": 2, "min_seasons": 2},
        {"season": "day", "around_s": STEP_S, "timezone": "Europe/Berlin"},
    ],
    "zscore": [{"window": 8, "min_points": 4, "width": 1.5, "min_width": 1.0}],
    "mad": [{"window": 8, "min_points": 4, "side": "upper", "min_width": 1.0}],
    "outlier": [
        {"min_members": 3},
        {"min_members": 3, "by": ["nonlisten"], "width": 1.0},
    ],
    "rate_of_change": [
        {"limit": 4.0, "per": "hour"},
        {"limit_percent": 1.0, "per": "hour", "direction": "down", "steps": 2},
    ],
    "flatline": [{"points": 3, "tolerance": 1.0}],
    "forecast": [
        {"operator": ">", "limit": 20.0} | LONG,
        {"operator": "<=", "limit": -5.0, "method": "holt"} | LONG,
        {"operator": ">", "limit": 20.0, "method": "holt_winters"} | LONG,
    ],
    "new_series": [{"range_s": 6.0 * STEP_S, "new_for_s": 1.0 * STEP_S, "learn": 2}],
    "partial_probes": [{"by": ["target"], "count": 2, "fails_when": LIMITS}],
    "host_restart": [{"within_s": 90.0, "known_s": 86_400.0}],
    "process_port": [{}],
    "ping_unreachable": [{}, {"loss_in": "percent"}],
}
# Their values are in a unit of their own: seconds, 0 or 1, a share of packets.
NOT_SCALED = {"host_restart", "process_port", "ping_unreachable"}

every_detector = pytest.mark.parametrize(
    "detector",
    [
        pytest.param(parse_detector({"kind": kind, **raw}), id=f"{kind}-{number}")
        for kind in KINDS
        for number, raw in enumerate(EXAMPLES.get(kind, []))
    ],
)

# Values that meet often, some of them on a limit.
TAME = st.integers(-20, 20).map(float) | st.sampled_from([50.0, 60.0, 100.0, 0.5])
VALUES = st.one_of(TAME, TAME, st.just(float("nan")))
EXTREME = st.sampled_from([np.inf, -np.inf, 1.7e308, -1.7e308, 5e-324, -0.0])
WILD = st.one_of(st.floats(), EXTREME, VALUES)


def view_of(known, judged=JUDGED):
    """Return a view of a series per row, over the same grid for all."""
    known = np.array(known, dtype=float).reshape(-1, POINTS)
    grid = np.arange(POINTS, dtype=np.int64) * STEP_S + 1_700_000_000
    labels = tuple(
        {"host": str(row), "target": str(row % 2), "nonlisten": "[]"}
        for row in range(len(known))
    )
    return View(grid[POINTS - judged :], labels, STEP_S, grid, known)


@st.composite
def rows_of(draw, values):
    """Draw one to five series of a few values, thrown together by a seed: it is quick."""
    few = draw(st.lists(values, min_size=2, max_size=8))
    thrown = np.random.default_rng(draw(st.integers(0, 10**6)))
    return thrown.choice(few, size=(draw(st.integers(1, 5)), POINTS))


examples = settings(max_examples=20, deadline=None)


def test_every_kind_has_an_example_here():
    assert set(EXAMPLES) == set(KINDS)


@every_detector
def test_a_detector_survives_being_stored(detector):
    stored = orjson.loads(orjson.dumps(dump_detector(detector)))

    assert parse_detector(stored) == detector


@every_detector
@examples
@given(rows=rows_of(WILD))
def test_a_point_is_normal_or_an_anomaly_or_not_judged(detector, rows):
    view = view_of(rows)

    found = detector.judge(view)

    assert found.anomalous.dtype == np.bool_
    assert found.unjudged.dtype == np.int8
    assert found.anomalous.shape == found.unjudged.shape == view.values.shape
    assert set(np.unique(found.unjudged)) <= {int(reason) for reason in Reason}
    assert not (found.anomalous & (found.unjudged != Reason.JUDGED)).any()
    for fact in found.facts.values():
        assert np.broadcast_shapes(fact.shape, view.values.shape) == view.values.shape


@every_detector
@examples
@given(rows=rows_of(VALUES))
def test_only_some_kinds_say_of_a_series_what_depends_on_others(detector, rows):
    view = view_of(rows)
    first = replace(view, labels=view.labels[:1], known=view.known[:1])

    whole, alone = detector.judge(view), detector.judge(first)

    if detector.kind not in COMPARING:
        assert (whole.anomalous[:1] == alone.anomalous).all()
        assert (whole.unjudged[:1] == alone.unjudged).all()


@every_detector
@examples
@given(rows=rows_of(WILD))
def test_a_gap_is_never_an_anomaly_and_never_normal(detector, rows):
    view = view_of(rows)

    found = detector.judge(view)

    gap = np.isnan(view.values)
    assert not found.anomalous[gap].any()
    assert (found.unjudged[gap] != Reason.JUDGED).all()
    assert (found.unjudged[~gap] != Reason.GAP).all()


@every_detector
@examples
@given(rows=rows_of(WILD), random=st.randoms(use_true_random=False))
def test_the_order_of_series_does_not_matter(detector, rows, random):
    view = view_of(rows)
    order = list(range(len(rows)))
    random.shuffle(order)
    shuffled = View(
        view.times,
        tuple(view.labels[row] for row in order),
        STEP_S,
        view.grid,
        view.known[order],
    )

    found, other = detector.judge(view), detector.judge(shuffled)

    assert other.anomalous.tolist() == found.anomalous[order].tolist()
    assert other.unjudged.tolist() == found.unjudged[order].tolist()


@every_detector
@examples
@given(rows=rows_of(WILD), judged=st.integers(0, JUDGED))
def test_a_point_is_judged_alike_whatever_is_judged_with_it(detector, rows, judged):
    longer = detector.judge(view_of(rows))

    found = detector.judge(view_of(rows, judged))

    at = slice(JUDGED - judged, None)
    assert found.anomalous.tolist() == longer.anomalous[:, at].tolist()
    assert found.unjudged.tolist() == longer.unjudged[:, at].tolist()


@every_detector
@examples
@given(rows=rows_of(VALUES))
def test_what_a_detector_asks_for_is_all_that_it_needs(detector, rows):
    whole = view_of(rows)
    steps = {0}
    for span in detector.lookbacks(STEP_S):
        steps |= set(range(span.nearest, span.farthest + 1))
    wanted = (whole.times[:, None] - np.array(sorted(steps)) * STEP_S).ravel()
    kept = np.isin(whole.grid, wanted)
    asked = View(
        whole.times, whole.labels, STEP_S, whole.grid[kept], whole.known[:, kept]
    )

    found, other = detector.judge(whole), detector.judge(asked)

    assert other.anomalous.tolist() == found.anomalous.tolist()
    assert other.unjudged.tolist() == found.unjudged.tolist()


@every_detector
@examples
@given(rows=rows_of(VALUES), power=st.integers(-6, 6))
def test_values_and_limits_in_another_unit_change_nothing(detector, rows, power):
    if detector.kind in NOT_SCALED:
        return
    view, factor = view_of(rows), 2.0**power
    scaled = View(view.times, view.labels, STEP_S, view.grid, view.known * factor)

    found = detector.judge(view)
    other = scale(detector, factor).judge(scaled)

    assert other.anomalous.tolist() == found.anomalous.tolist()
    assert other.unjudged.tolist() == found.unjudged.tolist()


def scale(detector, factor):
    """Return the detector with every parameter in the metric's unit times a factor."""
    raw = dump_detector(detector)
    for parameter in parameters_of(type(detector)):
        value = raw[parameter.name]
        if parameter.unit != "value" or value is None:
            continue
        if parameter.type == "conditions":
            raw[parameter.name] = [
                [each | {"value": each["value"] * factor} for each in group]
                for group in value
            ]
        else:
            raw[parameter.name] = value * factor
    return parse_detector(raw)


@every_detector
def test_zero_is_a_value_now_and_before(detector):
    zeros = detector.judge(view_of(np.zeros((4, POINTS))))
    ones = detector.judge(view_of(np.ones((4, POINTS))))

    assert zeros.unjudged.tolist() == ones.unjudged.tolist()
    # An uptime that stays short tells of no restart, be it 0 or 1.
    assert zeros.unjudged[:, -1].any() == (detector.kind == "host_restart")


@every_detector
@examples
@given(rows=rows_of(WILD))
def test_every_anomaly_explains_itself_in_what_json_can_hold(detector, rows):
    view = view_of(rows)

    found = detector.judge(view)

    for row, point in np.argwhere(found.anomalous)[:10]:
        facts = {
            name: float(np.broadcast_to(fact, view.values.shape)[row, point])
            for name, fact in found.facts.items()
        }
        value = float(view.values[row, point])
        sentence = detector.explain({**facts, "value": value})
        assert sentence.id in SENTENCES
        assert orjson.loads(orjson.dumps(sentence.params)) == sentence.params
        assert not any(
            isinstance(param, float) and not np.isfinite(param)
            for param in sentence.params.values()
        )


@every_detector
@examples
@given(rows=rows_of(WILD))
def test_what_is_judged_stays_as_it_was(detector, rows):
    view = view_of(rows)
    before = view.known.copy()

    detector.judge(view)

    np.testing.assert_array_equal(view.known, before)


@every_detector
@pytest.mark.parametrize(("series", "judged"), [(0, 3), (0, 0), (2, 0)])
def test_nothing_to_judge_is_nothing_found(detector, series, judged):
    found = detector.judge(view_of(np.zeros((series, POINTS)), judged))

    assert found.anomalous.shape == found.unjudged.shape == (series, judged)


@every_detector
def test_a_view_without_any_known_point_is_not_judged(detector):
    times = np.array([STEP_S], dtype=np.int64)
    view = View(times, ({"a": "b"},), STEP_S, np.empty(0, np.int64), np.empty((1, 0)))

    assert detector.judge(view).unjudged.all()
