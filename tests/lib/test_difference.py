import pytest
from hypothesis import given
from hypothesis import strategies as st

from bkmonitor.lib.difference import lines_between

TEXTS = st.lists(st.sampled_from("abcd"), max_size=12).map("\n".join)


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        ("a", "a", []),
        ("", "a", ["+a"]),
        ("a", "", ["-a"]),
        ("a\nb\nc", "a\nB\nc", [" a", "-b", "+B", " c"]),
        ("a\nb\nc", "A\nb\nc", ["-a", "+A", " b"]),
        ("a\nb\nc", "a\nb\nC", ["…", " b", "-c", "+C"]),
    ],
)
def test_what_differs_stands_among_its_neighbours(before, after, lines):
    found = lines_between(before, after, around=1)

    assert [line.sign + line.text for line in found] == lines


@given(TEXTS, TEXTS)
def test_both_texts_can_be_read_from_their_difference(before, after):
    lines = lines_between(before, after, around=100)

    if before != after:
        assert "\n".join(one.text for one in lines if one.sign in " -") == before
        assert "\n".join(one.text for one in lines if one.sign in " +") == after
