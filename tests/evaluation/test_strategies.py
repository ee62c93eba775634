from datetime import timedelta

import numpy as np
import pytest

from bkmonitor.evaluation.judgement import judge
from bkmonitor.evaluation.strategies import (
    Span,
    evaluate,
    find_series,
    questions,
    views,
)
from bkmonitor.evaluation.verdict import ENDS, HELD, STAYS
from bkmonitor.lib.errors import NotJudged
from bkmonitor.lib.frame import Frame
from bkmonitor.lib.labels import fingerprint
from bkmonitor.metrics.query import Result
from bkmonitor.strategies.definition import parse_definition
from bkmonitor.strategies.services import save_strategy
from tests.factories import NOON, make_level, make_space, make_strategy
from tests.verdicts import said, why

pytestmark = pytest.mark.django_db
TICK = int(NOON.timestamp())
MINUTE = timedelta(minutes=1)
NAN = float("nan")


def answer(question, rows, outcome="complete", reason=""):
    """Answer with the newest points of each row, as many as were asked for."""
    if outcome != "complete":
        return Result(outcome, None, reason)
    times = np.arange(question.start, question.end + 1, question.step_s)
    values = np.full((len(rows), len(times)), np.nan)
    for at, (_labels, points) in enumerate(rows):
        newest = points[-len(times) :]
        values[at, len(times) - len(newest) :] = newest
    labels = tuple({"__name__": "cpu", "space": "s", **one} for one, _points in rows)
    return Result("complete", Frame(times.astype(np.int64), values, labels))


def judged(strategy, *rows, tick=TICK, **rest):
    answers = {
        asked: answer(asked, rows, **rest) for asked in questions(strategy, tick)
    }
    return evaluate(strategy, tick, answers)


def verdicts(strategy, *rows, **rest):
    return judged(strategy, *rows, **rest).verdicts


def test_a_value_beyond_the_limit_fires_and_says_so():
    found = verdicts(make_strategy(), ({"host": "a"}, [95.0]))

    assert said(found) == [1]
    assert list(found.labels) == [{"host": "a"}]
    assert why(found).params == {"value": 95.0, "operator": ">", "limit": 90.0}


def test_only_the_points_that_are_needed_are_asked_for():
    strategy = make_strategy(trigger_window=3, recovery_window=2, late_periods=1)

    (asked,) = questions(strategy, TICK)

    assert (asked.end, asked.end - asked.start, asked.step_s) == (TICK, 240, 60)


def test_levels_with_their_own_expressions_are_matched_by_labels():
    warm = make_level(2, ">", 50, expression="load")
    strategy = make_strategy(levels=[make_level(1, ">", 90), warm])
    hot, mild = ({"host": "a"}, [95.0]), ({"host": "b"}, [60.0])
    answers = {
        asked: answer(asked, [hot] if asked.promql == "cpu" else [mild, hot])
        for asked in questions(strategy, TICK)
    }

    found = evaluate(strategy, TICK, answers).verdicts

    assert dict(
        zip([one["host"] for one in found.labels], said(found), strict=True)
    ) == {
        "a": 1,
        "b": 2,
    }


def test_the_sentence_names_the_value_that_was_beyond_not_the_newest():
    strategy = make_strategy(trigger_count=1, trigger_window=3)

    found = verdicts(strategy, ({}, [95.0, 99.0, 10.0]))

    assert why(found).params["value"] == 99.0


def test_each_level_has_its_own_trigger():
    slow = make_level(1, ">", 90, trigger={"count": 3, "window": 3, "recovery": 1})
    strategy = make_strategy(levels=[slow, make_level(2, ">", 80)])

    found = verdicts(strategy, ({"a": "1"}, [95, 95, 95]), ({"a": "2"}, [85, 95, 95]))

    assert said(found) == [1, 2]


def test_a_recovery_condition_keeps_it_open_until_it_is_met():
    level = make_level(1, ">", 90, over_when=[[{"operator": "<", "value": 70}]])
    strategy = make_strategy(levels=[level])

    found = verdicts(strategy, ({"a": "1"}, [80.0]), ({"a": "2"}, [60.0]))

    assert said(found) == [HELD, 0]


