"""Structured queries, answered by VictoriaMetrics and by Prometheus as by hand."""

import json
import math
import subprocess
import time
import urllib.parse
import urllib.request

import pytest

from bkmonitor.lib.quoting import quote
from bkmonitor.strategies.structured import from_promql, to_promql
from tests import servers

pytestmark = pytest.mark.journey

# Whole hours ago, so that every minute of the samples is one of the clock.
BEGIN = int(time.time()) // 3600 * 3600 - 6 * 3600
NOW = BEGIN + 600
AWKWARD = ["a.b", "aXb", "x(1)", 'say "hi"', r"back\slash", "中文", "a|b", ""]


def minutes(name, values, **labels):
    """Return the samples of a series, one a minute from BEGIN on."""
    shown = ",".join(f"{label}={quote(value)}" for label, value in labels.items())
    return [
        (f"{name}{{{shown}}}", value, BEGIN + 60 * number)
        for number, value in enumerate(values)
    ]


def steady(name, value, **labels):
    return minutes(name, [value] * 11, **labels)


SAMPLES = [
    minutes("gauge", [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5]),
    minutes("requests", range(0, 660, 60)),
    minutes("restarted", [0, 10, 20, 30, 40, 50, 60, 5, 15, 2, 12]),
    steady("answers", 1, code="500", host="a"),
    steady("answers", 2, code="503", host="b"),
    steady("answers", 4, code="200", host="a"),
    steady("answers", 8, code="500", host="b"),
    minutes("served", range(0, 660, 60), code="500", host="a"),
    minutes("served", range(0, 1320, 120), code="200", host="b"),
    minutes("served", range(0, 2640, 240), code="500", host="b"),
    steady("capacity", 10, host="a"),
    steady("capacity", 20, host="b"),
    steady("total", 100),
    steady("took_bucket", 10, le="1"),
    steady("took_bucket", 30, le="2"),
    steady("took_bucket", 40, le="+Inf"),
    steady("below", -2.6),
    steady("sum", 11),
    steady("seven", 7),
    steady("two", 2),
    steady("lines", 1, v="two\nlines"),
    *(steady("awkward", number, v=value) for number, value in enumerate(AWKWARD)),
]


@pytest.fixture(scope="module")
def victoria_metrics(tmp_path_factory):
    with servers.victoria_metrics(tmp_path_factory.mktemp("vm")) as server:
        lines = [f"{series} {value} {at * 1000}\n" for each in SAMPLES for series, value, at in each]  # fmt: skip
        url = f"{server.url}/api/v1/import/prometheus"
        urllib.request.urlopen(url, "".join(lines).encode(), timeout=10).close()  # noqa: S310
        servers.wait_for(
            lambda: ask(server, one(metric="two")), what="samples in VictoriaMetrics"
        )
        yield server


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("prometheus")
    lines = [f"{series} {value} {at}\n" for each in SAMPLES for series, value, at in each]  # fmt: skip
    file = folder / "samples.om"
    file.write_text("".join(lines) + "# EOF\n")
    command = [servers.need("promtool"), "tsdb", "create-blocks-from", "openmetrics"]
    subprocess.run([*command, file, folder / "tsdb"], check=True, capture_output=True)
    with servers.prometheus(folder) as server:
        yield server


@pytest.fixture(params=["victoria_metrics", "prometheus"])
def store(request):
    return request.getfixturevalue(request.param)


def ask(store, definition):
    """Return value by labels; the text that comes back from reading must be the same."""
    text = to_promql(definition)
    assert to_promql(from_promql(text)) == text
    fields = urllib.parse.urlencode({"query": text, "time": NOW, "nocache": 1})
    with urllib.request.urlopen(f"{store.url}/api/v1/query?{fields}", timeout=10) as answer:  # fmt: skip # noqa: S310
        result = json.load(answer)["data"]["result"]
    return {
        " ".join(
            f"{label}={value}"
            for label, value in sorted(row["metric"].items())
            if label != "__name__"
        ): float(row["value"][1])
        for row in result
    }


def one(**parts):
    return {"queries": [{"alias": "a"} | parts]}


def over_time(function, window_s):
    return {"over_time": {"function": function, "window_s": window_s}}


def over_labels(function, *by, **parts):
    return {"over_labels": {"function": function, "by": [*by]} | parts}


def where(*groups):
    return {
        "where": [
            [{"label": label, "operator": operator, "values": values}]
            for label, operator, values in groups
        ]
    }


def joined(expression, *queries, **parts):
    named = [{"alias": alias} | query for alias, query in zip("abc", queries, strict=False)]  # fmt: skip
    return {"queries": named, "expression": expression} | parts


# The five samples after the left edge, which one store counts in and one does not.
@pytest.mark.parametrize(
    ("function", "value"),
    [("avg", 4.2), ("min", 2), ("max", 6), ("sum", 21), ("count", 5), ("last", 5)],
)
def test_over_time(store, function, value):
    answer = ask(store, one(metric="gauge", **over_time(function, 270)))

    assert answer == {"": pytest.approx(value)}


