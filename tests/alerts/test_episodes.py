import numpy as np
import pytest

from bkmonitor.alerts.episodes import Known, steps


@pytest.mark.parametrize(
    ("shown", "known", "changes"),
    [
        pytest.param("000", Known(), [], id="nothing known, nothing there"),
        pytest.param("011", Known(), [(1, 1)], id="it begins"),
        pytest.param("221", Known(2, 0), [(2, 1)], id="it becomes worse"),
        pytest.param("220", Known(2, 0), [(2, 0)], id="it ends"),
        pytest.param("101", Known(), [(0, 1), (1, 0), (2, 1)], id="two were missed"),
        pytest.param(
            "210", Known(1, 20), [(2, 0)], id="what was told is not told again"
        ),
        pytest.param("110", Known(0, 20), [], id="what is over is not opened again"),
        pytest.param("212", Known(2, 0), [(1, 1), (2, 2)], id="a late one was worse"),
        pytest.param("111", Known(0, 20), [(2, 1)], id="its end is taken back"),
    ],
)
def test_what_is_recorded_is_continued_and_never_taken_back(shown, known, changes):
    judged = np.array([int(one) for one in shown], dtype=np.int8)

    found = steps(judged, [10, 20, 30], known)

    assert [(step.moment, step.severity) for step in found] == changes
