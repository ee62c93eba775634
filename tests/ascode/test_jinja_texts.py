import pytest

from bkmonitor.ascode.go_pipelines import Unsupported
from bkmonitor.ascode.go_templates import translate_text
from bkmonitor.ascode.jinja_texts import write_go

SETTLED = {"severity": "critical", "name": "CPU"}


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("{{ labels.job }} at {{ value }}", "{{ $labels.job }} at {{ $value }}"),
        ('{{ labels["a-b"] }} {{ labels["job"] }}', '{{ index $labels "a-b" }} {{ $labels.job }}'),
        ('{{ labels.get("items", "") }} {{ labels.get("rack", "?") }}', '{{ $labels.items }} {{ or $labels.rack "?" }}'),
        ("{{ labels.rack | default('?') | upper }}", '{{ toUpper (or $labels.rack "?") }}'),
        ("{{ value | humanize }}", "{{ humanize $value }}"),
        ("{{ value | round(1) }} {{ value | round }}", '{{ printf "%.1f" $value }} {{ printf "%.0f" $value }}'),
        ('{{ "%.1f%% of %s" | format(value, labels.job) }}', '{{ printf "%.1f%% of %v" $value $labels.job }}'),
        ('{{ "%d" % value }} {{ "%g" % value }}', '{{ printf "%.0f" $value }} {{ printf "%.6g" $value }}'),
        ("{{ name }} is {{ severity }}", '{{ "CPU" }} is {{ "critical" }}'),
        ("{{ name ~ value }}", '{{ printf "%v%v" "CPU" $value }}'),
        ("{% if value > 90 %}hot{% elif labels.job in ('a', 'b') %}b{% else %}c{% endif %}", '{{ if gt $value 90.0 }}hot{{ else if eq $labels.job "a" "b" }}b{{ else }}c{{ end }}'),
        ("{% if not (value >= 3 or value < 1) %}x{% endif %}", "{{ if not (or (ge $value 3.0) (lt $value 1.0)) }}x{{ end }}"),
        ("{{ 'hot' if value > 3 else 'warm' }}", '{{ if gt $value 3.0 }}{{ "hot" }}{{ else }}{{ "warm" }}{{ end }}'),
        ('{{ "{{" }} {{ -3.5 | humanize }}', '{{ "{{" }} {{ humanize -3.5 }}'),
        ("{% raw %}{{ x }}{% endraw %}{# a remark #}", '{{ "{{" }} x }}'),
    ],
)  # fmt: skip
def test_our_texts_become_go_templates(ours, theirs):
    assert write_go(ours, SETTLED) == theirs


@pytest.mark.parametrize(
    "text",
    [
        "{{ value * 2 }}",
        "{% for a in labels %}{% endfor %}",
        "{{ labels.job.upper() }}",
        "{{ value | int }}",
        "{{ value | round(1, 'floor') }}",
        "{{ '%x' % value }}",
        "{{ foo }}",
        "{{ foo.bar }}",
        "{{ labels[name] }}",
        "{{ value is defined }}",
        "{{ 1 < value < 3 }}",
        "{{ none }}",
        "{{ labels.job | replace('a', 'b') }}",
        "{{ labels.job in 'abc' }}",
        "{{ unclosed",
    ],
)
def test_what_go_has_no_words_for_is_said(text):
    with pytest.raises(Unsupported):
        write_go(text, SETTLED)


@pytest.mark.parametrize(
    "theirs",
    [
        "{{ $labels.job }}: {{ humanize $value }}",
        '{{ printf "%.1f%%" $value }}',
        "{{ if gt $value 90.0 }}hot{{ else }}warm{{ end }}",
        '{{ toUpper (index $labels "a-b") }} {{ $labels.items }}',
        '{{ or $labels.rack "?" }}',
    ],
)
def test_there_and_back_is_where_it_began(theirs):
    assert write_go(translate_text(theirs).text, SETTLED) == theirs
