import numpy as np

from bkmonitor.lib.frame import Frame
from bkmonitor.web.charts import MOST_SERIES, chart, result_columns, series_names

NAN, INF = float("nan"), float("inf")


def make_frame(values, labels):
    times = np.arange(len(values[0])) * 60
    return Frame(times, np.array(values, dtype=float), tuple(labels))


def test_gaps_and_infinities_become_null():
    answer = chart("complete", make_frame([[1, NAN, INF]], [{"a": "b"}]))

    assert answer["columns"] == [[0, 60, 120], [1.0, None, None]]


def test_a_failure_says_why_and_draws_nothing():
    answer = chart("failed", None, "no answer from 127.0.0.1")

    assert (answer["outcome"], answer["columns"]) == ("failed", [])
    assert answer["reason"] == "no answer from 127.0.0.1"


def test_series_are_named_by_what_tells_them_apart():
    labels = [
        {"__name__": "up", "space": "a", "job": "web", "instance": "one"},
        {"__name__": "up", "space": "a", "job": "web", "instance": "two"},
    ]

    assert series_names(labels) == ["up{instance=one}", "up{instance=two}"]


def test_a_series_alone_is_named_by_all_its_labels():
    assert series_names([{"space": "a", "job": "web"}]) == ["job=web"]
    assert series_names([{}]) == ["value"]


def test_of_very_many_series_the_first_are_drawn_and_the_rest_counted():
    many = MOST_SERIES + 5
    answer = chart("complete", make_frame([[1.0]] * many, [{}] * many))

    assert (len(answer["series"]), answer["hidden"]) == (MOST_SERIES, 5)


def test_looks_that_failed_are_gaps():
    looks = [[10, 1, 0.2, "200"], [20, 0, 5.0, "refused"], [30, None, None, ""]]

    assert result_columns(looks) == [[10, 20, 30], [0.2, None, None]]
