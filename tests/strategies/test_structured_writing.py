import pytest

from bkmonitor.lib.errors import InvalidInput
from bkmonitor.strategies.structured import to_promql
from bkmonitor.strategies.structured.words import OF_VALUES, OVER_TIME


def query(alias="a", metric="m", **parts):
    return {"alias": alias, "metric": metric} | parts


def one(**parts):
    return {"queries": [query(**parts)]}


def by(*labels, function="sum", **parts):
    return {"function": function, "by": [*labels]} | parts


def where(*conditions):
    return [
        [{"label": label, "operator": operator, "values": values}]
        for label, operator, values in conditions
    ]


def both(*conditions):
    return [[group[0] for group in where(*conditions)]]


def joined(expression, a=None, b=None, **parts):
    queries = [
        query("a", "x", **({"over_labels": by(*a)} if a is not None else {})),
        query("b", "y", **({"over_labels": by(*b)} if b is not None else {})),
    ]
    return {"queries": queries, "expression": expression} | parts


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ({}, "m"),
        ({"metric": "a:b"}, "a:b"),
        ({"metric": "system.cpu"}, '{__name__="system.cpu"}'),
        ({"metric": "sum"}, '{__name__="sum"}'),
        ({"metric": "Inf", "shift_s": 60}, '{__name__="Inf"} offset 1m'),
        ({"shift_s": 3600}, "m offset 1h"),
        ({"over_time": {"function": "avg", "window_s": 90}}, "avg_over_time(m[90s])"),
        (
            {"over_time": {"function": "rate", "window_s": 300}, "shift_s": 604800},
            "rate(m[5m] offset 1w)",
        ),
        ({"over_labels": by()}, "sum(m)"),
        ({"over_labels": by("host", "job")}, "sum by (host, job) (m)"),
        ({"over_labels": by("host", "host")}, "sum by (host) (m)"),
        (
            {"over_labels": by("a", function="quantile", argument=0.95)},
            "quantile by (a) (0.95, m)",
        ),
        ({"functions": [{"function": "topk", "argument": 5}]}, "topk(5, m)"),
        (
            {"functions": [{"function": "abs"}, {"function": "bottomk", "argument": 1}]},
            "bottomk(1, abs(m))",
        ),
        (
            {
                "metric": "seconds_bucket",
                "over_time": {"function": "rate", "window_s": 300},
                "over_labels": by("le", "path"),
                "functions": [{"function": "histogram_quantile", "argument": 0.9}],
            },
            "histogram_quantile(0.9, sum by (le, path) (rate(seconds_bucket[5m])))",
        ),
    ],
)  # fmt: skip
def test_one_query(parts, text):
    assert to_promql(one(**parts)) == text


@pytest.mark.parametrize("word", OVER_TIME)
def test_each_function_over_time(word):
    over_time = {"function": word, "window_s": 60}

    assert to_promql(one(over_time=over_time)) == f"{OVER_TIME[word]}(m[1m])"


@pytest.mark.parametrize("function", ["sum", "avg", "min", "max", "count", "stddev"])
def test_each_aggregation_over_labels(function):
    over = by("host", function=function)

    assert to_promql(one(over_labels=over)) == f"{function} by (host) (m)"


@pytest.mark.parametrize("function", OF_VALUES)
def test_each_function_of_values(function):
    assert to_promql(one(functions=[{"function": function}])) == f"{function}(m)"


