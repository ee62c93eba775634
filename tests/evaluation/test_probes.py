from datetime import timedelta

import pytest

from bkmonitor.evaluation.probes import judge_probes
from bkmonitor.evaluation.verdict import HELD, NORMAL
from tests.factories import NOON, make_probe
from tests.verdicts import said, why

pytestmark = pytest.mark.django_db
TICK = int(NOON.timestamp())
MARKS = {"X": (0, "refused"), ".": (1, ""), "-": (None, "no route")}


def seen(line, *, interval_s=60):
    """Results from old to new, one a slot; a space is a slot without a look."""
    return [
        [TICK - (len(line) - 1 - n) * interval_s, MARKS[mark][0], 0.5, MARKS[mark][1]]
        for n, mark in enumerate(line)
        if mark != " "
    ]


def verdict(line, **fields):
    probe = make_probe(results=seen(line), last_run_at=NOON, **fields)
    (verdicts,) = judge_probes([probe], NOON)
    return verdicts


@pytest.mark.parametrize(
    ("line", "fields", "severity"),
    [
        pytest.param(".", {}, NORMAL, id="up"),
        pytest.param("X", {}, 1, id="down"),
        pytest.param("X", {"severity": 3}, 3, id="as severe as the probe says"),
        pytest.param("X-", {}, HELD, id="our own failure ends nothing"),
        pytest.param(".-", {}, HELD, id="our own failure begins nothing"),
        pytest.param("X", {"trigger_count": 2, "trigger_window": 3}, NORMAL, id="once"),
        pytest.param("X.X", {"trigger_count": 2, "trigger_window": 3}, 1, id="twice"),
        pytest.param(
            "X   X",
            {"trigger_count": 2, "trigger_window": 3},
            NORMAL,
            id="slots without a look take their place in the window",
        ),
        pytest.param("X.", {"recovery_window": 2}, HELD, id="recovering"),
        pytest.param("X..", {"recovery_window": 2}, NORMAL, id="recovered"),
    ],
)
def test_verdict(line, fields, severity):
    assert said(verdict(line, **fields)) == [severity]


def test_a_second_look_in_the_same_slot_replaces_the_first():
    probe = make_probe(
        results=[[TICK, 0, 1.0, "refused"], [TICK, 1, 1.0, ""]],
        last_run_at=NOON,
        trigger_count=1,
        trigger_window=2,
    )

    assert said(judge_probes([probe], NOON)[0]) == [NORMAL]


def test_a_result_from_the_future_is_left_out():
    probe = make_probe(
        results=[[TICK + 3600, 0, 1.0, "refused"], [TICK, 1, 1.0, ""]],
        last_run_at=NOON,
    )

    assert said(judge_probes([probe], NOON)[0]) == [NORMAL]


def test_the_sentence_says_what_was_seen():
    down = verdict("X", target="http://a.example/")

    assert why(down).id == "probe.down"
    assert why(down).params == {
        "error": "refused",
        "kind": "http",
        "target": "http://a.example/",
    }
    assert why(verdict(".")).params == {"seconds": 0.5}


def test_a_verdict_is_of_the_moment_of_the_look():
    late = NOON + timedelta(seconds=40)
    probe = make_probe(results=seen("."), last_run_at=late)

    assert judge_probes([probe], NOON)[0].at == late


def test_a_probe_that_never_ran_says_nothing():
    assert judge_probes([make_probe()], NOON) == []


def test_another_name_or_target_is_the_same_series():
    verdicts = verdict("X", name="shop", target="http://a.example/", labels={"a": "b"})

    assert verdicts.labels == ({},)
    assert verdicts.source.labels == {
        "a": "b",
        "job": "probe",
        "probe": "shop",
        "instance": "http://a.example/",
    }


def test_probes_with_different_triggers_are_judged_each_by_its_own():
    patient = {"trigger_count": 3, "trigger_window": 3}
    probes = [
        make_probe(results=seen("X"), last_run_at=NOON, **trigger)
        for trigger in ({}, patient, {})
    ]

    found = {v.source.id: said(v)[0] for v in judge_probes(probes, NOON)}

    assert [found[probe.pk] for probe in probes] == [1, NORMAL, 1]