def test_a_point_that_is_not_there_fulfils_no_recovery_condition():
    level = make_level(1, ">", 90, over_when=[[{"operator": "<", "value": 70}]])
    strategy = make_strategy(levels=[level], recovery_window=3, late_periods=0)

    early = verdicts(strategy, ({}, [95, 85, NAN, NAN, 60]))
    after = verdicts(strategy, ({}, [85, NAN, 60, 60, 60]))

    assert (said(early), said(after)) == ([HELD], [0])


@pytest.mark.parametrize(
    ("points", "verdict"),
    [
        ([1, 1, 1, NAN, NAN, 1], HELD),
        ([1, 1, 1, 1, NAN, NAN], HELD),
        ([1, 1, 1, NAN, NAN, NAN], 0),
        ([NAN, NAN, NAN, 1, 1, 1], 1),
    ],
)
def test_what_is_a_problem_by_being_there_is_over_when_it_has_been_away(
    points, verdict
):
    level = {"severity": 1, "detectors": [{"kind": "present"}]}
    strategy = make_strategy(
        levels=[level], trigger_count=3, trigger_window=3, recovery_window=3
    )

    assert said(verdicts(strategy, ({"host": "a"}, points))) == [verdict]


def test_a_replay_shows_the_value_of_the_level_that_has_one():
    levels = [
        {"severity": 1, "detectors": [{"kind": "present"}], "expression": "cpu > 90"},
        {"severity": 2, "detectors": [{"kind": "present"}], "expression": "cpu > 80"},
    ]
    strategy = make_strategy(levels=levels, late_periods=0)
    worst, other = questions(strategy, TICK)
    definition = parse_definition(strategy.definition)
    answers = {
        worst: answer(worst, [({"host": "a"}, [NAN]), ({"host": "b"}, [95.0])]),
        other: answer(other, [({"host": "a"}, [85.0]), ({"host": "b"}, [95.0])]),
    }
    seen = views(definition, Span(TICK, 1), strategy.space.slug, answers)

    assert judge(definition, seen, 1).values(1).ravel().tolist() == [95.0, 85.0]


def test_history_is_asked_for_once_and_apart_from_the_present():
    week = 7 * 86400
    compare = {"kind": "year_round", "rise_percent": 50}
    previous = {"kind": "ring_ratio", "rise_percent": 50}
    level = {"severity": 1, "detectors": [compare, previous, compare], "match": "any"}
    strategy = make_strategy(levels=[level], late_periods=0)

    asked = questions(strategy, TICK)

    assert [(TICK - one.end, TICK - one.start) for one in asked] == [
        (0, 60),
        (week, week),
    ]


ONE = {"alias": "a", "metric": "cpu"}
ALL_OF_IT = {"queries": [ONE]}


@pytest.mark.parametrize(
    "other",
    [
        {"queries": [ONE | {"metric": "load"}]},
        {"queries": [ONE | {"where": [[{"label": "dc", "operator": "=", "values": ["x"]}]]}]},
        {"queries": [ONE | {"over_time": {"function": "avg", "window_s": 60}}]},
        {"queries": [ONE | {"over_labels": {"function": "sum", "by": ["host"]}}]},
        {"queries": [ONE | {"functions": [{"function": "abs"}]}]},
        {"queries": [ONE | {"shift_s": 60}]},
        {"queries": [ONE], "expression": "a * 2"},
        {"queries": [ONE], "functions": [{"function": "topk", "argument": 5}]},
        {"queries": [ONE], "shift_s": 60},
    ],
)  # fmt: skip
def test_an_answer_is_shared_only_where_all_of_the_query_is_the_same(other):
    space = make_space()

    def asked(number, query):
        levels = [make_level(1, ">", number)]
        fields = {"name": f"cpu {number}", "query": query, "levels": levels}
        saved = save_strategy(space, fields, by=None, now=NOON)
        return {*questions(saved, TICK)}

    first, twin, different = asked(1, ALL_OF_IT), asked(2, ALL_OF_IT), asked(3, other)

    assert first == twin
    assert not first & different


