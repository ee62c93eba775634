import pytest

from bkmonitor.lib.errors import InvalidInput
from bkmonitor.strategies.expressed import settle
from bkmonitor.strategies.services import save_strategy
from bkmonitor.strategies.structured import from_promql
from tests.factories import NOON, make_level, make_space, make_strategy

UP, LOAD = from_promql("up"), from_promql("sum(load)")
STORED = {"query": UP, "expression": "up"}
SHORT = {"queries": [{"alias": "a", "metric": "load"}]}


@pytest.mark.parametrize(
    ("sent", "becomes"),
    [
        pytest.param({"name": "x"}, {}, id="neither is sent"),
        pytest.param(STORED, {}, id="both are as they were"),
        pytest.param({"query": LOAD}, {"query": LOAD, "expression": "sum(load)"}, id="a new query"),
        pytest.param({"query": LOAD, "expression": "up"}, {"query": LOAD, "expression": "sum(load)"}, id="a new query beside the old expression"),
        pytest.param({"query": LOAD, "expression": "cpu"}, {"query": LOAD, "expression": "sum(load)"}, id="both are new"),
        pytest.param({"expression": "cpu"}, {"query": None}, id="a new expression"),
        pytest.param({"query": UP, "expression": "cpu"}, {"query": None}, id="a new expression beside the old query"),
        pytest.param({"query": None, "expression": "cpu"}, {"query": None}, id="an expression instead of the query"),
        pytest.param({"query": None}, {}, id="the query is taken away"),
    ],
)  # fmt: skip
def test_what_is_changed_decides(sent, becomes):
    assert settle(sent, STORED) == becomes


def test_a_query_is_kept_with_all_its_parts():
    assert settle({"query": SHORT}, {})["query"] == from_promql("load") | {"expression": ""}  # fmt: skip


@pytest.mark.parametrize("query", [[], "up", {"queries": []}, {"queries": [{"alias": "a"}]}])  # fmt: skip
def test_a_query_that_makes_no_sense_is_refused(query):
    with pytest.raises(InvalidInput) as error:
        settle({"query": query}, {})

    assert list(error.value.fields) == ["query"]


@pytest.mark.django_db
def test_a_strategy_evaluates_the_promql_of_its_query():
    fields = {"name": "Load", "query": SHORT, "levels": [make_level(1, ">", 4)]}

    made = save_strategy(make_space(), fields, by=None, now=NOON)

    assert made.expression == "load"


@pytest.mark.django_db
def test_an_expression_by_hand_leaves_no_query_that_says_something_else():
    strategy = make_strategy(expression="up", query=UP)

    save_strategy(strategy.space, {"expression": "cpu"}, by=None, now=NOON, strategy=strategy)  # fmt: skip

    strategy.refresh_from_db()
    assert (strategy.expression, strategy.query) == ("cpu", None)
