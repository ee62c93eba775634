import numpy as np
import orjson
import pytest

from bkmonitor.lib.errors import UpstreamUnavailable
from bkmonitor.lib.http import Answer
from bkmonitor.metrics.tsdb.decode import error_text, instant_result, range_result


def vector(*rows, **more):
    data = {"resultType": "vector", "result": list(rows)}
    return orjson.dumps({"status": "success", "data": data} | more)


def matrix(*rows):
    data = {"resultType": "matrix", "result": list(rows)}
    return orjson.dumps({"status": "success", "data": data})


def test_one_moment_becomes_one_column_without_the_label_space():
    body = vector(
        {"metric": {"__name__": "up", "space": "ops"}, "value": [100, "1"]},
        {"metric": {"a": "b", "space": "ops"}, "value": [100, "+Inf"]},
    )

    frame = instant_result(body, 100.7).frame

    assert frame.times.tolist() == [100]
    assert frame.values.tolist() == [[1.0], [np.inf]]
    assert frame.labels == ({"__name__": "up"}, {"a": "b"})


def test_a_number_alone_is_one_series_without_labels():
    body = orjson.dumps({"data": {"resultType": "scalar", "result": [100, "2.5"]}})

    frame = instant_result(body, 100).frame

    assert (frame.values.tolist(), frame.labels) == ([[2.5]], ({},))


def test_no_series_is_an_empty_frame_and_complete():
    result = instant_result(vector(), 100)

    assert result.outcome == "complete"
    assert result.frame.values.shape == (0, 1)


def test_a_partial_answer_is_said_to_be_partial():
    assert instant_result(vector(isPartial=True), 100).outcome == "partial"


def test_series_share_the_clock_and_gaps_are_nan():
    body = matrix(
        {"metric": {"i": "1"}, "values": [[60, "1"], [180, "3"]]},
        {"metric": {"i": "2"}, "values": [[120, "2"]]},
    )

    frame = range_result(body, 60, 180, 60).frame

    assert frame.times.tolist() == [60, 120, 180]
    np.testing.assert_array_equal(
        frame.values, [[1.0, np.nan, 3.0], [np.nan, 2.0, np.nan]]
    )


def test_points_beyond_the_clock_are_left_out():
    body = matrix({"metric": {}, "values": [[0, "9"], [60, "1"], [300, "9"]]})

    frame = range_result(body, 60, 120, 60).frame

    np.testing.assert_array_equal(frame.values, [[1.0, np.nan]])


def test_short_lived_series_cannot_ask_for_a_frame_that_fills_the_memory():
    rows = [{"metric": {}, "values": [[0, "1"]]}] * 6000

    result = range_result(matrix(*rows), 0, 10_000, 1)

    assert result.outcome == "failed"
    assert "6000 series" in result.reason


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b"{}", b'{"data":{"resultType":"vector"}}']
)
def test_an_answer_that_makes_no_sense_is_no_answer(body):
    with pytest.raises(UpstreamUnavailable):
        instant_result(body, 100)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        pytest.param(
            b'{"error":"error when executing query=\\"f(x)\\" for (time=1, step=2): unknown func \\"f\\""}',
            'unknown func "f"',
            id="the reason without the store's own words",
        ),
        pytest.param(b"busy\n", "busy", id="plain text"),
        pytest.param(b"", "the store answered 502", id="nothing"),
    ],
)
def test_what_the_store_says_went_wrong(body, text):
    assert error_text(Answer(502, {}, body)) == text
