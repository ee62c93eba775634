"""Conditions over alerts: what they come to, for whom, and for how long."""

from itertools import permutations, product
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bkmonitor.evaluation.composite import Span, Truth, judge, truth_of
from bkmonitor.strategies.condition import (
    And,
    Composite,
    Level,
    Member,
    Not,
    Or,
    parse_condition,
)

CPU, DISK, DEPLOY = 1, 2, 3
MEMBERS = {"cpu": CPU, "disk": DISK, "deploy": DEPLOY}
ALL = frozenset(MEMBERS.values())
NOW = 10_000.0
N, X, F = Truth.NORMAL, Truth.NO_DATA, Truth.FIRING


def composite(*conditions, on=(), hold_s=0):
    levels = [Level(n, parse_condition(text)) for n, text in enumerate(conditions, 1)]
    return Composite(MEMBERS, tuple(levels), on, hold_s)


def fires(strategy, begin=NOW - 60, severity=1, end=inf, **labels):
    return Span(strategy, labels, severity, begin, end)


def lost(strategy, **labels):
    return Span(strategy, labels, 2, NOW - 60, no_data=True)


def truths(composite, *spans, judged=ALL):
    """Return {labels: truths of the levels} of the combinations there are."""
    found = judge(composite, spans, judged, NOW).findings
    return {tuple(one.labels.values()): one.levels for one in found}


def truth(text, *spans, judged=ALL, **more):
    return truths(composite(text, **more), *spans, judged=judged)[()][0]


@pytest.mark.parametrize(
    ("left", "right", "both", "either"),
    [
        (N, N, N, N), (N, X, N, X), (N, F, N, F),
        (X, N, N, X), (X, X, X, X), (X, F, X, F),
        (F, N, N, F), (F, X, X, F), (F, F, F, F),
    ],
)  # fmt: skip
def test_the_truth_tables(left, right, both, either):
    values = {"a": left, "b": right}

    def told(text):
        return truth_of(parse_condition(text), lambda member: values[member.alias])

    assert told("a and b") == both
    assert told("a or b") == either
    assert told("not a") == {N: F, X: X, F: N}[left]


CONDITIONS = st.recursive(
    st.sampled_from("abcd").map(Member),
    lambda deeper: st.one_of(
        deeper.map(Not),
        st.lists(deeper, min_size=2, max_size=3).map(lambda p: And(tuple(p))),
        st.lists(deeper, min_size=2, max_size=3).map(lambda p: Or(tuple(p))),
    ),
    max_leaves=10,
)
VALUES = st.fixed_dictionaries({name: st.sampled_from(Truth) for name in "abcd"})


def of(condition, values):
    return truth_of(condition, lambda member: values[member.alias])


@given(CONDITIONS, VALUES)
def test_what_is_concluded_holds_whatever_the_missing_members_say(condition, values):
    told = of(condition, values)
    missing = [name for name, value in values.items() if value is X]

    for guess in product((N, F), repeat=len(missing)):
        filled = values | dict(zip(missing, guess, strict=True))
        assert told in (X, of(condition, filled))


@given(CONDITIONS, CONDITIONS, VALUES)
def test_the_order_of_the_parts_does_not_matter(one, other, values):
    assert of(And((one, other)), values) == of(And((other, one)), values)
    assert of(Or((one, other)), values) == of(Or((other, one)), values)
    assert of(Not(And((one, other))), values) == of(Or((Not(one), Not(other))), values)


@pytest.mark.parametrize("firing", [(), (CPU,), (DISK,), (DEPLOY,), (CPU, DISK)])
def test_w_and_needs_every_member(firing):
    # In bk-monitor a connector AND over several expressions took any one of them.
    spans = [fires(strategy) for strategy in firing]

    assert truth("cpu and disk and deploy", *spans) is N


def test_w_a_condition_that_has_held_for_long_still_holds():
    # In bk-monitor the verdict was forgotten after two hours, and fired anew.
    day = 86_400

    assert truth("cpu and disk", fires(CPU, NOW - 9 * day), fires(DISK, NOW - day)) is F


def test_w_an_alert_that_nothing_touched_for_an_hour_still_counts():
    # In bk-monitor an alert left the set after 60 minutes without an update.
    assert truth("cpu", fires(CPU, NOW - 7200), hold_s=5400) is F


@pytest.mark.parametrize(
    ("text", "severity", "answer"),
    [
        ("cpu", 3, F),
        ("cpu.info", 3, F),
        ("cpu.warning", 3, N),
        ("cpu.warning", 2, F),
        ("cpu.warning", 1, F),
        ("cpu.critical", 2, N),
        ("cpu.critical", 1, F),
    ],
)
def test_a_severity_means_at_least_that_severe(text, severity, answer):
    assert truth(text, fires(CPU, severity=severity)) is answer


def test_the_worst_alert_of_a_member_decides():
    mild, bad = fires(CPU, severity=3, core="1"), fires(CPU, severity=1, core="2")

    assert truth("cpu.critical", mild, bad) is F


