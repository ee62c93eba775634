from dataclasses import dataclass
from typing import ClassVar

import pytest

from bkmonitor.ascode.rule_writer import write_rule_file
from bkmonitor.ascode.rules_out import export_strategy, rules_of
from bkmonitor.detection import registry
from bkmonitor.strategies.models import Strategy
from bkmonitor.strategies.promql import check_expression
from tests.factories import make_level

ABOVE_90 = [{"operator": ">", "value": 90.0}]
BELOW_5 = [{"operator": "<", "value": 5.5}]
BETWEEN = [{"operator": ">=", "value": 10.0}, {"operator": "<", "value": 20.0}]


def strategy(**fields):
    """Return a strategy that was never stored: nothing here asks the database."""
    defaults = {"name": "CPU", "expression": "cpu", "levels": [make_level(1, ">", 90)]}
    return Strategy(**defaults | fields)


def threshold(*groups):
    return {"kind": "threshold", "any_of": list(groups)}


def level(*detectors, **fields):
    return {"severity": 1, "detectors": list(detectors), **fields}


PRESENT = {"kind": "present"}


@pytest.mark.parametrize(
    ("expression", "one", "written"),
    [
        ("cpu", level(threshold(ABOVE_90)), "cpu > 90"),
        ("a / b", level(threshold(ABOVE_90)), "(a / b) > 90"),
        ("rate(a[5m])", level(threshold(BELOW_5)), "rate(a[5m]) < 5.5"),
        ("sum by (x) (a)", level(threshold(BETWEEN)), "sum by (x) (a) >= 10 < 20"),
        ("cpu", level(threshold(ABOVE_90, BELOW_5)), "(cpu > 90) or (cpu < 5.5)"),
        ("cpu", level(threshold(ABOVE_90), threshold(BELOW_5)), "(cpu > 90) and (cpu < 5.5)"),
        ("cpu", level(threshold(ABOVE_90), threshold(BELOW_5), match="any"), "(cpu > 90) or (cpu < 5.5)"),
        ("cpu > 1", level(PRESENT), "cpu > 1"),
        ("cpu", level(PRESENT, threshold(ABOVE_90)), "cpu > 90"),
        ("cpu", level(PRESENT, threshold(ABOVE_90), match="any"), "cpu"),
        ("cpu", level(PRESENT, PRESENT), "cpu"),
        ("cpu", level(threshold(ABOVE_90), expression="gpu"), "gpu > 90"),
        ("time() - 5", level(threshold(ABOVE_90)), "vector(time() - 5) > 90"),
        ("cpu # all of it", level(threshold(ABOVE_90)), "(cpu # all of it\n) > 90"),
        ("cpu", level(threshold([{"operator": "==", "value": -1e22}])), "cpu == -1e+22"),
    ],
)  # fmt: skip
def test_a_level_becomes_an_expression_that_returns_what_fires(
    expression, one, written
):
    (rule,) = export_strategy(strategy(expression=expression, levels=[one])).rules

    assert rule.expression == written
    check_expression(written)


def test_each_severity_is_a_rule_with_its_own_trigger():
    own = {"count": 3, "window": 3, "recovery": 1}
    levels = [make_level(1, ">", 90), make_level(2, ">", 80, trigger=own)]
    given = strategy(levels=levels, recovery_window=6, labels={"team": "a"})

    critical, warning = export_strategy(given).rules

    assert (critical.for_s, critical.keep_firing_s) == (0, 300)
    assert (warning.for_s, warning.keep_firing_s) == (120, 0)
    assert critical.labels == {"severity": "critical", "team": "a"}
    assert warning.labels == {"severity": "warning", "team": "a"}


def test_texts_become_templates_and_what_only_looks_like_one_stays():
    given = strategy(
        summary="{{ labels.job }} is {{ severity }}",
        runbook_url="https://wiki.example.org/{{x}}",
        labels={"severity": "page", "a": "{{ b }}"},
    )

    (rule,) = export_strategy(given).rules

    assert rule.annotations == {
        "summary": '{{ $labels.job }} is {{ "critical" }}',
        "runbook_url": 'https://wiki.example.org/{{ "{{" }}x}}',
    }
    assert rule.labels == {"severity": "page", "a": '{{ "{{" }} b }}'}


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"levels": [make_level(1, ">", 90, over_when=[BELOW_5])]}, "own condition for the end"),
        ({"trigger_count": 3, "trigger_window": 5}, "3 of 5 evaluations became 3 in a row"),
        ({"no_data": {"policy": "series", "after": 3}}, "missing data"),
        ({"active_time": {"timezone": "UTC", "weekly": []}}, "active time"),
        ({"flap_count": 4, "flap_window_s": 600}, "flapping, from 4 changes within 10 min on"),
        ({"late_periods": 5}, "5 late evaluations"),
        ({"delay_s": 90}, "evaluating 90 s later"),
        ({"unit": "bytes"}, "the unit “bytes”"),
        ({"description": "{{ value * 2 }}"}, "description: Prometheus has no “mul”: {{ value * 2 }}"),
    ],
)  # fmt: skip
def test_what_prometheus_has_no_words_for_is_said(fields, told):
    exported = export_strategy(strategy(**fields))

    assert told in exported.left_out[0]
    assert len(exported.rules) == 1


def test_what_the_head_of_the_file_says_is_not_said_of_each():
    assert export_strategy(strategy()).left_out == []
    assert export_strategy(strategy(flap_count=0)).left_out == []


@dataclass(frozen=True)
class Odd:
    """A detector that no expression stands for."""

    kind: ClassVar[str] = "odd"


def test_a_detector_without_an_expression_leaves_the_other_levels(monkeypatch):
    monkeypatch.setattr(registry, "KINDS", {**registry.KINDS, "odd": Odd})
    odd = {"severity": 2, "detectors": [{"kind": "odd"}]}
    given = strategy(levels=[make_level(1, ">", 90), odd])

    exported = export_strategy(given)

    assert [rule.severity for rule in exported.rules] == [1]
    assert "warning: the detector “odd” is not expressible" in exported.left_out[0]
    assert [rule.expression for rule in rules_of(given)] == ["cpu > 90", "cpu"]


def test_a_composite_strategy_is_no_rule():
    exported = export_strategy(strategy(kind="composite"))

    assert exported.rules == []
    assert "over other strategies" in exported.left_out[0]


def test_what_is_sound_no_more_is_said_and_stops_nothing():
    given = strategy(levels=[{"severity": 7}])

    assert "severity 7" in export_strategy(given).left_out[0]
    assert rules_of(given) == []


def test_a_file_has_a_group_for_each_strategy_and_remarks_for_the_rest():
    text = write_rule_file(
        [
            strategy(name="off", enabled=False),
            strategy(name="a: b", description="two\nlines", trigger_count=2, trigger_window=2),
            strategy(name="both\nlines", kind="composite"),
        ]
    )  # fmt: skip

    assert (
        text
        == """\
# Flapping and late data are judged by the service alone.
# “off” is switched off.
groups:
  - name: 'a: b'
    interval: 1m
    rules:
      - alert: 'a: b'
        expr: cpu > 90
        for: 1m
        labels:
          severity: critical
        annotations:
          description: |-
            two
            lines
# both lines: a condition over other strategies is not expressible
"""
    )


def test_a_file_of_nothing_is_a_rule_file_too():
    assert write_rule_file([]).endswith("groups: []\n")
