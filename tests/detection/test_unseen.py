from dataclasses import replace

import pytest

from bkmonitor.detection.port import Lookback, Reason
from bkmonitor.lib.errors import InvalidInput
from tests.detection.views import GAP, explain, make, make_view, verdict

# Ten points back, new at its first point only, and nothing to learn.
PLAIN = {"range_s": 600, "new_for_s": 0, "learn": 1}
KNOWN = [1.0] * 12


def unseen(**parameters):
    return make("new_series", **{**PLAIN, **parameters})


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        pytest.param([GAP] * 11 + [1], "anomalous", id="its first point"),
        pytest.param([GAP] * 11 + [0], "anomalous", id="zero is a value"),
        pytest.param([GAP] * 10 + [1, 1], "normal", id="its second point"),
        pytest.param([1] + [GAP] * 10 + [1], "anomalous", id="away for longer"),
        pytest.param([GAP, 0] + [GAP] * 9 + [1], "normal", id="seen ten points ago"),
        pytest.param([GAP] * 12, "GAP", id="not there"),
    ],
)
def test_a_series_is_new_if_it_was_not_there_before(points, expected):
    view = make_view(KNOWN, points, judged=1)

    assert verdict(unseen(), view, row=1) == expected


def test_it_stays_new_for_a_while_so_that_a_trigger_can_see_it():
    view = make_view(KNOWN, [GAP] * 8 + [1, 1, 1, 1], judged=4)

    found = unseen(new_for_s=120).judge(view)

    assert found.anomalous.tolist() == [[False] * 4, [True, True, True, False]]


def test_what_was_there_may_be_gone():
    view = make_view([GAP] * 11 + [1], judged=1)
    gone = make_view([1] * 6 + [GAP] * 6, judged=1, labels=({"host": "gone"},))

    assert verdict(unseen(learn=5), replace(view, gone=gone)) == "anomalous"
    assert verdict(unseen(learn=6), replace(view, gone=gone)) == "TOO_FEW"


def test_nothing_is_new_while_nothing_is_known_of_before():
    view = make_view([GAP] * 11 + [1], [GAP] * 11 + [1], judged=1)

    assert verdict(unseen(), view) == "NO_HISTORY"


def test_after_an_outage_as_long_as_the_range_nothing_is_new():
    view = make_view([1] + [GAP] * 10 + [1], judged=1)

    assert verdict(unseen(), view) == "NO_HISTORY"


@pytest.mark.parametrize(
    ("learnt", "reason"),
    [(4, Reason.TOO_FEW.name), (5, "anomalous")],
)
def test_some_points_are_learnt_from_first(learnt, reason):
    view = make_view(
        [GAP] * (11 - learnt) + [1] * (learnt + 1), [GAP] * 11 + [1], judged=1
    )

    assert verdict(unseen(learn=5), view, row=1) == reason


def test_a_detector_made_afresh_knows_what_was_there():
    learnt = make_view(KNOWN, [1] * 11 + [5], judged=1)

    assert verdict(unseen(), learnt, row=1) == "normal"


@pytest.mark.parametrize(
    ("parameters", "step_s", "lookback"),
    [
        ({}, 60, Lookback(11, 1440, gone=True)),
        ({"range_s": 600, "new_for_s": 0}, 60, Lookback(1, 10, gone=True)),
        ({"range_s": 700, "new_for_s": 600}, 3600, Lookback(1, 1, gone=True)),
    ],
)
def test_it_asks_for_the_range_before_it_counts_as_new(parameters, step_s, lookback):
    assert make("new_series", **parameters).lookbacks(step_s) == (lookback,)


def test_many_series_are_counted_in_blocks(monkeypatch):
    rows = [[GAP] * row + [1] * (12 - row) for row in range(12)]
    view = make_view(*rows, judged=3)
    whole = unseen().judge(view)

    monkeypatch.setattr("bkmonitor.detection.unseen.BLOCK", 24)
    parts = unseen().judge(view)

    assert parts.anomalous.tolist() == whole.anomalous.tolist()
    assert whole.anomalous.sum() == 3


def test_the_range_is_longer_than_new_lasts():
    with pytest.raises(InvalidInput) as refused:
        unseen(new_for_s=600)

    assert set(refused.value.fields) == {"range_s"}


def test_it_says_for_how_long_the_series_was_away():
    view = make_view(KNOWN, [GAP] * 11 + [7], judged=1)

    told = explain(unseen(), view, row=1)

    assert told.params == {"value": 7.0, "range_s": 600.0}