@pytest.mark.parametrize(
    ("metric", "function", "value"),
    [
        ("requests", "rate", 1),
        ("requests", "increase", 300),
        ("requests", "irate", 1),
        ("requests", "deriv", 1),
        ("requests", "resets", 0),
        ("restarted", "rate", 37 / 300),  # 10 + 5 + 10 + 2 + 10 in five minutes
        ("restarted", "increase", 37),
        ("restarted", "resets", 2),
        ("gauge", "delta", -4),
        ("gauge", "changes", 5),
    ],
)
def test_functions_of_a_window(store, metric, function, value):
    answer = ask(store, one(metric=metric, **over_time(function, 300)))

    assert answer == {"": pytest.approx(value)}


@pytest.mark.parametrize(
    ("function", "parts", "value"),
    [
        ("sum", {}, 15),
        ("avg", {}, 3.75),
        ("min", {}, 1),
        ("max", {}, 8),
        ("count", {}, 4),
        ("stddev", {}, math.sqrt(115) / 4),
        ("quantile", {"argument": 0.5}, 3),
    ],
)
def test_over_labels(store, function, parts, value):
    answer = ask(store, one(metric="answers", **over_labels(function, **parts)))

    assert answer == {"": pytest.approx(value)}


def test_grouped(store):
    by_host = ask(store, one(metric="answers", **over_labels("sum", "host")))
    by_both = ask(store, one(metric="answers", **over_labels("sum", "host", "code")))

    assert by_host == {"host=a": 5, "host=b": 10}
    assert len(by_both) == 4


@pytest.mark.parametrize(
    ("metric", "function", "value"),
    [
        ("below", "abs", 2.6),
        ("below", "ceil", -2),
        ("below", "floor", -3),
        ("below", "round", -3),
        ("below", "sgn", -1),
        ("total", "sqrt", 10),
        ("total", "log10", 2),
        ("total", "ln", math.log(100)),
        ("total", "log2", math.log2(100)),
    ],
)
def test_functions_of_values(store, metric, function, value):
    answer = ask(store, one(metric=metric, functions=[{"function": function}]))

    assert answer == {"": pytest.approx(value)}


def test_the_first_and_the_last(store):
    def pick(function, number):
        functions = [{"function": function, "argument": number}]
        return ask(store, one(metric="answers", functions=functions))

    assert pick("topk", 1) == {"code=500 host=b": 8}
    assert sorted(pick("bottomk", 2).values()) == [1, 2]


def test_a_quantile_of_a_histogram(store):
    # 20 of 40 are half way from the 10 below 1 to the 30 below 2.
    functions = [{"function": "histogram_quantile", "argument": 0.5}]

    answer = ask(store, one(metric="took_bucket", functions=functions, **over_labels("sum", "le")))  # fmt: skip

    assert answer == {"": pytest.approx(1.5)}


def test_as_it_was_before(store):
    assert ask(store, one(metric="gauge", shift_s=300)) == {"": 9}
    assert ask(store, one(metric="gauge", shift_s=60) | {"shift_s": 60}) == {"": 5}
    assert ask(
        store,
        joined("a - b", {"metric": "gauge"}, {"metric": "gauge", "shift_s": 60}, shift_s=240),
    ) == {"": 2 - 9}  # fmt: skip


def test_groups_of_conditions_count_a_series_but_once(store):
    groups = where(("code", "=", ["500"]), ("host", "=", ["b"]))

    every = ask(store, one(metric="answers", **groups))
    total = ask(store, one(metric="answers", **groups, **over_labels("sum")))
    by_code = ask(store, one(metric="answers", **groups, **over_labels("sum", "code")))
    rates = ask(store, one(metric="served", **groups, **over_time("rate", 300), **over_labels("sum")))  # fmt: skip

    assert sorted(every.values()) == [1, 2, 8]
    assert total == {"": 11}
    assert by_code == {"code=500": 9, "code=503": 2}
    assert rates == {"": pytest.approx(1 + 2 + 4)}


@pytest.mark.parametrize(
    ("operator", "values", "found"),
    [
        ("=", ["a.b"], ["a.b"]),
        ("=", ["a.b", "a|b"], ["a.b", "a|b"]),
        ("=", ["", "中文"], ["", "中文"]),
        ("!=", ["a.b", "aXb", ""], [v for v in AWKWARD if v not in ("a.b", "aXb", "")]),
        ("=~", ["a.b"], ["a.b", "aXb", "a|b"]),
        ("=~", ["(?i)AxB", "中."], ["aXb", "中文"]),
        ("!~", [".+"], [""]),
        ("include", ["."], ["a.b"]),
        ("include", ["(1"], ["x(1)"]),
        ("include", ['"hi'], ['say "hi"']),
        ("include", ["\\"], [r"back\slash"]),
        ("include", ["|", "文"], ["a|b", "中文"]),
        ("exclude", ["a", "x", "l"], ["中文", ""]),
    ],
)
def test_a_condition_finds_what_it_says_and_nothing_else(
    store, operator, values, found
):
    answer = ask(store, one(metric="awkward", **where(("v", operator, values))))

    numbers = sorted(AWKWARD.index(value) for value in found)
    assert sorted(answer.values()) == numbers


