import pytest

from bkmonitor.evaluation.no_data import Expected, judge_missing
from bkmonitor.evaluation.verdict import HELD, Source
from bkmonitor.strategies.no_data import NoData
from tests.factories import NOON
from tests.verdicts import said, why

SOURCE = Source("no_data", 7, "cpu", 1)
SERIES = NoData(policy="series", after=3)
BY_DC = NoData(policy="group", after=3, by=("dc",))


def judge(policy, *expected):
    verdicts = judge_missing(SOURCE, policy, list(expected), NOON)
    keys = ["".join(labels.values()) for labels in verdicts.labels]
    return dict(zip(keys, said(verdicts), strict=True)), verdicts


def host(name, missed, dc="", **rest):
    labels = {"host": name} | ({"dc": dc} if dc else {})
    return Expected(labels, missed, **rest)


def test_a_series_is_lost_when_it_has_missed_enough():
    found, _ = judge(SERIES, host("a", 0), host("b", 2), host("c", 3))

    assert found == {"a": 0, "b": HELD, "c": 2, "": 0}


def test_while_nothing_comes_nothing_is_told_before_all_of_it_is_lost():
    assert judge(SERIES, host("a", 3), host("b", 2))[0] == {
        "a": HELD,
        "b": HELD,
        "": HELD,
    }
    assert judge(BY_DC, host("a", 3, "x"), host("b", 1, "y"))[0] == {
        "x": HELD,
        "y": HELD,
        "": HELD,
    }


def test_the_series_without_labels_is_a_series_like_any():
    assert judge(SERIES, Expected({}, 3), host("b", 0))[0] == {"": 2, "b": 0}
    assert judge(SERIES, Expected({}, 3), host("b", 3))[0] == {"": 2, "b": HELD}


def test_the_whole_source_lost_is_one_alert():
    found, verdicts = judge(SERIES, host("a", 3), host("b", 4))

    assert found == {"a": HELD, "b": HELD, "": 2}
    assert why(verdicts, 2).id == "no_data.source"
    assert why(verdicts, 2).params == {"series": 2}


def test_a_lone_series_is_no_source():
    found, verdicts = judge(SERIES, host("a", 3))

    assert found == {"a": 2}
    assert why(verdicts).params == {"missed": 3}


def test_a_group_is_lost_when_all_of_it_is():
    found, verdicts = judge(
        BY_DC,
        host("a", 3, "x"),
        host("b", 5, "x"),
        host("c", 3, "y"),
        host("d", 0, "y"),
    )

    assert found == {"x": 2, "y": 0, "": 0}
    assert why(verdicts).params == {"missed": 3, "series": 2}


def test_what_is_forgotten_is_over_and_says_so():
    found, verdicts = judge(SERIES, host("a", 3, forgotten=True), host("b", 0))

    assert found == {"a": 0, "b": 0}
    assert {why(verdicts, row).id for row in (0, 1)} == {
        "no_data.back",
        "no_data.forgotten",
    }


def test_where_nothing_is_missing_nothing_is_said():
    assert judge(SERIES)[0] == {}


@pytest.mark.parametrize("missed", [0, 2, 3, 9])
def test_severity_is_the_policys(missed):
    found, _ = judge(NoData("series", after=3, severity=1), host("a", missed))

    assert found["a"] == {0: 0, 2: HELD, 3: 1, 9: 1}[missed]