@pytest.mark.parametrize(
    ("text", "spans", "judged", "answer"),
    [
        pytest.param("cpu", [], {DISK}, X, id="a member that is not judged"),
        pytest.param("cpu", [fires(CPU)], {DISK}, F, id="what is open still counts"),
        pytest.param("cpu.critical", [fires(CPU, severity=2)], {DISK}, X,
                     id="it may have become worse"),
        pytest.param("cpu", [lost(CPU)], ALL, X, id="its data is missing"),
        pytest.param("cpu", [lost(CPU), fires(CPU)], ALL, F, id="missing, but firing"),
        pytest.param("cpu.no_data", [lost(CPU)], ALL, F, id="asked for missing data"),
        pytest.param("cpu.no_data", [fires(CPU)], ALL, N, id="no data is missing"),
        pytest.param("cpu.no_data", [], {DISK}, X, id="nobody knows what is missing"),
        pytest.param("cpu or disk", [fires(DISK)], {DISK}, F, id="one is enough for or"),
        pytest.param("cpu and disk", [], {DISK}, N, id="one is enough against and"),
        pytest.param("cpu and not disk", [fires(CPU)], {CPU}, X, id="not of no data"),
    ],
)  # fmt: skip
def test_no_data_is_a_value_of_its_own(text, spans, judged, answer):
    assert truth(text, *spans, judged=judged) is answer


def test_each_combination_of_the_labels_is_a_series():
    both = composite("cpu and disk", on=("host",))

    assert truths(
        both,
        fires(CPU, host="a", core="1"),
        fires(CPU, host="b"),
        fires(DISK, host="b", device="sda"),
        fires(DISK, host="c"),
    ) == {("a",): (N,), ("b",): (F,), ("c",): (N,)}


def test_an_alert_that_lacks_a_label_goes_with_every_value_of_it():
    calm = composite("cpu and not deploy", on=("host", "zone"))
    busy = [fires(CPU, host="a", zone="1"), fires(CPU, host="b", zone="2")]

    assert set(truths(calm, *busy).values()) == {(F,)}
    assert truths(calm, *busy, fires(DEPLOY, zone="2")) == {
        ("a", "1"): (F,), ("b", "2"): (N,), ("2",): (N,),
    }  # fmt: skip
    assert F not in {one for (one,) in truths(calm, *busy, fires(DEPLOY)).values()}


def test_without_labels_to_match_on_there_is_one_series_always():
    assert truths(composite("cpu and disk")) == {(): (N,)}
    assert truth("cpu and disk", fires(CPU, host="a"), fires(DISK, host="b")) is F


def test_the_order_of_the_alerts_does_not_matter():
    told = composite("cpu and disk or deploy.no_data", on=("host",))
    spans = (
        fires(CPU, host="a"),
        fires(DISK, host="a"),
        fires(CPU, host="b"),
        lost(DEPLOY),
    )

    for order in permutations(spans):
        assert truths(told, *order) == {("a",): (F,), ("b",): (F,), (): (F,)}


def test_levels_are_told_apart():
    told = composite("cpu and disk", "cpu or disk")

    assert truths(told, fires(CPU)) == {(): (N, F)}
    assert truths(told, fires(CPU), fires(DISK)) == {(): (F, F)}


@pytest.mark.parametrize(
    ("spans", "answer"),
    [
        pytest.param([fires(CPU, NOW - 300)], F, id="held for as long as it takes"),
        pytest.param([fires(CPU, NOW - 299)], X, id="a second too short"),
        pytest.param([fires(CPU, NOW - 900, end=NOW - 300)], N, id="over for as long"),
        pytest.param([fires(CPU, NOW - 900, end=NOW - 299)], X, id="over a second short"),
        pytest.param([fires(CPU, NOW - 900, end=NOW - 100), fires(CPU, NOW - 90)], X,
                     id="interrupted"),
        pytest.param([fires(CPU, NOW - 900, end=NOW - 100), fires(CPU, NOW - 100)], F,
                     id="one alert after the other without a gap"),
        pytest.param([fires(CPU, NOW - 200, end=NOW - 100)], X, id="a moment between"),
    ],
)  # fmt: skip
def test_a_condition_holds_for_a_while_before_it_counts(spans, answer):
    assert truth("cpu", *spans, hold_s=300) is answer


def test_a_severity_counts_from_when_it_was_reached():
    worse = [
        fires(CPU, NOW - 900, severity=2, end=NOW - 60),
        fires(CPU, NOW - 60, severity=1),
    ]

    told = composite("cpu.critical", "cpu.warning", hold_s=300)

    assert truths(told, *worse) == {(): (X, F)}


def test_what_is_open_is_open_now_whatever_the_clock_of_who_opened_it_said():
    assert truth("cpu", fires(CPU, NOW + 3)) is F


def test_what_the_rest_comes_to_is_told():
    told = composite("cpu or disk", "cpu and disk", on=("host",))

    assert judge(told, [], ALL, NOW).others == (N, N)
    assert judge(told, [], {CPU}, NOW).others == (X, N)


def test_who_fires_and_whose_data_is_missing_is_told():
    told = judge(composite("cpu or disk"), [fires(CPU), lost(DISK)], ALL, NOW)

    assert told.findings[0].firing == {CPU}
    assert told.findings[0].missing == {DISK}
