import contextlib

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bkmonitor.ascode.drafts import draft_strategies
from bkmonitor.ascode.rule_file import MOST_RULES, read_rules
from bkmonitor.lib.errors import InvalidInput


def test_a_rule_is_read_with_the_defaults_of_prometheus():
    (rule,) = read_rules("groups: [{name: a, rules: [{alert: X, expr: up == 0}]}]", "f")

    assert (rule.place.file, rule.place.group, rule.place.rule) == ("f", "a", "X")
    assert (rule.interval_s, rule.for_s, rule.keep_firing_s) == (60, 0, 0)
    assert not rule.wrong


def test_every_scalar_is_the_text_that_stands_there():
    text = """
groups:
- name: 1
  interval: 1m30s
  labels: {team: a, rack: ~}
  rules:
  - alert: X
    expr: 1
    for: 0
    labels: {version: 1.10, on: yes, code: 0500, team: b, empty: }
    annotations: {summary: "two\\nlines"}
"""

    (rule,) = read_rules(text, "f")

    assert rule.labels == {"team": "b", "version": "1.10", "on": "yes", "code": "0500"}
    assert (rule.expression, rule.interval_s, rule.place.line) == ("1", 90, 7)
    assert rule.annotations == {"summary": "two\nlines"}


@pytest.mark.parametrize(
    "text",
    [
        "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nspec: {groups: [{name: a, rules: [{alert: X, expr: up}]}]}",
        "namespace: a\ngroups: [{name: a, rules: [{alert: X, expr: up}]}]",
        "---\n---\ngroups:\n---\ngroups: [{name: a, rules: [{alert: X, expr: up}]}]",
    ],
)  # fmt: skip
def test_resources_and_several_documents_are_read(text):
    assert [rule.place.rule for rule in read_rules(text, "f")] == ["X"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("groups: [", "line 2"),
        ("a: b: c", "line 1: mapping values"),
        ("\0", "control characters"),
        ("[" * 100_000, "nested more than 20 deep"),
        ("- " * 100_000, "nested more than 20 deep"),
        ("x" * 2_000_000, "more than 1048576 characters"),
        ("just a text", "line 1: name: value pairs"),
        ("groups: {}", "line 1: a list"),
        ("groups: [{rules: {}}]", "line 1: a list"),
        ("groups: [a]", "name: value pairs"),
        ("route: {receiver: a}", "“route” does not belong"),
        ("groups: []\ngroups: []", "line 2: “groups” stands twice"),
        ("? [a]\n: b", "a text belongs here"),
        ("groups: &g [*g]", "name: value pairs"),
    ],
)
def test_what_is_no_rule_file_is_refused_with_its_line(text, told):
    with pytest.raises(InvalidInput, match=told):
        read_rules(text, "rules.yml")


def test_a_file_that_repeats_itself_without_end_is_refused():
    many = ", ".join(["*r"] * 5000)
    text = f"groups: [{{name: a, rules: [&r {{alert: X, expr: up}}, {many}]}}]"

    with pytest.raises(InvalidInput, match=f"more than {MOST_RULES} rules"):
        read_rules(text, "f")


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("{record: a, expr: up}", "records a series"),
        ("{expr: up}", "no name"),
        ("{alert: X, expr: up, fro: 5m}", "“fro” is not supported"),
        ("{alert: X, expr: up, for: soon}", "for: “soon”"),
        ("{alert: X, expr: up, for: -5}", "for: “-5”"),
        ("{alert: X, expr: [up]}", "expr: a text"),
        ("{alert: X, expr: up, labels: [a]}", "labels: name: value"),
        ("{alert: X, alert: Y}", "“alert” stands twice"),
        ("X", "name: value pairs"),
    ],
)
def test_what_is_wrong_of_one_rule_leaves_the_others(rule, why):
    text = f"groups: [{{name: a, rules: [{rule}, {{alert: Y, expr: up == 0}}]}}]"

    wrong, right = read_rules(text, "f")

    assert why in " ".join(wrong.wrong)
    assert not right.wrong


@pytest.mark.parametrize("field", ["type: graphite", "params: {a: [b]}", "tenant: '1'"])
def test_a_group_with_another_kind_of_query_is_refused(field):
    text = f"groups: [{{name: a, {field}, rules: [{{alert: X, expr: up}}]}}]"

    (rule,) = read_rules(text, "f")

    assert "is not supported" in rule.wrong[0]


def test_what_says_nothing_of_which_series_fire_is_left_out_and_noted():
    text = "groups: [{name: a, limit: 5, type: prometheus, rules: [{alert: X, expr: up, debug: true}]}]"  # fmt: skip

    (rule,) = read_rules(text, "f")

    assert not rule.wrong
    assert ["limit" in rule.notes[0], "debug" in rule.notes[1]] == [True, True]


KEYS = st.sampled_from(
    ["groups", "name", "rules", "interval", "alert", "record", "expr", "for", "labels", "annotations", "summary", "severity", "kind", "spec", "x"]
)  # fmt: skip
LEAVES = st.none() | st.booleans() | st.integers() | st.sampled_from(
    ["5m", "up == 0", "critical", "{{ $value }}", "{{", "PrometheusRule", ""]
)  # fmt: skip
TREES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
)  # fmt: skip
RULES = st.lists(st.dictionaries(KEYS, TREES, max_size=5), max_size=3)


@given(TREES | RULES.map(lambda rules: {"groups": [{"name": "g", "rules": rules}]}))
def test_whatever_stands_in_a_file_is_read_or_refused(tree):
    with contextlib.suppress(InvalidInput):
        rules = read_rules(yaml.safe_dump(tree), "f")

        assert sum(len(draft.rules) for draft in draft_strategies(rules)) == len(rules)


@given(st.text())
def test_whatever_text_is_given_is_read_or_refused(text):
    with contextlib.suppress(InvalidInput):
        read_rules(text, "f")