@pytest.mark.parametrize(
    ("operator", "values", "matcher"),
    [
        ("=", ["x"], 'l="x"'),
        ("=", [""], 'l=""'),
        ("=", ["x", "x"], 'l="x"'),
        ("=", ["x", "y.z"], r'l=~"x|y\\.z"'),
        ("=", ["", "x"], 'l=~"|x"'),
        ("!=", ["x"], 'l!="x"'),
        ("!=", ["x", "y"], 'l!~"x|y"'),
        ("=~", ["x.*"], 'l=~"x.*"'),
        ("=~", ["(?i)x", "y|z"], 'l=~"(?:(?i)x)|(?:y|z)"'),
        ("!~", ["x.*"], 'l!~"x.*"'),
        ("!~", ["x", "y"], 'l!~"(?:x)|(?:y)"'),
        ("include", ["1.5"], r'l=~".*1\\.5.*"'),
        ("include", ["a", "b+"], r'l=~".*(?:a|b\\+).*"'),
        ("exclude", ["x"], 'l!~".*x.*"'),
        ("exclude", ["x", "y"], 'l!~".*(?:x|y).*"'),
        ("=", ['say "hi"\n\\'], r'l="say \"hi\"\n\\"'),
        ("=", ["中"], 'l="中"'),
        ("include", ["\\.+*?()|[]{}^$"], r'l=~".*\\\\\\.\\+\\*\\?\\(\\)\\|\\[\\]\\{\\}\\^\\$.*"'),
        ("include", ["a-b c/d#&~"], 'l=~".*a-b c/d#&~.*"'),
    ],
)  # fmt: skip
def test_each_operator_of_a_condition(operator, values, matcher):
    conditions = where(("l", operator, values))

    assert to_promql(one(where=conditions)) == f"m{{{matcher}}}"


def test_conditions_of_a_group_hold_together():
    conditions = both(("a", "=", ["1"]), ("b", "!=", ["2"]))

    assert to_promql(one(where=conditions)) == 'm{a="1",b!="2"}'


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ({}, 'm{a="1"} or m{b="2"}'),
        (
            {"over_time": {"function": "rate", "window_s": 60}, "over_labels": by("h")},
            'sum by (h) (rate(m{a="1"}[1m]) or rate(m{b="2"}[1m]))',
        ),
        ({"functions": [{"function": "abs"}]}, 'abs(m{a="1"} or m{b="2"})'),
        ({"shift_s": 60}, 'm{a="1"} offset 1m or m{b="2"} offset 1m'),
    ],
)
def test_groups_of_conditions_are_united_before_anything_is_counted(parts, text):
    groups = where(("a", "=", ["1"]), ("b", "=", ["2"]))

    assert to_promql(one(where=groups, **parts)) == text


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("a / b * 100", "x / y * 100"),
        ("a + b * 2", "x + y * 2"),
        ("(a + b) * 2", "(x + y) * 2"),
        ("((a)) + (b * 2)", "x + y * 2"),
        ("a - (b - 1)", "x - (y - 1)"),
        ("a - b - 1", "x - y - 1"),
        ("a / (b / 2)", "x / (y / 2)"),
        ("a % b", "x % y"),
        ("a ^ b ^ 2", "x ^ (y ^ 2)"),
        ("(a ^ b) ^ 2", "(x ^ y) ^ 2"),
        ("-a ^ b", "-(x ^ y)"),
        ("(-a) ^ b", "(-x) ^ y"),
        ("-a + b", "(-x) + y"),
        ("a * -1 + b", "x * (-1) + y"),
        ("--a + b", "(-(-x)) + y"),
        ("abs(a - b) / 2.5", "abs(x - y) / 2.5"),
        ("sqrt(ln(a)) + b", "sqrt(ln(x)) + y"),
        ("a or b", "x or y"),
        ("a and b or a", "x and y or x"),
        ("(a and b) unless a", "(x and y) unless x"),
        ("a and (b or a)", "x and (y or x)"),
        ("(a or b) + 1", "(x or y) + 1"),
        ("1e3 * a - 0.5 * b", "1000 * x - 0.5 * y"),
        ("a + a + b", "x + x + y"),
    ],
)
def test_precedence_is_the_standard_one(expression, text):
    assert to_promql(joined(expression)) == text


def test_a_query_of_several_groups_stands_in_brackets_within_an_expression():
    groups = where(("k", "=", ["1"]), ("l", "=", ["2"]))

    text = to_promql(one(where=groups) | {"expression": "a * 2"})

    assert text == '(m{k="1"} or m{l="2"}) * 2'


