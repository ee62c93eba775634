import pytest

from bkmonitor.lib.errors import InvalidInput
from bkmonitor.strategies.structured import from_promql, to_promql


def whole(*queries, expression="a", functions=()):
    return {
        "queries": [
            {
                "alias": chr(ord("a") + number),
                "metric": "m",
                "where": [],
                "over_time": None,
                "shift_s": 0,
                "over_labels": None,
                "functions": [],
            }
            | parts
            for number, parts in enumerate(queries)
        ],
        "expression": expression,
        "functions": [*functions],
        "shift_s": 0,
    }


def condition(label, operator, *values):
    return {"label": label, "operator": operator, "values": [*values]}


def call(function, argument=None):
    return {"function": function, "argument": argument}


RATE = {"over_time": {"function": "rate", "window_s": 300}}


def by(*labels, function="sum", argument=None):
    over = {"function": function, "by": [*labels], "argument": argument}
    return {"over_labels": over}


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("m", {}),
        ("((m))", {}),
        ('{__name__="m"}', {}),
        ('{__name__="system.cpu",a="1"}', {"metric": "system.cpu", "where": [[condition("a", "=", "1")]]}),
        ("rate(m[5m])", RATE),
        ("rate(m[1h30m] offset 1d)", {"over_time": {"function": "rate", "window_s": 5400}, "shift_s": 86400}),
        ("sum(m)", by()),
        ("sum by () (m)", by()),
        ("sum(rate(m[5m])) by (h, j)", RATE | by("h", "j")),
        ("quantile by (h) (0.5, m)", by("h", function="quantile", argument=0.5)),
        ("topk(3, abs(m))", {"functions": [call("abs"), call("topk", 3)]}),
        ("histogram_quantile(0.9, sum by (le) (m))", by("le") | {"functions": [call("histogram_quantile", 0.9)]}),
        ('m{k="1"} or m{l="2"} or m{n="3"}', {"where": [[condition("k", "=", "1")], [condition("l", "=", "2")], [condition("n", "=", "3")]]}),
        ('sum(rate(m{k="1"}[5m]) or rate(m{l="2"}[5m]))', RATE | by() | {"where": [[condition("k", "=", "1")], [condition("l", "=", "2")]]}),
    ],
)  # fmt: skip
def test_one_query(text, query):
    assert from_promql(text) == whole(query)


@pytest.mark.parametrize(
    ("matcher", "read"),
    [
        ('l="x"', condition("l", "=", "x")),
        ('l!=""', condition("l", "!=", "")),
        ('l=~"x|y"', condition("l", "=", "x", "y")),
        (r'l=~"x|y\\.z"', condition("l", "=", "x", "y.z")),
        ('l=~"|x"', condition("l", "=", "", "x")),
        ('l!~"x|y"', condition("l", "!=", "x", "y")),
        ('l=~"x"', condition("l", "=~", "x")),
        ('l=~"x.y|z"', condition("l", "=~", "x.y|z")),
        ('l=~"x|x"', condition("l", "=~", "x|x")),
        ('l=~"(x|y)"', condition("l", "=~", "(x|y)")),
        (r'l=~"\\d|y"', condition("l", "=~", r"\d|y")),
        (r'l=~".*1\\.5.*"', condition("l", "include", "1.5")),
        ('l=~".*(?:a|b).*"', condition("l", "include", "a", "b")),
        ('l=~".*(?:a).*"', condition("l", "=~", ".*(?:a).*")),
        ('l=~".*a|b.*"', condition("l", "=~", ".*a|b.*")),
        ('l=~".*a.*b.*"', condition("l", "=~", ".*a.*b.*")),
        ('l=~".*"', condition("l", "=~", ".*")),
        ('l!~".*x.*"', condition("l", "exclude", "x")),
        (r'l="a\"\\\n\t中"', condition("l", "=", 'a"\\\n\t中')),
    ],
)
def test_each_kind_of_matcher(matcher, read):
    assert from_promql(f"m{{{matcher}}}") == whole({"where": [[read]]})


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("x / y * 100", whole({"metric": "x"}, {"metric": "y"}, expression="a / b * 100")),
        ("x / x", whole({"metric": "x"}, expression="a / a")),
        ("-x", whole({"metric": "x"}, expression="-a")),
        ("100 - (x)", whole({"metric": "x"}, expression="100 - a")),
        ("abs(x - y)", whole({"metric": "x"}, {"metric": "y"}, expression="a - b", functions=[call("abs")])),
        ("topk(2, abs(x - y))", whole({"metric": "x"}, {"metric": "y"}, expression="a - b", functions=[call("abs"), call("topk", 2)])),
        ("abs(x - y) * 2", whole({"metric": "x"}, {"metric": "y"}, expression="abs(a - b) * 2")),
        ("abs(x) * 2", whole({"metric": "x", "functions": [call("abs")]}, expression="a * 2")),
        ("x or y", whole({"metric": "x"}, {"metric": "y"}, expression="a or b")),
        ('m or m{l="1"}', whole({}, {"where": [[condition("l", "=", "1")]]}, expression="a or b")),
        ('m{l="1"} or m{l="2"} offset 5m', whole({"where": [[condition("l", "=", "1")]]}, {"where": [[condition("l", "=", "2")]], "shift_s": 300}, expression="a or b")),
    ],
)  # fmt: skip
def test_several_queries(text, read):
    assert from_promql(text) == read


