from dataclasses import dataclass, field

import numpy as np
import pytest

from bkmonitor.lib.errors import UpstreamUnavailable
from bkmonitor.lib.frame import Frame
from bkmonitor.lib.labels import LabelSet
from bkmonitor.metrics.tsdb import pieces
from bkmonitor.metrics.tsdb.pieces import Span, TooMuch, ask_in_pieces
from bkmonitor.metrics.tsdb.port import Result

A, B, C = (LabelSet({"host": host}) for host in "abc")


@dataclass
class Store:
    """Gives for each point its time; `a` lives always, `b` before, `c` from 100 on."""

    most: int = 1_000_000
    partial_from: int = 1_000_000
    asked: list[Span] = field(default_factory=list)

    def __call__(self, span):
        self.asked.append(span)
        if len(span) > self.most:
            raise TooMuch("that is too much")
        if span.last >= self.partial_from:
            return Result("partial", frame(span), "a part is away")
        return Result("complete", frame(span))


def frame(span):
    times = np.arange(span.first, span.last + 1, span.step_s)
    everyone = {A: times * 1.0, B: np.where(times < 100, times, np.nan), C: np.where(times >= 100, times, np.nan)}  # fmt: skip
    alive = {key: row for key, row in everyone.items() if not np.isnan(row).all()}
    return Frame(times, np.array(list(alive.values())), tuple(alive))


def ask(store, span, *, splittable=True):
    return ask_in_pieces(store, span, splittable=splittable)


def test_what_is_not_too_much_is_asked_for_at_once():
    store = Store()

    result = ask(store, Span(0, 110, 10))

    assert store.asked == [Span(0, 110, 10)]
    assert result.outcome == "complete"


@pytest.mark.parametrize("most", [1, 2, 3, 5, 11, 12])
def test_pieces_are_joined_by_labels_with_gaps_where_a_series_is_not(most):
    whole, store = frame(Span(0, 110, 10)), Store(most=most)

    joined = ask(store, Span(0, 110, 10)).frame

    assert joined.labels == whole.labels
    np.testing.assert_array_equal(joined.times, whole.times)
    np.testing.assert_array_equal(joined.values, whole.values)


def test_a_piece_that_is_too_much_makes_all_later_ones_smaller():
    store = Store(most=30)

    ask(store, Span(0, 99, 1))

    assert [len(span) for span in store.asked] == [100, 50, 25, 25, 25, 25]


def test_more_points_than_any_store_gives_are_asked_for_in_pieces_at_once():
    store = Store()

    result = ask(store, Span(0, 24_999, 1))

    assert [len(span) for span in store.asked] == [11_000, 11_000, 3_000]
    assert result.frame.values.shape == (3, 25_000)


def test_one_piece_that_is_not_complete_makes_the_whole_fail():
    result = ask(Store(most=30, partial_from=50), Span(0, 99, 1))

    assert (result.outcome, result.frame) == ("failed", None)
    assert result.reason == "a part is away"


def test_a_whole_that_is_partial_stays_so():
    assert ask(Store(partial_from=50), Span(0, 99, 1)).outcome == "partial"


def test_a_failure_of_the_store_ends_it():
    def broken(_span):
        raise UpstreamUnavailable("no answer")

    with pytest.raises(UpstreamUnavailable, match="no answer"):
        ask(broken, Span(0, 99, 1))


@pytest.mark.parametrize(
    ("store", "span", "splittable"),
    [
        pytest.param(Store(most=1), Span(0, 99, 1), True, id="more than 64 pieces"),
        pytest.param(Store(most=0), Span(0, 0, 1), True, id="a single point"),
        pytest.param(Store(most=30), Span(0, 99, 1), False, id="not splittable"),
    ],
)
def test_what_cannot_be_made_small_enough_fails_with_the_reason(
    store, span, splittable
):
    result = ask(store, span, splittable=splittable)

    assert (result.outcome, result.frame) == ("failed", None)
    assert result.reason == "that is too much"
    assert len(store.asked) <= 64


@pytest.mark.parametrize(("splittable", "points"), [(True, 704_001), (False, 11_001)])
def test_more_points_than_there_may_be_are_not_asked_for(splittable, points):
    store = Store()

    result = ask(store, Span(0, points - 1, 1), splittable=splittable)

    assert store.asked == []
    assert f"{points} points are too many" in result.reason


def test_pieces_that_together_need_too_much_memory_are_not_joined(monkeypatch):
    monkeypatch.setattr(pieces, "MOST_CELLS", 250)
    store = Store(most=30)

    result = ask(store, Span(0, 199, 1))

    assert result.outcome == "failed"
    assert "too many at once" in result.reason
    assert len(store.asked) < 12