@pytest.mark.parametrize(
    ("expression", "a", "b", "text"),
    [
        ("a / b", ["h"], ["h"], "sum by (h) (x) / sum by (h) (y)"),
        ("a / b", ["h", "j"], ["j", "h"], "sum by (h, j) (x) / sum by (j, h) (y)"),
        ("a / b", ["h", "j"], ["h"], "sum by (h, j) (x) / on (h) group_left () sum by (h) (y)"),
        ("a / b", ["h"], ["h", "j"], "sum by (h) (x) / on (h) group_right () sum by (h, j) (y)"),
        ("a / b", ["h"], [], "sum by (h) (x) / on () group_left () sum(y)"),
        ("a / b", None, ["h"], "x / on (h) group_left () sum by (h) (y)"),
        ("a / b", [], None, "sum(x) / on () group_right () y"),
        ("a / b", None, None, "x / y"),
        ("a and b", ["h", "j"], ["h"], "sum by (h, j) (x) and on (h) sum by (h) (y)"),
        ("a unless b", ["h"], ["h", "j"], "sum by (h) (x) unless on (h) sum by (h, j) (y)"),
        ("a / b + a", ["h"], ["h", "j"], "sum by (h) (x) / on (h) group_right () sum by (h, j) (y) + on (h) group_left () sum by (h) (x)"),
    ],
)  # fmt: skip
def test_series_meet_by_the_labels_of_the_coarser_side(expression, a, b, text):
    assert to_promql(joined(expression, a, b)) == text


def test_a_histograms_quantile_has_no_le_left_to_match_by():
    bucket = query(
        over_labels=by("le", "h"),
        functions=[{"function": "histogram_quantile", "argument": 0.5}],
    )
    limit = query("b", "cap", over_labels=by("h", function="max"))

    text = to_promql({"queries": [bucket, limit], "expression": "a / b"})

    assert text == "histogram_quantile(0.5, sum by (le, h) (m)) / max by (h) (cap)"


def test_what_is_done_with_the_joined_result_stands_around_it():
    functions = [{"function": "abs"}, {"function": "topk", "argument": 3}]

    text = to_promql(joined("a / b", functions=functions, shift_s=3600))

    assert text == "topk(3, abs(x offset 1h / y offset 1h))"


def test_shifts_of_query_and_whole_add_up():
    assert to_promql(one(shift_s=60) | {"shift_s": 60}) == "m offset 2m"


