import numpy as np
import pytest

from bkmonitor.evaluation.backtest import Backtest
from bkmonitor.evaluation.drawing import Drawing, stand_out
from bkmonitor.evaluation.replay import replay_in_parts
from bkmonitor.lib.frame import Frame
from bkmonitor.lib.labels import fingerprint
from bkmonitor.metrics.tsdb.port import Result
from bkmonitor.strategies.definition import parse_definition

NAN, INF = float("nan"), float("inf")
START, STEP, TICKS = 1_800_000_000, 60, 1_440


@pytest.mark.parametrize(
    ("values", "points", "shown"),
    [
        ([1, 1, 9, 1], [0, 0, 0, 0], 2),
        ([1, 1, 9, 5], [0, 0, 0, 2], 3),
        ([1, 4, 9, 5], [0, 3, 3, 2], 3),
        ([1, 4, 9, 5], [0, 3, 3, 0], 2),
        ([1, 1, 9, 1], [0, 0, -1, 0], 2),
        ([NAN, NAN, 2, NAN], [-1, -1, 0, -1], 2),
        ([1, INF, 3, 2], [0, 0, 0, 0], 1),
        ([NAN, NAN, NAN, NAN], [-1, -1, -1, -1], 0),
        ([5, NAN], [0, -1], 0),
    ],
)
def test_of_a_stretch_the_worst_is_shown(values, points, shown):
    found = stand_out(np.array([values], float), np.array([points], np.int8), 4)

    assert found.tolist() == [[shown]]


def swing(questions):
    """Answer with a wave that is quick, so that a band around it moves in a stretch."""

    def answer(question):
        times = np.arange(question.start, question.end + 1, question.step_s, np.int64)
        values = np.sin(times[None, :] / 300) * 50 + (times[None, :] // STEP % 37 == 0) * 90  # fmt: skip
        return Result("complete", Frame(times, values, ({"host": "a"},)))

    return {question: answer(question) for question in questions}


@pytest.mark.parametrize("only", [fingerprint({"host": "a"}), ""])
def test_what_is_shown_as_an_anomaly_lies_outside_of_the_band_that_is_shown(only):
    detector = {"kind": "mad", "window": 20, "min_points": 10, "width": 2.0}
    definition = parse_definition(
        {
            "expression": "cpu",
            "interval_s": STEP,
            "levels": [{"severity": 2, "detectors": [detector]}],
        }
    )
    drawing, found = Drawing(12, only), Backtest()

    end = START + (TICKS - 1) * STEP
    for part in replay_in_parts(definition, "shop", START, end, ask=swing, stride=12):
        drawing.add(part)
        found.add(part.replay)

    (one,), edges = drawing.series(found, 1), drawing.edges()
    outside = (one.values > edges["upper"]) | (one.values < edges["lower"])
    assert (one.points > 0).sum() > 20
    assert outside[one.points > 0].all()
