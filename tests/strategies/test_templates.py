import pytest
from jinja2 import TemplateError

from bkmonitor.strategies.templates import compile_template

GIVEN = {
    "value": 91.256,
    "labels": {"instance": "web-1:9100", "job": "node"},
    "severity": "critical",
    "name": "CPU",
}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("{{ labels.instance }} is at {{ value }}", "web-1:9100 is at 91.256"),
        ("{{ value | round(1) }}", "91.3"),
        ('{{ "%.1f" | format(value) }} {{ "%.0f%%" % value }}', "91.3 91%"),
        ("{{ value * 2 ** 3 }}", "730.048"),
        ("{{ 95.0 }} {{ 1048576.0 }} {{ '%s' | format(95.0) }}", "95 1048576 95"),
        ("{{ labels }}", "instance=web-1:9100, job=node"),
        ('{{ labels.instance | replace(":9100", "") }}', "web-1"),
        ('{{ labels.instance.split(":")[0] | upper }}', "WEB-1"),
        ('{{ labels.get("rack", "no rack") }}', "no rack"),
        ("{{ labels.rack | default('?') }}", "?"),
        (
            "{% for name, text in labels.items() %}{{ name }}={{ text }};{% endfor %}",
            "instance=web-1:9100;job=node;",
        ),
        ("{% if value > 90 %}hot{% else %}warm{% endif %}", "hot"),
    ],
)
def test_what_users_write(text, shown):
    assert compile_template(text).render(GIVEN) == shown


@pytest.mark.parametrize(
    "text",
    [
        '{{ "x" * 10 ** 10 }}',
        "{{ [1] * 1000000000 }}",
        "{{ 9 ** 9 ** 9 ** 9 }}",
        '{{ "%1000000000d" % 1 }}',
        '{{ "%*d" % (1000000000, 1) }}',
        '{{ "%1000000000d" | format(1) }}',
        '{{ "{:1000000000}".format(1) }}',
        "{{ name.ljust(1000000000) }}",
        "{{ name | center(1000000000) }}",
        "{{ 1 .to_bytes(1000000000) }}",
        "{{ value | round(1000000000) }}",
        "{% for a in range(100000) %}{% endfor %}",
        "{% for a in labels %}{% for b in labels %}{% endfor %}{% endfor %}",
        "{% for a in [1] recursive %}{{ loop([1]) }}{% endfor %}",
        "{% set a = name ~ name %}{% set a = a ~ a %}",
        "{% with a = name ~ name %}{{ a }}{% endwith %}",
        "{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}",
        "{{ name" + " | replace('', name)" * 9 + " }}",
        "{{ lipsum(1000) }}",
        "{{ name.__class__.__mro__ }}",
        '{{ labels | attr("__class__") }}',
        "{% include '/etc/passwd' %}",
    ],
)
def test_nothing_runs_long_grows_large_or_looks_behind_the_scenes(text):
    with pytest.raises((TemplateError, ArithmeticError)):
        shown = compile_template(text).render(GIVEN | {"name": "x" * 100})
        assert shown == "", "an undefined value shows as nothing"
        raise TemplateError
