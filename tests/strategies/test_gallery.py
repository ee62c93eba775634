"""Every template by itself; what they say of real exporters is a journey."""

import re

import pytest
from django.utils.translation import gettext, override

from bkmonitor.evaluation.texts import render_texts
from bkmonitor.evaluation.verdict import Source
from bkmonitor.lib.errors import NotFound
from bkmonitor.strategies.definition import limit_lines, parse_definition
from bkmonitor.strategies.gallery.catalogue import SUBJECTS, find_template, templates
from bkmonitor.strategies.promql import check_expression, parse_expression
from bkmonitor.strategies.schema import check_strategy

ALL = list(templates())
each = pytest.mark.parametrize("template", ALL, ids=lambda one: one.key)
LABEL = re.compile(r"labels\.(\w+)")
# Labels that a text may name though the expression does not: the metric has them.
OF_METRICS = {"instance", "job", "device", "mountpoint", "deployment", "namespace"}
OF_METRICS |= {"daemonset"}


def texts_of(template):
    names = ("summary", "description")
    return [str(template.strategy.get(name, "")) for name in names]


@each
def test_a_template_is_a_sound_strategy(template):
    check_strategy(template.fields)
    check_expression(template.strategy["expression"])


@each
def test_its_texts_are_filled_in(template):
    labels = {name: f"the-{name}" for text in texts_of(template) for name in LABEL.findall(text)}  # fmt: skip
    source = Source(
        "strategy", 1, template.title, 1, {}, *texts_of(template), runbook_url=""
    )

    summary, description = render_texts(source, labels, 12.5, 1)

    assert "{" not in summary + description
    assert "[" not in summary + description


@each
def test_its_texts_name_only_labels_that_its_series_have(template):
    aggregated = re.search(r"by \(([\w, ]+)\)", template.strategy["expression"])
    kept = set(aggregated[1].split(", ")) if aggregated else OF_METRICS

    named = {name for text in texts_of(template) for name in LABEL.findall(text)}

    assert named <= kept


@each
def test_critical_is_beyond_warning(template):
    lines = limit_lines(template.strategy["levels"])
    critical = [line for line in lines if line.severity == 1]
    warning = [line for line in lines if line.severity == 2]

    for one in critical:
        for other in warning:
            if "<" in one.operator:
                assert one.value <= other.value
            else:
                assert one.value >= other.value
    forecasts = {
        level["severity"]: detector["horizon_s"]
        for level in template.strategy["levels"]
        for detector in level["detectors"]
        if detector["kind"] == "forecast"
    }
    assert not forecasts or forecasts[1] < forecasts[2]


@each
def test_it_says_which_metrics_it_needs(template):
    assert template.metrics


@each
def test_people_read_it_in_chinese(template, catalogue):
    with override("zh-hans"):
        assert gettext(template.title) != template.title
        assert gettext(template.about) != template.about


@each
def test_its_limits_are_stated_in_its_unit(template):
    expression, unit = template.strategy["expression"], template.strategy.get("unit")

    assert ("100 *" in expression or "* 100" in expression) == (unit == "percent")
    assert unit == "bytes" or "_bytes" not in expression or unit == "percent"


def test_names_and_keys_are_unique():
    assert len({one.key for one in ALL}) == len(ALL)
    assert len({one.title for one in ALL}) == len(ALL)
    assert len({subject.key for subject in SUBJECTS}) == len(SUBJECTS)


def test_what_is_down_is_told_even_when_its_exporter_is_gone_too():
    down = [one for one in ALL if one.key.endswith("-down")]

    policies = {one.key: one.strategy.get("no_data", {}).get("policy") for one in down}

    assert len(down) == 5
    assert set(policies.values()) == {"series"}


@pytest.mark.parametrize(
    "key", ["crash-loop", "pod-not-ready", "deployment", "daemonset", "job-failed"]
)
def test_what_is_deleted_has_no_problem_any_more(key):
    fields = find_template(f"kubernetes-{key}").fields

    assert parse_definition(fields).absent_is_normal


def test_metrics_are_those_of_the_expression_in_all_its_parts():
    assert find_template("postgresql-connections").metrics == {
        "pg_stat_activity_count",
        "pg_settings_max_connections",
    }
    assert parse_expression(find_template("host-cpu").strategy["expression"])


def test_a_template_that_there_is_not_is_not_found():
    with pytest.raises(NotFound, match="there is no template 'nothing'"):
        find_template("nothing")
