import tracemalloc

import numpy as np
import pytest

from bkmonitor.evaluation.backtest import Backtest
from bkmonitor.evaluation.drawing import Drawing
from bkmonitor.evaluation.replay import MOST_TICKS, replay_in_parts, ticks_of
from bkmonitor.lib.errors import InvalidInput
from bkmonitor.lib.frame import Frame
from bkmonitor.metrics.tsdb.port import Result
from bkmonitor.strategies.definition import parse_definition
from tests.factories import make_level

START, STEP = 1_800_000_000, 10
DEFINITION = parse_definition(
    {"expression": "cpu", "interval_s": STEP, "levels": [make_level(2, ">", 45)]}
)


def waves(*hosts, since=()):
    """Answer with a wave for each host; those of `since` come after so many ticks."""
    begin = dict(since)

    def ask(questions):
        return {question: answer(question) for question in questions}

    def answer(question):
        times = np.arange(question.start, question.end + 1, question.step_s, np.int64)
        there = [
            host for host in hosts if times[-1] >= START + begin.get(host, 0) * STEP
        ]
        values = np.tile(np.sin(times / 3000) * 50, (len(there), 1))
        labels = tuple({"__name__": "cpu", "host": host} for host in there)
        return Result("complete", Frame(times, values, labels))

    return ask


def replayed(ask, ticks, **more):
    end = START + (ticks - 1) * STEP
    return replay_in_parts(DEFINITION, "shop", START, end, ask=ask, **more)


def peak_of(ticks):
    """Return how many bytes a replay took at most, and what a preview keeps of it."""
    stride = -(-ticks // 600)
    found, drawing = Backtest(), Drawing(stride)
    tracemalloc.start()
    try:
        for part in replayed(waves("a", "b", "c"), ticks, stride=stride):
            found.add(part.replay)
            drawing.add(part)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_longer_time_takes_no_more_memory():
    short, long = peak_of(8_000), peak_of(64_000)

    # Besides the moments themselves and when something fired: a value alone of each
    # of the three series would be 1.3 MB.
    assert long - short < 56_000 * 8 + 100_000


@pytest.mark.parametrize(
    ("days", "step_s"), [(30, 10), (60, 10), (365, 60), (366, 60), (3660, 3600)]
)
def test_long_times_may_be_replayed(days, step_s):
    assert len(ticks_of(step_s, 1, days * 86400)) == days * 86400 // step_s


def test_times_that_are_too_long_are_refused():
    with pytest.raises(InvalidInput, match=f"1 to {MOST_TICKS}"):
        ticks_of(60, -(10**15), 10**15)


def test_of_many_series_the_first_are_judged_and_the_rest_counted():
    parts = list(replayed(waves("c", "a", "d", "b"), 3_000, most_series=2))

    assert {part.left_out for part in parts} == {2}
    assert [one["host"] for one in parts[-1].replay.labels] == ["a", "b"]


def test_who_comes_later_is_judged_while_there_is_room():
    ask = waves("z", "y", "a", "b", since={"a": 500, "y": 500, "b": 2_500})

    parts = list(replayed(ask, 5_000, most_series=2))

    assert [one["host"] for one in parts[-1].replay.labels] == ["z", "a"]
    assert [part.left_out for part in parts] == [0, 1, 2, 2]


def test_a_series_is_judged_as_if_the_rest_were_judged_too():
    whole = list(replayed(waves("a", "b", "c"), 3_000))
    some = list(replayed(waves("a", "b", "c"), 3_000, most_series=1))

    for all_of_it, part in zip(whole, some, strict=True):
        assert (all_of_it.replay.shown[:1] == part.replay.shown).all()
        assert (all_of_it.replay.values[:1] == part.replay.values).all()
