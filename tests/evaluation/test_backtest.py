from collections import Counter

import numpy as np
import pytest

from bkmonitor.evaluation.backtest import Backtest, FiringSpan, backtest
from bkmonitor.evaluation.replay import Replay


def make_replay(*series, counts=()):
    """A replay of one letter a minute and series: its severity, 0 or . for none."""
    shown = np.array(
        [[int(letter) for letter in one.replace(".", "0")] for one in series],
        dtype=np.int8,
    )
    return Replay(
        ticks=np.arange(shown.shape[1], dtype=np.int64) * 60,
        labels=[{"host": str(row)} for row in range(len(series))],
        values=np.zeros(shown.shape),
        points=shown,
        shown=shown,
        counts=Counter(dict(counts)),
    )


@pytest.mark.parametrize(
    ("series", "spans"),
    [
        ("....", []),
        (".11.", [FiringSpan(0, 60, 180, ((60, 1),))]),
        ("1111", [FiringSpan(0, 0, None, ((0, 1),))]),
        (".213", [FiringSpan(0, 60, None, ((60, 2), (120, 1), (180, 3)))]),
        ("1.1.", [FiringSpan(0, 0, 60, ((0, 1),)), FiringSpan(0, 120, 180, ((120, 1),))]),
    ],
)  # fmt: skip
def test_an_alert_lasts_from_its_first_tick_to_the_first_that_is_calm(series, spans):
    assert backtest(make_replay(series)).all_spans() == spans


def test_alerts_stand_in_the_order_in_which_they_began():
    found = backtest(make_replay("..11", "1...", ".222")).all_spans()

    assert [(span.row, span.start, span.end) for span in found] == [
        (1, 0, 60),
        (2, 60, None),
        (0, 120, None),
    ]


def summary(*series, counts=(), **fields):
    return backtest(make_replay(*series, counts=counts), **fields).summary()


def test_an_alert_counts_by_the_worst_severity_it_had():
    found = summary("221.", ".33.", "222.")

    assert found.fired == 3
    assert found.by_severity == {1: 1, 3: 1, 2: 1}


@pytest.mark.parametrize(
    ("series", "median_s", "longest_s"),
    [
        (["....."], None, None),
        (["11..."], 120, 120),
        (["1....", "111.."], 120, 180),
        (["1....", "11...", "1111."], 120, 240),
        (["..111"], 120, 120),
    ],
)
def test_what_is_still_open_counts_up_to_the_last_tick(series, median_s, longest_s):
    found = summary(*series)

    assert (found.median_s, found.longest_s) == (median_s, longest_s)


@pytest.mark.parametrize(
    ("series", "window_s", "flaps"),
    [
        (["1.1.1"], 0, 2),
        (["1.1.1"], 60, 0),
        (["1.1.1"], 61, 2),
        (["1....", "..1.."], 0, 0),
        (["11111"], 0, 0),
    ],
)
def test_who_fires_again_soon_after_has_flapped(series, window_s, flaps):
    assert summary(*series, flap_window_s=window_s).flaps == flaps


def test_points_are_counted_apart_from_those_that_could_not_be_judged():
    counts = {"normal": 7, "anomalous": 2, "no_history": 4, "gap": 1}

    found = summary(".1", "..", counts=counts)

    assert (found.normal, found.anomalous) == (7, 2)
    assert found.unjudged == {"gap": 1, "no_history": 4}
    assert (found.series, found.ticks, found.firing_now) == (2, 2, 1)


def cut(replay, at):
    """The same replay in two parts; the first knows only the series it has seen."""
    seen = max(1, int(replay.shown[:, :at].any(axis=1).sum()))
    for part, rows in ((slice(None, at), seen), (slice(at, None), None)):
        yield Replay(
            replay.ticks[part],
            replay.labels[:rows],
            *(one[:rows, part] for one in (replay.values, replay.points, replay.shown)),
            replay.counts if at else {},
        )


@pytest.mark.parametrize("at", [1, 2, 3, 4])
def test_in_parts_the_same_is_counted_as_in_one_go(at):
    whole = make_replay("1.211", "..1.1", "....3")

    found = Backtest()
    for part in cut(whole, at):
        found.add(part)

    assert found.all_spans() == backtest(whole).all_spans()
    assert found.summary() == backtest(whole).summary()