@pytest.mark.parametrize(
    "text",
    [
        "sum by (h) (x) / sum by (h) (y)",
        "sum by (h) (x) / on (h) sum by (h) (y)",
        "sum by (h) (x) / ignoring (k) sum by (h) (y)",
        "sum by (h, j) (x) / on (h) group_left () sum by (h) (y)",
        "sum by (h, j) (x) / ignoring (j) group_left sum by (h) (y)",
        "sum by (h) (x) * on (h) group_right sum by (h, j) (y)",
        "sum by (h, j) (x) and on (h) sum by (h) (y)",
        "x / ignoring () y",
    ],
)
def test_labels_to_match_by_are_left_out_where_they_follow(text):
    read = from_promql(text)

    assert "on" not in read["expression"]
    assert len(read["queries"]) == 2
    assert from_promql(to_promql(read)) == read


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("42", "an expression without a metric"),
        ("time() - m", "the function time"),
        ("vector(1)", "the function vector"),
        ("label_replace(m, 'a', 'b', 'c', 'd')", "the function label_replace"),
        ("round(m, 5)", "the function round"),
        ("absent(m)", "the function absent"),
        ("m > 90", "the comparison m > 90; give the limit to a level instead"),
        ("m > bool 90", "the comparison m > bool 90"),
        ("m atan2 n", "the operator in m atan2 n"),
        ("rate(m[5m:1m])", "the subquery m[5m:1m]"),
        ("max_over_time(rate(m[1m])[5m:])", "the subquery rate(m[1m])[5m:]"),
        ("m @ 17", "@ in m @ 17"),
        ("rate(m[5m] @ end())", "@ in m @ end()"),
        ("m offset -5m", "the offset of m offset -5m"),
        ("m offset 10ms", "the offset of m offset 10ms"),
        ("rate(m[1500ms])", "a window that is no whole seconds: m[1s500ms]"),
        ('{__name__=~"m.*"}', "a metric that is not named"),
        ('{l="1"}', "a metric that is not named"),
        ('m{l="1" or l="2"}', "or between conditions"),
        ("sum without (l) (m)", "without in sum without (l) (m)"),
        ("topk by (l) (3, m)", "by or the number in topk by (l) (3, m)"),
        ("topk(scalar(m), n)", "by or the number in topk("),
        ("count_values('v', m)", "the aggregation count_values"),
        ("group(m)", "the aggregation group"),
        ("sum(m / n)", "an aggregation of more than the samples of one metric: sum(m / n)"),
        ("sum(abs(m))", "an aggregation of more than the samples of one metric"),
        ("sum(max by (l) (m))", "an aggregation of more than the samples of one metric"),
        ("sum(vector(1))", "the function vector"),
        ("m / on (l) n", "how the series match in m / on (l) n"),
        ("m or on (l) n", "how the series match in m"),
        ('m{l="1"} or on (l) m{l="2"}', "how the series match in m"),
        ("m * on (l) group_left (v) sum by (l) (n)", "how the series match in m * on"),
        ("sum by (l) (m) / sum by (k) (n)", "how the series match in sum"),
        ("sum by (l, k) (m) / sum by (k) (n)", "how the series match in sum"),
        ("histogram_quantile(0.9, sum by (l) (m))", "needs the label le"),
        ("quantile(2, m)", "queries[0].over_labels.argument must be from 0 to 1"),
        ("m offset 10y", "queries[0].shift_s must be from 0"),
        ("m * Inf", "Inf"),
    ],
)  # fmt: skip
def test_what_no_structured_query_has_is_named(text, part):
    with pytest.raises(InvalidInput) as error:
        from_promql(text)

    assert str(error.value).startswith("not expressible: ")
    assert part in str(error.value)
    assert error.value.fields == {"expression": str(error.value)}


@pytest.mark.parametrize("text", ["", "sum(", "m[5m]"])
def test_what_is_no_promql_is_called_so(text):
    with pytest.raises(InvalidInput) as error:
        from_promql(text)

    assert "not expressible" not in str(error.value)
    assert "expression" in error.value.fields
