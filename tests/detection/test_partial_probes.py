from dataclasses import replace

import pytest

from bkmonitor.detection.port import Reason
from tests.detection.views import GAP, explain, make, make_view

TOO_FEW = Reason.TOO_FEW.name


def vantage_points(*values, target="shop"):
    """Return a view of one target, seen from as many places as there are values.

    All of them were there and well at the point before.
    """
    labels = tuple({"target": target, "site": str(n)} for n in range(len(values)))
    return make_view(*[[1, value] for value in values], judged=1, labels=labels)


def verdicts(detector, view):
    found = detector.judge(view)
    reasons = [Reason(reason).name for reason in found.unjudged[:, 0]]
    return [
        "anomalous" if hit else "normal" if reason == "JUDGED" else reason
        for hit, reason in zip(found.anomalous[:, 0], reasons, strict=True)
    ]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param(
            [0, 0, 1], ["anomalous", "anomalous", "normal"], id="two of three"
        ),
        pytest.param([0, 1, 1], ["normal"] * 3, id="one of three is too few to matter"),
        pytest.param([0, 0, GAP], ["anomalous"] * 2 + ["GAP"], id="one was not asked"),
        pytest.param([0, 1, GAP], [TOO_FEW] * 2 + ["GAP"], id="the third could decide"),
        pytest.param([1, 1, GAP], ["normal"] * 2 + ["GAP"], id="the third could not"),
        pytest.param([0], ["normal"], id="one vantage point alone"),
        pytest.param([GAP, GAP], ["GAP"] * 2, id="nobody looked"),
    ],
)
def test_vantage_points_fail_together(values, expected):
    detector = make("partial_probes", by=["target"], count=2)

    assert verdicts(detector, vantage_points(*values)) == expected


@pytest.mark.parametrize(
    ("ago", "expected"),
    [(1, TOO_FEW), (3, TOO_FEW), (4, "normal"), (None, "normal")],
)
def test_a_place_is_missing_for_a_while_after_its_last_point(ago, expected):
    away = [GAP] * 6
    if ago:
        away[5 - ago] = 0
    detector = make("partial_probes", by=["target"], count=2, known_s=180)
    labels = ({"target": "a", "site": "x"}, {"target": "a", "site": "y"})
    both = make_view([0] * 6, away, judged=1, labels=labels)
    alone = make_view([0] * 6, judged=1, labels=labels[:1])
    gone = make_view(away, judged=1, labels=labels[1:])

    assert verdicts(detector, both) == [expected, "GAP"]
    assert verdicts(detector, replace(alone, gone=gone)) == [expected]


def test_each_target_is_counted_by_itself():
    labels = tuple({"target": target, "site": site} for target in "ab" for site in "xy")
    view = make_view([0], [0], [0], [1], labels=labels)

    found = verdicts(make("partial_probes", by=["target"], count=2), view)

    assert found == ["anomalous", "anomalous", "normal", "normal"]


def test_each_moment_is_counted_by_itself():
    labels = ({"target": "a", "site": "x"}, {"target": "a", "site": "y"})
    view = make_view([0, 0, 1], [1, 0, 0], labels=labels)

    found = make("partial_probes", by=["target"], count=2).judge(view)

    assert found.anomalous.tolist() == [[False, True, False]] * 2


def test_failing_may_be_any_condition():
    detector = make(
        "partial_probes",
        by=["target"],
        count=2,
        fails_when=[[{"operator": ">", "value": 2}]],
    )

    assert verdicts(detector, vantage_points(2.5, 3, 2)) == [
        "anomalous", "anomalous", "normal",
    ]  # fmt: skip


def test_series_without_the_label_are_one_target():
    view = make_view([0], [0], labels=({"site": "x"}, {"site": "y"}))

    found = make("partial_probes", by=["target"], count=2).judge(view)

    assert found.anomalous.all()


def test_how_many_of_how_many_fail_is_told():
    detector = make("partial_probes", by=["target"], count=2)

    told = explain(detector, vantage_points(0, 0, 1, GAP)).params

    assert told == {"value": 0.0, "failing": 2.0, "asked": 3.0, "limit": 2}
