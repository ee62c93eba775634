import pytest

from bkmonitor.metrics.tsdb.dialect import phrase


@pytest.mark.parametrize(
    ("promql", "said"),
    [
        ("m", "default_rollup(m[5m])"),
        ("m offset 5m", "default_rollup(m[5m] offset 5m)"),
        (
            'm{a=" offset 1h"} @ 60 offset -3m',
            'default_rollup(m{a=" offset 1h"}[5m] @ 60.000 offset -3m)',
        ),
        ('{__name__=~"a.*"}', 'default_rollup({__name__=~"a.*"}[5m])'),
        ("rate(m[1m])", "rate(m[1m])"),
        ("rate(m[1m] offset 1w)", "rate(m[1m] offset 1w)"),
        ("max_over_time(m[1h:1m])", "max_over_time(default_rollup(m[5m])[1h:1m])"),
        (
            "sum by (a) (m) / on (a) group_left (b) n > bool 5",
            "sum by (a) (default_rollup(m[5m])) / on (a) group_left (b)"
            " default_rollup(n[5m]) > bool 5",
        ),
        (
            "topk(scalar(k), m)",
            "topk(scalar(default_rollup(k[5m])), default_rollup(m[5m]))",
        ),
        ("increase(m[1h])", "(rate(m[1h]) * 3600.0)"),
        ("increase((m[1h]))", "(rate(m[1h]) * 3600.0)"),
        (
            "delta(m[90s:10s] offset 5m)",
            "(deriv_fast(default_rollup(m[5m])[1m30s:10s] offset 5m) * 90.0)",
        ),
        ("changes(m[5m])", "changes_prometheus(m[5m])"),
        ("timestamp(m)", "(timestamp(m[5m]) and default_rollup(m[5m]))"),
        ("timestamp(abs(m))", "timestamp(abs(default_rollup(m[5m])))"),
        ("absent(m)", "absent(default_rollup(m[5m]))"),
        ("absent(sum(m))", "absent(sum(default_rollup(m[5m])))"),
        (
            'absent(m{a="x\\"y",b=~"z",c="1",c="2"})',
            'label_set(absent(default_rollup(m{a="x\\"y",b=~"z",c="1",c="2"}[5m]))'
            ',"a","x\\"y")',
        ),
        (
            "double_exponential_smoothing(m[1h], 0.5, 0.5)",
            "holt_winters(m[1h], 0.5, 0.5)",
        ),
        ("vector(time())", "vector(time())"),
        (
            'label_replace(hole_0, "a", "hole_1", "b", "(.*)") + hole__1',
            'label_replace(default_rollup(hole_0[5m]), "a", "hole_1", "b", "(.*)")'
            " + default_rollup(hole__1[5m])",
        ),
        ('m{a="hol\\u0065_0"} + n', 'default_rollup(m{a="hole_0"}[5m]) + default_rollup(n[5m])'),
    ],
)  # fmt: skip
def test_an_expression_is_said_so_that_each_point_depends_on_its_moment(promql, said):
    phrased = phrase(promql)

    assert " ".join(phrased.text.split()) == said
    assert phrased.lookback == "1ms"
    assert phrased.splittable


def test_what_is_no_promql_is_asked_as_it_is():
    phrased = phrase("rate(m)")

    assert (phrased.text, phrased.lookback) == ("rate(m)", "5m")
    assert not phrased.splittable


@pytest.mark.parametrize(
    "promql", ["m @ end()", "rate(m[5m] @ start())", "max_over_time(m[1h:1m] @ end())"]
)
def test_what_looks_at_the_ends_of_the_range_cannot_be_asked_in_pieces(promql):
    assert not phrase(promql).splittable
