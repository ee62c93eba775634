import pytest

pytestmark = pytest.mark.django_db
URL = "/api/v1/strategies/promql/"
QUERY = {
    "queries": [
        {
            "alias": "a",
            "metric": "requests_total",
            "where": [[{"label": "code", "operator": "=", "values": ["500"]}]],
            "over_time": {"function": "rate", "window_s": 300},
            "shift_s": 0,
            "over_labels": {"function": "sum", "by": ["host"], "argument": None},
            "functions": [],
        }
    ],
    "expression": "a",
    "functions": [],
    "shift_s": 0,
}
EXPRESSION = 'sum by (host) (rate(requests_total{code="500"}[5m]))'


def test_a_structured_query_is_answered_with_its_promql(program):
    answer = program.post(URL, {"query": QUERY})

    assert (answer.status_code, answer.json()) == (200, {"expression": EXPRESSION})


def test_promql_is_answered_with_its_structured_query(program):
    answer = program.post(URL, {"expression": EXPRESSION})

    assert (answer.status_code, answer.json()) == (200, {"query": QUERY})


@pytest.mark.parametrize(
    ("body", "detail", "field"),
    [
        ({"query": {"queries": []}}, "queries must have 1 to 50 entries", "query"),
        ({"query": "up"}, "query", "query"),
        ({"expression": "up > 1"}, "not expressible: the comparison", "expression"),
        ({"expression": "up >"}, "not PromQL", "expression"),
        ({"expression": "+".join(["up"] * 500)}, "nested more than", "expression"),
    ],
)
def test_what_has_no_other_form_is_refused_with_the_part(program, body, detail, field):
    answer = program.post(URL, body)

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert detail in answer.json()["detail"]
    assert list(answer.json()["fields"]) == [field]


@pytest.mark.parametrize("body", [{}, {"query": QUERY, "expression": "up"}])
def test_one_of_the_two_has_to_be_sent(program, body):
    answer = program.post(URL, body)

    assert answer.status_code == 400
    assert answer.json()["detail"] == "send a query or an expression, not both"


def test_a_strategy_is_made_of_a_query_and_shows_both(program):
    level = {"severity": 1, "detectors": [{"kind": "threshold", "any_of": [[{"operator": ">", "value": 4}]]}]}  # fmt: skip

    made = program.post("/api/v1/strategies/", {"name": "Errors", "query": QUERY, "levels": [level]}).json()  # fmt: skip
    changed = program.patch(f"/api/v1/strategies/{made['id']}/", {"expression": "up"}).json()  # fmt: skip

    assert (made["expression"], made["query"]) == (EXPRESSION, QUERY)
    assert (changed["expression"], changed["query"]) == ("up", None)
