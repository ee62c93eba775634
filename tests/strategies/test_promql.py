import pytest

from bkmonitor.lib.errors import InvalidInput
from bkmonitor.strategies.promql import check_expression, filters


@pytest.mark.parametrize(
    "expression",
    [
        "cpu > 90",
        "(cpu > 90) * 2",
        "abs(cpu > 90)",
        "sum by (host) (cpu > 90)",
        "topk(3, cpu)",
        "cpu and on (host) up",
        "cpu unless up",
        "absent(up)",
        "count_over_time((cpu > 90)[5m:1m])",
        "cpu > 90 or mem > 90",
        "-(cpu > 90)",
    ],
)
def test_it_drops_series_by_itself(expression):
    assert filters(expression)


@pytest.mark.parametrize(
    "expression",
    [
        "cpu",
        "cpu > bool 90",
        "rate(cpu[5m]) * 100",
        "sum(cpu)",
        "cpu > 90 or vector(0)",
        "load / scalar(count(cpu == 1))",
        "42",
    ],
)
def test_it_returns_whatever_there_is(expression):
    assert not filters(expression)


@pytest.mark.parametrize("expression", ["", "  ", "cpu >", "sum(", "cpu[5m]", '"text"'])
def test_what_gives_no_value_per_series_is_refused(expression):
    with pytest.raises(InvalidInput) as error:
        check_expression(expression)

    assert "expression" in error.value.fields


@pytest.mark.parametrize(
    "expression",
    [
        "+".join(["a"] * 1500),
        "(" * 1500 + "a" + ")" * 1500,
        "-" * 1500 + "a",
        "abs(" * 1500 + "a" + ")" * 1500,
    ],
    ids=["a row", "brackets", "signs", "calls"],
)
@pytest.mark.parametrize("ask", [check_expression, filters])
def test_what_is_nested_too_deep_to_walk_through_is_refused(ask, expression):
    with pytest.raises(InvalidInput, match="nested more than 250 deep"):
        ask(expression)
