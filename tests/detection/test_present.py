import numpy as np

from bkmonitor.detection.port import Reason
from bkmonitor.detection.present import Present
from bkmonitor.lib.sentence import Sentence
from tests.detection.views import make_view


def test_whatever_is_there_is_an_anomaly_zero_included():
    found = Present().judge(make_view([0.0, -1.0, np.inf, np.nan]))

    assert found.anomalous.tolist() == [[True, True, True, False]]
    assert found.unjudged.tolist() == [[0, 0, 0, Reason.GAP]]


def test_it_says_that_the_condition_holds():
    assert Present().explain({"value": 3.0}) == Sentence("any", {"value": 3.0})