def test_a_value_of_two_lines_is_found_whole(store):
    two_lines = where(("v", "=", ["two\nlines"]))

    assert list(ask(store, one(metric="lines", **two_lines)).values()) == [1]


def test_a_metric_with_the_name_of_a_function(store):
    assert ask(store, one(metric="sum")) == {"": 11}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("a + b * 10", 7 + 2 * 10),
        ("(a + b) * 10", (7 + 2) * 10),
        ("a - b - 1", (7 - 2) - 1),
        ("a - (b - 1)", 7 - (2 - 1)),
        ("a / b / 2", (7 / 2) / 2),
        ("a / b * 100", (7 / 2) * 100),
        ("a * b % 4", (7 * 2) % 4),
        ("a * (b % 4)", 7 * (2 % 4)),
        ("b ^ 3 ^ b + 0 * a", 2 ** (3**2)),
        ("(b ^ 3) ^ b + 0 * a", (2**3) ** 2),
        ("-b ^ b + a", -(2**2) + 7),
        ("(-b) ^ b + a", (-2) ** 2 + 7),
        ("-b * a", -14),
        ("a - -b", 9),
        ("a * -1 + b", -5),
        ("-(a - b)", -5),
        ("abs(b - a) * 2", 10),
        ("10 - a - b", 1),
        ("1.5e2 + a + b", 159),
        ("a and b", 7),
        ("a unless b or b", 2),
        ("a or b + 1", 7),
        ("a + (b or a)", 9),
    ],
)
def test_precedence(store, expression, value):
    answer = ask(store, joined(expression, {"metric": "seven"}, {"metric": "two"}))

    assert answer == {"": pytest.approx(value)}


ANSWERS = {"metric": "answers"}
BY_BOTH = ANSWERS | over_labels("sum", "host", "code")
BY_HOST = ANSWERS | over_labels("sum", "host")
CAPACITY = {"metric": "capacity"} | over_labels("max", "host")
TOTAL = {"metric": "total"} | over_labels("sum")


@pytest.mark.parametrize(
    ("left", "right", "quotients"),
    [
        (BY_HOST, CAPACITY, {"host=a": 5 / 10, "host=b": 10 / 20}),
        (BY_BOTH, CAPACITY, {"code=500 host=a": 1 / 10, "code=200 host=a": 4 / 10, "code=503 host=b": 2 / 20, "code=500 host=b": 8 / 20}),
        (CAPACITY, BY_BOTH, {"code=500 host=a": 10, "code=200 host=a": 10 / 4, "code=503 host=b": 10, "code=500 host=b": 20 / 8}),
        (BY_HOST, TOTAL, {"host=a": 5 / 100, "host=b": 10 / 100}),
        (TOTAL, BY_HOST, {"host=a": 100 / 5, "host=b": 100 / 10}),
        (ANSWERS, CAPACITY, {"code=500 host=a": 1 / 10, "code=200 host=a": 4 / 10, "code=503 host=b": 2 / 20, "code=500 host=b": 8 / 20}),
        (ANSWERS, ANSWERS, {"code=500 host=a": 1, "code=200 host=a": 1, "code=503 host=b": 1, "code=500 host=b": 1}),
    ],
    ids=["same", "left finer", "right finer", "right one", "left one", "not grouped", "both not grouped"],
)  # fmt: skip
def test_series_meet_by_the_labels_of_the_coarser_side(store, left, right, quotients):
    answer = ask(store, joined("a / b", left, right))

    assert answer == {labels: pytest.approx(value) for labels, value in quotients.items()}  # fmt: skip


def test_and_or_unless_over_groups(store):
    def names(expression, *queries):
        return sorted(ask(store, joined(expression, *queries)))

    part = CAPACITY | where(("host", "=", ["a"]))

    assert names("a and b", BY_BOTH, part) == ["code=200 host=a", "code=500 host=a"]
    assert names("a unless b", BY_BOTH, part) == ["code=500 host=b", "code=503 host=b"]
    assert names("a or b", part, BY_HOST) == ["host=a", "host=b"]
    assert names("a and b", part, BY_BOTH) == ["host=a"]


def test_the_joined_result_goes_through_functions(store):
    functions = [{"function": "abs"}, {"function": "topk", "argument": 1}]

    answer = ask(store, joined("a - b", BY_HOST, CAPACITY, functions=functions))

    assert answer == {"host=b": 10}