def test_what_could_not_be_judged_is_counted_by_its_reason():
    level = {"severity": 1, "detectors": [{"kind": "ring_ratio", "rise_percent": 50}]}
    strategy = make_strategy(levels=[level])

    found = judged(
        strategy, ({"a": "1"}, [1, 2]), ({"a": "2"}, [NAN, 2]), ({"a": "3"}, [2, 2])
    )

    assert found.counts == {"anomalous": 1, "no_history": 1, "normal": 1}
    assert said(found.verdicts) == [1, HELD, 0]


@pytest.mark.parametrize("outcome", ["failed", "partial"])
def test_an_answer_that_is_not_complete_is_no_verdict(outcome):
    with pytest.raises(NotJudged, match="store is down"):
        verdicts(make_strategy(), outcome=outcome, reason="store is down")


def test_a_missing_newest_point_is_held_unless_the_expression_filters():
    window = {"trigger_count": 2, "trigger_window": 2}

    plain = verdicts(make_strategy(**window), ({}, [95.0, NAN]))
    filtering = verdicts(
        make_strategy(expression="cpu > 90", **window), ({}, [95.0, NAN])
    )

    assert (said(plain), plain.absent) == ([HELD], STAYS)
    assert (said(filtering), filtering.absent) == ([0], ENDS)


def test_series_that_differ_by_metric_name_alone_cannot_be_judged():
    with pytest.raises(NotJudged, match="same labels"):
        verdicts(make_strategy(), ({}, [1.0]), ({}, [2.0]))


def test_late_periods_are_judged_again():
    found = verdicts(make_strategy(late_periods=2), ({}, [1, 95, 1]))

    assert [moment.minute for moment in found.moments] == [58, 59, 0]
    assert found.states[0, :, 0].tolist() == [0, 1, 0]


def test_ticks_that_were_missed_are_judged_at_last():
    strategy = make_strategy(late_periods=0, judged_at=NOON - 5 * MINUTE)

    found = judged(strategy, ({}, [1, 95, 95, 1, 1]))

    assert (len(found.verdicts.moments), found.skipped) == (5, 0)


def test_those_missed_for_too_long_are_counted_and_left():
    strategy = make_strategy(late_periods=0, judged_at=NOON - 60 * MINUTE)

    found = judged(strategy, ({}, [1]))

    assert (len(found.verdicts.moments), found.skipped) == (31, 29)


def test_of_a_long_interval_some_ticks_are_caught_up_with():
    strategy = make_strategy(
        interval_s=3600, late_periods=0, judged_at=NOON - timedelta(hours=9)
    )

    found = judged(strategy, ({}, [95, 1, 1, 1, 1, 1]))

    assert (len(found.verdicts.moments), found.skipped) == (6, 3)


def test_nothing_older_than_a_strategy_is_judged_by_it():
    strategy = make_strategy(
        late_periods=3, judged_at=NOON - 9 * MINUTE, judged_from=NOON - MINUTE
    )

    assert len(verdicts(strategy, ({}, [1])).moments) == 2


def test_a_first_evaluation_that_is_late_judges_every_tick_since_the_strategy_was_saved():
    strategy = make_strategy(late_periods=1, judged_from=NOON - timedelta(seconds=250))

    found = judged(strategy, ({}, [95, 1, 1, 1, 1]))

    assert [moment.minute for moment in found.verdicts.moments] == [56, 57, 58, 59, 0]
    assert found.skipped == 0


def test_what_is_said_of_a_tick_before_the_change_is_said_as_of_the_change():
    changed = make_strategy(changed_at=NOON + timedelta(seconds=30), late_periods=0)

    at_once = verdicts(changed, ({}, [95.0]))
    later = verdicts(changed, ({}, [95.0]), tick=TICK + 60)

    assert at_once.at == changed.changed_at
    assert later.at == NOON + MINUTE


def test_a_series_is_found_by_its_fingerprint_and_not_by_some_of_its_labels():
    of_host = {"__name__": "disk", "host": "a"}
    frame = Frame(
        np.arange(1), np.zeros((2, 1)), (of_host, {**of_host, "device": "sda"})
    )

    found = find_series(frame, fingerprint({"host": "a", "device": "sda"}))

    assert found == 1
    assert find_series(frame, fingerprint({"host": "b"})) is None