@pytest.mark.parametrize(
    ("definition", "named"),
    [
        ([], "query must be an object, not []"),
        ({}, "queries must have 1 to 50 entries, has 0"),
        ({"queries": "m"}, "queries must be a list, not 'm'"),
        (one() | {"limit": 1}, "query has no part 'limit'"),
        ({"queries": [3]}, "queries[0] must be an object, not 3"),
        (one(unit="s"), "queries[0] has no part 'unit'"),
        (one(alias="1"), "queries[0].alias must be a name"),
        (one(alias="by"), "queries[0].alias must be a name of letters, digits and _, not 'by'"),
        (one(metric=""), "queries[0].metric must name a metric, not ''"),
        (one(metric=5), "queries[0].metric must be text, not 5"),
        (one(metric="\ud800"), "queries[0].metric must be text without control"),
        (one(metric="m\0"), "queries[0].metric must be text without control"),
        (one(metric="m" * 2000), "queries[0].metric must have at most 1000"),
        (one(over_time={"function": "mode", "window_s": 60}), "queries[0].over_time.function must be one of avg, "),
        (one(over_time={"function": "rate"}), "queries[0].over_time.window_s must be a number, not None"),
        (one(over_time={"function": "rate", "window_s": 0}), "queries[0].over_time.window_s must be from 1 to"),
        (one(over_time={"function": "rate", "window_s": 1.5}), "window_s must be a whole number, not 1.5"),
        (one(over_time={"function": "rate", "window_s": True}), "window_s must be a number, not True"),
        (one(over_time={"function": "rate", "window_s": float("nan")}), "window_s must be from 1 to"),
        (one(over_time={"function": ["rate"], "window_s": 60}), "over_time.function must be one of"),
        (one(shift_s=-60), "queries[0].shift_s must be from 0 to"),
        (one(over_labels={"function": "p99"}), "queries[0].over_labels.function must be one of sum"),
        (one(over_labels=by("a b")), "queries[0].over_labels.by[0] must be the name of a label, not 'a b'"),
        (one(over_labels=by("__name__")), "queries[0].over_labels.by[0] must be the name of a label"),
        (one(over_labels=by("a", argument=1)), "queries[0].over_labels.argument must be left out"),
        (one(over_labels=by("a", function="quantile", argument=9)), "queries[0].over_labels.argument must be from 0 to 1, not 9"),
        (one(functions=[{"function": "exp"}]), "queries[0].functions[0].function must be one of topk"),
        (one(functions=[{"function": "topk"}]), "queries[0].functions[0].argument must be a number, not None"),
        (one(functions=[{"function": "topk", "argument": 0}]), "queries[0].functions[0].argument must be from 1"),
        (one(functions=[{"function": "abs", "argument": 2}]), "functions[0].argument must be left out"),
        (one(over_labels=by("h"), functions=[{"function": "histogram_quantile", "argument": 0.9}]), "needs the label le, not by h"),
        (one(where=[[]]), "queries[0].where[0] must have 1 to 50 entries, has 0"),
        (one(where=where(("", "=", ["1"]))), "queries[0].where[0][0].label must be the name of a label, not ''"),
        (one(where=where(("l", "==", ["1"]))), "queries[0].where[0][0].operator must be one of ="),
        (one(where=where(("l", "=", []))), "queries[0].where[0][0].values must have 1 to 200 entries"),
        (one(where=where(("l", "=", [5]))), "queries[0].where[0][0].values[0] must be text, not 5"),
        (one(where=where(("l", "include", [""]))), "values[0] must have a text to look for"),
        (one(where=where(("l", "=~", ["("]))), "queries[0].where[0][0].values[0] must be a regular expression"),
        ({"queries": [query(), query()], "expression": "a"}, "two queries have the alias 'a'"),
        (joined(""), "expression must join the queries a, b"),
        (joined("a"), "expression 'a' does not use the query 'b'"),
        (joined("a / b / c"), "expression has 'c', which is none of a, b"),
        (joined('a{x="1"} / b'), """expression has 'a{x="1"}', which is none"""),
        (joined("a / b offset 5m"), "expression has 'b offset 5m', which is none"),
        (joined("a /"), "expression 'a /': not PromQL"),
        (joined("a / on (h) b"), "expression may not say which labels match"),
        (joined("a > b"), "expression may not have 'a > b'"),
        (joined("sum(a) / b"), "expression may not have 'sum(a)'"),
        (joined("rate(a[5m]) / b"), "expression may not have 'rate(a[5m])'"),
        (joined("exp(a) / b"), "expression may not have 'exp(a)'"),
        (joined("a * Inf + b"), "expression may not have 'Inf'"),
        (joined("a + b * abs(2)"), "expected type vector"),
        (joined("a / b", ["h"], ["j"]), "joins the sides of 'a / b', grouped by different"),
        (joined("a or b", ["h"], []), "joins the sides of 'a or b', grouped by different"),
        (one() | {"expression": "+".join("a" * 400)}, "nested more than"),
        (one(where=where(*[("l", "=", ["v" * 900])] * 20)), "10000 are allowed"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_named_with_its_value(definition, named):
    with pytest.raises(InvalidInput) as error:
        to_promql(definition)

    assert named in str(error.value)
    assert error.value.fields == {"query": str(error.value)}
