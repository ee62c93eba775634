import pytest
from hypothesis import given
from hypothesis import strategies as st

from bkmonitor.lib.errors import InvalidInput
from bkmonitor.strategies.structured import from_promql, to_promql
from bkmonitor.web.forms.query_builder import QueryField
from bkmonitor.web.forms.query_draft import (
    MOST,
    blank_query,
    draft_of,
    read_draft,
    read_values,
    write_values,
)

SENT = {
    "b-q0-metric": "load",
    "b-q0-c0-label": "host",
    "b-q0-c1-label": "job",
    "b-q1-metric": "cores",
    "b-f0-function": "abs",
    "b-expression": "a / b",
    "name": "Load",
}


def test_blocks_are_read_by_their_place():
    draft = read_draft(SENT)

    assert draft.typed == {"expression": "a / b"}
    assert [query.typed["metric"] for query in draft.of("q")] == ["load", "cores"]
    assert draft.at("b-q0-c1").typed == {"label": "job"}
    assert draft.flat() == {name: SENT[name] for name in SENT if name.startswith("b-")}


def test_what_is_left_moves_up():
    draft = read_draft(SENT)

    draft.take_out("b-q0-c0")
    draft.take_out("b-q1")

    assert draft.flat() == {
        "b-q0-metric": "load",
        "b-q0-c0-label": "job",
        "b-f0-function": "abs",
        "b-expression": "a / b",
    }


@pytest.mark.parametrize("place", ["", "b", "b-q7", "b-q0-c9", "b-x", "b-q", "-", "b-q0-"])  # fmt: skip
def test_a_place_that_is_not_there_is_not_taken_out(place):
    draft = read_draft(SENT)

    with pytest.raises(KeyError):
        draft.take_out(place)

    assert draft.flat() == read_draft(SENT).flat()


def test_there_are_only_so_many_blocks():
    draft = read_draft({f"b-q{number}-metric": "m" for number in range(999)})

    assert len(draft.of("q")) == MOST


@pytest.mark.parametrize("name", ["b", "b-", "b-q-metric", "b-q0-c0-x0-y", "c-q0-metric", "b-qq-x", "b-q99999-m"])  # fmt: skip
def test_names_of_no_place_are_left_out(name):
    assert read_draft({name: "1"}).of("q") == []


@pytest.mark.parametrize(
    ("taken", "alias"), [([], "a"), (["a", "c"], "b"), ([chr(97 + n) for n in range(26)], "a1")]
)  # fmt: skip
def test_a_new_query_has_the_first_free_letter(taken, alias):
    assert blank_query(taken).typed["alias"] == alias


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("web-1", ["web-1"]),
        ("web-1, web-2 ,web-3", ["web-1", "web-2", "web-3"]),
        ('"a,b", c', ["a,b", "c"]),
        ('""', [""]),
        ('"say ""hi"""', ['say "hi"']),
        ("", []),
        (" , ,", []),
        ('a "b" c', ['a "b" c']),
    ],
)
def test_values_stand_in_one_line(text, values):
    assert read_values(text, "=") == values


def test_a_regular_expression_is_one_value():
    assert read_values("a{1,2}", "=~") == ["a{1,2}"]
    assert write_values(["a{1,2}"], "=~") == "a{1,2}"
    assert write_values(["a", "b"], "!~") == "(?:a)|(?:b)"


@given(st.lists(st.text(), min_size=1))
def test_values_that_are_written_are_read_as_they_were(values):
    assert read_values(write_values(values, "="), "=") == values


@pytest.mark.parametrize(
    "text",
    [
        "load",
        'load{host="web-1",job!~"a|b"}',
        'load{host=~".*1\\\\.5.*"} or load{job="",host=~"a{1,2}"}',
        "sum by (host) (rate(load[5m] offset 1d))",
        "quantile by (host) (0.95, load)",
        "histogram_quantile(0.9, sum by (le) (rate(load_bucket[90s])))",
        "topk(3, abs(x - y))",
        "x / y * 100",
        "sum by (h, j) (x) / on (h) group_left () sum by (h) (y)",
    ],
)
def test_what_is_shown_in_the_builder_says_the_same_when_it_is_sent(text):
    draft = draft_of(from_promql(text))

    sent = read_draft(draft.flat())

    assert to_promql(QueryField().clean(sent)) == text


def test_a_value_of_two_lines_fits_no_line():
    with pytest.raises(InvalidInput, match="several lines"):
        draft_of(from_promql('load{host="a\\nb"}'))
