from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bkmonitor.lib.spans import Span, difference, intersection, union

START = datetime(2026, 3, 2, tzinfo=UTC)


def span(start, end):
    return Span(START + timedelta(hours=start), START + timedelta(hours=end))


def moments(spans):
    """Return the half hours that are in the spans."""
    half = timedelta(minutes=30)
    return {n for n in range(60) if any(a <= START + n * half < b for a, b in spans)}


SPANS = st.lists(
    st.builds(span, st.integers(0, 24), st.integers(0, 24)), max_size=6
)  # fmt: skip


def test_spans_that_touch_become_one():
    assert union([span(3, 4), span(1, 2), span(2, 3)]) == [span(1, 4)]


def test_an_empty_span_is_none():
    assert union([span(2, 2), span(3, 1)]) == []


@given(one=SPANS, other=SPANS)
def test_they_are_sets_of_moments(one, other):
    assert moments(union([*one, *other])) == moments(one) | moments(other)
    assert moments(intersection(one, other)) == moments(one) & moments(other)
    assert moments(difference(one, other)) == moments(one) - moments(other)


@given(one=SPANS, other=SPANS)
def test_what_comes_out_is_in_order_and_apart(one, other):
    for found in (union(one), intersection(one, other), difference(one, other)):
        assert all(a.end < b.start for a, b in zip(found, found[1:], strict=False))
        assert all(each.start < each.end for each in found)
