"""Cutting an answer apart gives what reading it as JSON gives."""

import json
import math

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bkmonitor.lib.errors import UpstreamUnavailable
from bkmonitor.metrics.tsdb import cut, decode

START, STEP = 1_700_000_040, 60
TRAPS = [
    '"]},{"metric":{', '"},"value":[', '},"values":[[1700000040,"', '"],[', '"]]}', "\\",
    '"', '\\"', "]}", "<b>&", "\u2028", "\x00", "",
]  # fmt: skip
TEXTS = st.text(max_size=8) | st.sampled_from(TRAPS)
LABELS = st.dictionaries(
    st.sampled_from(["a", "b", "value", "values", "metric", "space", "__name__"]),
    TEXTS,
    max_size=4,
)
NUMBERS = st.floats(width=64) | st.integers(-(2**70), 2**70)
POINTS = st.dictionaries(st.integers(0, 5), NUMBERS, min_size=1)
AROUND = st.sampled_from([{}, {"isPartial": True}, {"stats": {"seriesFetched": "2"}}])
PARTS = st.lists(st.tuples(LABELS, NUMBERS, POINTS), min_size=1, max_size=6)
SHORT = st.lists(st.tuples(LABELS, NUMBERS, POINTS), min_size=1, max_size=2)


def number(value):
    """Write a number as Go does."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"
    return repr(value)


def go(document, **how):
    """Write JSON as Go does, which escapes what HTML knows."""
    written = json.dumps(document, ensure_ascii=False, **how)
    for sign in "<>&\u2028":
        written = written.replace(sign, f"\\u{ord(sign):04x}")
    return written.encode()


def vector(parts, around):
    rows = [
        {"metric": labels, "value": [START, number(value)]}
        for labels, value, _points in parts
    ]
    return {"status": "success", "data": {"resultType": "vector", "result": rows}} | around  # fmt: skip


def matrix(parts, around):
    rows = [
        {
            "metric": labels,
            "values": [
                [START + STEP * at, number(value)]
                for at, value in sorted(points.items())
            ],
        }
        for labels, _value, points in parts
    ]
    return {"status": "success", "data": {"resultType": "matrix", "result": rows}} | around  # fmt: skip


def same(one, other):
    assert (one.outcome, one.reason) == (other.outcome, other.reason)
    if one.frame is None or other.frame is None:
        assert one.frame is other.frame
        return
    assert one.frame.labels == other.frame.labels
    np.testing.assert_array_equal(one.frame.values, other.frame.values)
    np.testing.assert_array_equal(one.frame.times, other.frame.times)


def outcome(decoded, *asked):
    try:
        return decoded(*asked)
    except UpstreamUnavailable:
        return None


def is_cut(how, *given):
    try:
        return bool(how(*given))
    except cut.OtherShape:
        return False


def instants(body):
    times = np.array([START])
    return (
        outcome(decode.instant_result, body, START),
        outcome(decode._read_instant, body, times),
    )


def ranges(body, points=6):
    times = np.arange(START, START + STEP * points, STEP)
    return (
        outcome(decode.range_result, body, START, int(times[-1]), STEP),
        outcome(decode._read_range, body, times, STEP),
    )


@given(PARTS, AROUND)
def test_one_moment_is_cut_as_it_is_read(parts, around):
    body = go(vector(parts, around), separators=(",", ":"))

    assert any(is_cut(cut.cut_vector, rows) for rows in cut.cuts(body, cut.VECTOR))
    same(*instants(body))


@given(PARTS, AROUND)
def test_a_stretch_of_time_is_cut_as_it_is_read(parts, around):
    body = go(matrix(parts, around), separators=(",", ":"))

    times = np.arange(START, START + STEP * 6, STEP)
    assert any(
        is_cut(cut.cut_matrix, rows, times) for rows in cut.cuts(body, cut.MATRIX)
    )
    same(*ranges(body))


@given(PARTS, AROUND)
def test_a_single_point_of_each_series_is_cut_as_it_is_read(parts, around):
    single = [(labels, value, {0: value}) for labels, value, _points in parts]
    same(*ranges(go(matrix(single, around), separators=(",", ":")), points=1))


@given(PARTS, st.booleans(), st.integers(1, 4))
def test_another_way_of_writing_gives_the_same(parts, ascii_only, indent):
    for answer, both in ((vector, instants), (matrix, ranges)):
        document = answer(parts, {})
        same(*both(json.dumps(document, ensure_ascii=ascii_only).encode()))
        same(*both(json.dumps(document, indent=indent).encode()))


@given(SHORT, st.data())
def test_an_answer_with_a_byte_lost_or_changed_is_never_misread(parts, data):
    for answer, both in ((vector, instants), (matrix, ranges)):
        body = go(answer(parts, {}), separators=(",", ":"))
        at = data.draw(st.integers(0, len(body) - 1))
        other = data.draw(st.sampled_from([b"", b'"', b"]", b"}", b",", b"7", b" "]))
        spoiled, read = both(body[:at] + other + body[at + 1 :])

        assert (spoiled is None) == (read is None)
        if spoiled is not None and read is not None:
            same(spoiled, read)


@pytest.mark.parametrize("size", range(0, 220, 7))
def test_an_answer_that_is_cut_off_is_no_answer(size):
    whole = go(matrix([({"a": "b"}, 1.0, {0: 1.0, 1: 2.0})] * 3, {}), separators=(",", ":"))  # fmt: skip

    assert ranges(whole[:size]) == (None, None)


def test_many_series_are_cut_in_blocks():
    parts = [({"n": str(n)}, n / 7, {at: n + at / 3 for at in range(6)}) for n in range(9_000)]  # fmt: skip
    one = orjson.dumps(vector(parts * 3, {}))
    all_of_it = orjson.dumps(matrix(parts, {}))

    same(*instants(one))
    same(*ranges(all_of_it))


def test_a_series_met_again_has_the_same_label_set():
    body = go(vector([({"a": "met again"}, 1.0, {})], {}), separators=(",", ":"))

    first, second = (decode.instant_result(body, START).frame.labels for _ in range(2))

    assert first[0] is second[0]
