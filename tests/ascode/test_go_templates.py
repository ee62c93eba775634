import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bkmonitor.ascode.go_templates import translate_text
from bkmonitor.strategies.templates import compile_template

GIVEN = {
    "value": 95.5,
    "labels": {"instance": "web-1:9100", "job": "node", "values": "v", "ratio": "0.5"},
}


@pytest.mark.parametrize(
    ("theirs", "ours", "shown"),
    [
        ("no template", "no template", "no template"),
        ("{{ $value }}|{{.Value}}|{{ $.Value }}", "{{ value }}|{{ value }}|{{ value }}", "95.5|95.5|95.5"),
        ("{{ $labels.job }} {{ .Labels.job }}", "{{ labels.job }} {{ labels.job }}", "node node"),
        ("{{ $labels.nowhere }}.", "{{ labels.nowhere }}.", "."),
        ('{{ index $labels "job" }}', "{{ labels.job }}", "node"),
        ('{{ index .Labels "a-b" }}.', '{{ labels["a-b"] }}.', "."),
        ("{{ $labels.values }}", '{{ labels.get("values", "") }}', "v"),
        ("{{ $labels }}", "{{ labels }}", "instance=web-1:9100, job=node, ratio=0.5, values=v"),
        ("{{ $value | humanize }}", "{{ value | humanize }}", "95.5"),
        ("{{ humanizeDuration $value }}", "{{ value | humanizeDuration }}", "1m 35s"),
        ("{{ humanizePercentage (index $labels `ratio`) }}", "{{ labels.ratio | humanizePercentage }}", "50%"),
        ('{{ printf "%.2f%%" $value }}', '{{ "%.2f%%" | format(value) }}', "95.50%"),
        ('{{ $value | printf "%.0f" }}', '{{ "%.0f" | format(value) }}', "96"),
        ('{{ printf "%s: %v" $labels.job (humanize $value) | toUpper }}', '{{ ("%s: %s" | format(labels.job, value | humanize)) | upper }}', "NODE: 95.5"),
        ("{{ $labels.instance | stripPort | title }}", "{{ labels.instance | stripPort | title }}", "Web-1"),
        ("{{ -3.5 | humanize }}", "{{ (-3.5) | humanize }}", "-3.5"),
        ('{{ or $labels.rack "nowhere" }}', '{{ labels.rack or "nowhere" }}', "nowhere"),
        ('{{ "say \\"}}\\"" }}', '{{ "say \\"}}\\"" }}', 'say "}}"'),
        ("{{ if gt $value 90.0 }}hot{{ else }}warm{{ end }}", "{% if value > 90.0 %}hot{% else %}warm{% endif %}", "hot"),
        ('{{ if eq $labels.job "a" "node" }}x{{ end }}', '{% if labels.job in ("a", "node") %}x{% endif %}', "x"),
        ("{{ if and (lt $value 1.0) (not $labels.job) }}x{{ else if ne $labels.job `a` }}y{{ end }}", '{% if (value < 1.0) and (not labels.job) %}x{% elif labels.job != "a" %}y{% endif %}', "y"),
        ("a {{- /* no word of it */ -}} b", "ab", "ab"),
        ("a {{- $value -}} b", "a{{ value }}b", "a95.5b"),
        ("100 {% of {# it", '100 {{ "{%" }} of {{ "{#" }} it', "100 {% of {# it"),
    ],
)  # fmt: skip
def test_what_is_used_in_practice_says_the_same(theirs, ours, shown):
    translated = translate_text(theirs)

    assert (translated.text, translated.left) == (ours, ())
    assert compile_template(ours).render(GIVEN) == shown


@pytest.mark.parametrize(
    ("theirs", "shown", "what"),
    [
        ('{{ $labels.job }}: {{ query "up" | first | value }}', 'node: {{ query "up" | first | value }}', "query"),
        ("{{ $labels.job }} {{ range query `up` }}{{ if .Value }}a{{ end }}{{ end }}", "node {{ range query `up` }}{{ if .Value }}a{{ end }}{{ end }}", "range"),
        ('{{ if match "a+" $labels.job }}{{ $value }}{{ else }}b{{ end }}', '{{ if match "a+" $labels.job }}{{ $value }}{{ else }}b{{ end }}', "match"),
        ("{{ with $labels.job }}{{ . }}{{ end }}", "{{ with $labels.job }}{{ . }}{{ end }}", "with"),
        ("{{ $x := $value }}", "{{ $x := $value }}", "$x"),
        ("{{ $externalURL }}", "{{ $externalURL }}", "$externalURL"),
        ("{{ $labels.__name__ }}", "{{ $labels.__name__ }}", "metric's name"),
        ("{{ .Labels.a.b }}", "{{ .Labels.a.b }}", ".Labels.a.b"),
        ("{{ printf $labels.job }}", "{{ printf $labels.job }}", "printf"),
        ('{{ printf "%q" $labels.job }}', '{{ printf "%q" $labels.job }}', "%q"),
        ("{{ }}", "{{ }}", "{{ }}"),
        ("{{ $value ! }}", "{{ $value ! }}", "!"),
        ("{{ (humanize $value }}", "{{ (humanize $value }}", "("),
        ('{{ template "x" }}', '{{ template "x" }}', "template"),
        ("{{ $value", "{{ $value", "never closed"),
        ("{{ if $value }}", "{{ if $value }}", "end"),
        ("{{ end }}", "{{ end }}", "no beginning"),
        ("{{ if $value }}a{{ else with $value }}b{{ end }}", "{{ if $value }}a{{ else with $value }}b{{ end }}", "else with"),
    ],
)  # fmt: skip
def test_what_we_have_no_words_for_stands_as_it_was_written(theirs, shown, what):
    translated = translate_text(theirs)

    assert compile_template(translated.text).render(GIVEN) == shown
    assert what in " ".join(translated.left)


PARTS = ["{{", "}}", "{%", "{#", "-", " ", "\n", "if", "else", "end", "range", "$value", "$labels.a",
         "humanize", "printf", '"%.1f"', '"', "`", "|", "(", ")", ".", "a", "1", "/*", "*/", "eq", "not", "%"]  # fmt: skip


@example("a\rb\r\nc")
@given(st.lists(st.sampled_from(PARTS) | st.text(max_size=3), max_size=25).map("".join))
def test_whatever_is_written_becomes_a_text_that_can_be_filled_in(theirs):
    translated = translate_text(theirs)

    assert compile_template(translated.text)
    if "{{" not in theirs:
        # Jinja has one end of a line.
        lines = theirs.replace("\r\n", "\n").replace("\r", "\n")
        assert compile_template(translated.text + ".").render() == f"{lines}."
