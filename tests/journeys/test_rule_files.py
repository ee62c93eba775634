"""Rule files, held against the programs whose files they are."""

import contextlib
import json
import time
import urllib.request
from pathlib import Path

import numpy as np
import promql_parser
import pytest
import yaml
from cramjam import snappy
from django.test import Client

from bkmonitor.ascode.drafts import SEVERITIES, draft_strategies
from bkmonitor.ascode.go_templates import translate_text
from bkmonitor.ascode.importing import carry_out, plan_import
from bkmonitor.ascode.rule_file import read_rules
from bkmonitor.ascode.rule_writer import write_rule_file
from bkmonitor.evaluation.replay import replay
from bkmonitor.evaluation.texts import render_texts
from bkmonitor.evaluation.verdict import Source
from bkmonitor.metrics import answers, ingest
from bkmonitor.strategies.definition import parse_definition
from bkmonitor.strategies.models import Strategy
from tests import promtool, servers
from tests.factories import NOON, make_alert, make_space, make_token
from tests.gateway import running_gateway
from tests.remote_write import write_request

pytestmark = [pytest.mark.journey, pytest.mark.enable_socket]

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"
RULE_FILES = sorted((FIXTURES / "rules").glob("*.yml"))
UNIT_FILES = sorted((FIXTURES / "rule_tests").glob("*.yml"))
# A whole day: every interval has a tick there.
BEGIN = int(time.time()) // 86400 * 86400 - 86400
CASES = [
    pytest.param(unit, case, f"{unit.path.stem}-{number}", id=case.name)
    for unit in map(promtool.read_unit_file, UNIT_FILES)
    for number, case in enumerate(unit.cases)
]


@pytest.fixture
def imported(db):
    """Return a space with a strategy for every rule of the fixtures."""
    space = make_space(slug="ops")
    files = {path.name: path.read_text() for path in RULE_FILES}
    carry_out(space, plan_import(space, files), by=None, now=NOON)
    return space


def exported(space, path):
    path.write_text(write_rule_file(Strategy.objects.filter(space=space)))
    return str(path)


def test_promtool_takes_what_is_exported(imported, tmp_path):
    told = promtool.promtool("check", "rules", exported(imported, tmp_path / "ops.yml"))

    levels = sum(len(strategy.levels) for strategy in Strategy.objects.all())
    assert f"SUCCESS: {levels} rules found" in told
    assert levels > 100


TEXTS = [
    "{{ $value }} {{ .Value }} {{ $labels.instance }} {{ .Labels.job }}{{ $labels.nowhere }}",
    "{{ humanize $value }} {{ humanize1024 $value }} {{ $value | humanizeDuration }}",
    "{{ $value | humanizePercentage }} {{ humanizeTimestamp $value }}",
    '{{ printf "%.2f|%5.1f|%e|%.3g|%v" $value $value $value $value $value }}',
    '{{ printf "%s %-6s|" $labels.job $labels.job }}',
    "{{ if gt $value 100.0 }}much{{ else if gt $value 1.0 }}some{{ else }}none{{ end }}",
    '{{ if and (eq $labels.job "a" "node") (not $labels.nowhere) }}yes{{ else }}no{{ end }}',
    '{{ or $labels.nowhere "nowhere" }} {{ index $labels "job" | toUpper }} {{ len $labels.job }}',
    "{{ $labels.instance | stripPort | title }} {{ 'x' }}".replace("'x'", "`x`"),
    "a {{- /* remark */ -}} b {{- $value -}} c {{ $labels.job | urlquery }} 100 {% {# }}",
    '{{ humanize -3.5 }} {{ humanize "1234567" }} {{ "say \\"}}\\"" }}',
]  # fmt: skip
VALUES = [0, 1, -1, 95.5, 0.12345, 899.99, 123456, 0.0005, 0.001234, 86400 * 2.5, -59.9]


def test_texts_say_what_prometheus_says(tmp_path):
    labels = {"job": "node", "instance": "web-1:9100"}
    rules, tests, series = [], [], []
    for number, value in enumerate(VALUES):
        series.append({"series": f'm{number}{{job="node",instance="web-1:9100"}}', "values": f"{value}x2"})  # fmt: skip
        for at, text in enumerate(TEXTS):
            name = f"text_{at}_{number}"
            rules.append({"alert": name, "expr": f"m{number} < Inf", "annotations": {"summary": text}})  # fmt: skip
            source = Source("strategy", 1, name, 1, summary=translate_text(text).text)
            ours, _ = render_texts(source, labels, float(value), 1)
            said = {"exp_labels": labels, "exp_annotations": {"summary": ours}}
            tests.append({"eval_time": "1m", "alertname": name, "exp_alerts": [said]})
    (tmp_path / "rules.yml").write_text(yaml.safe_dump({"groups": [{"name": "g", "rules": rules}]}))  # fmt: skip
    case = {"interval": "1m", "input_series": series, "alert_rule_test": tests}
    unit = {"rule_files": ["rules.yml"], "evaluation_interval": "1m", "tests": [case]}
    (tmp_path / "test.yml").write_text(yaml.safe_dump(unit))

    promtool.promtool("test", "rules", str(tmp_path / "test.yml"))


@pytest.mark.parametrize("path", UNIT_FILES, ids=lambda path: path.stem)
def test_promtool_agrees_with_its_own_unit_tests(path):
    assert "SUCCESS" in promtool.promtool("test", "rules", str(path))


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with servers.victoria_metrics(tmp_path_factory.mktemp("vm")) as server:
        yield server


@pytest.mark.parametrize(("unit", "case", "space"), CASES)
def test_a_replay_fires_when_promtool_does(
    unit, case, space, store, settings, tmp_path
):
    settings.VM_WRITE_URL = settings.VM_QUERY_URL = store.url
    # All labels at once are written in ways of their own.
    rules = unit.rules.read_text().replace("{{ $labels }}", "all")
    load(space, case, store)

    said = alerts_of(unit, case, rules, space)

    for one in case.expected:
        expected = [
            (each["exp_labels"], each["exp_annotations"])
            for each in one.get("exp_alerts", ())
        ]
        ours = said[promtool.seconds(one["eval_time"]), one["alertname"]]
        assert by_labels(ours) == by_labels(expected), one
    promtool.write_check(tmp_path / "check.yml", unit, case, rules, said)
    promtool.promtool("test", "rules", str(tmp_path / "check.yml"))


def by_labels(alerts):
    return sorted(alerts, key=lambda alert: sorted(alert[0].items()))


def load(space, case, store):
    """Store the series of a case, with the markers of their ends."""
    for number in range(case.end_s // case.interval_s + 1):
        now = [
            (list(one.labels.items()), one.values[number])
            for one in case.series
            if number < len(one.values) and one.values[number] is not None
        ]
        body = snappy.compress_raw(write_request(now, BEGIN + number * case.interval_s))
        assert ingest.forward(space, "remote_write", bytes(body)).status < 300
    with urllib.request.urlopen(f"{store.url}/internal/force_flush", timeout=10):
        pass


def alerts_of(unit, case, text, space):
    """Return what fires, as (labels, texts), at each moment for each alert name.

    What fires where there is nothing did so before the series began; promtool
    knows of no such time. Its first moment is when it has waited long enough here.
    """
    rules = read_rules(text, unit.rules.name)
    said = {
        (at_s, rule.place.rule): []
        for rule in rules
        if not rule.wrong
        for at_s in range(_first(rule), case.end_s + 1, unit.step_s)
    }
    for draft in draft_strategies(rules):
        if draft.fields:
            for at_s, labels, texts in replayed(draft, case, space):
                name = draft.rules[0].place.rule
                if (at_s, name) in said:
                    said[at_s, name].append((labels, texts))
    return said


def _first(rule):
    fires_on_nothing = "absent" in rule.expression or "vector(" in rule.expression
    return int(rule.for_s) if fires_on_nothing else 0


def replayed(draft, case, space):
    """Yield moment, labels and texts of every alert that a replay shows."""
    fields = draft.fields
    rules = {SEVERITIES.get(rule.labels.get("severity"), 2): rule for rule in draft.rules}  # fmt: skip
    texts = {name: fields[name] for name in ("name", "summary", "description")}
    source = Source(kind="strategy", id=1, space_id=1, **texts)
    found = replay(
        parse_definition(fields), space, BEGIN, BEGIN + case.end_s, ask=answers.gather
    )
    for labels, values, shown in zip(found.labels, found.values, found.shown, strict=True):  # fmt: skip
        value = None
        for tick, now, worst in zip(found.ticks, values, shown, strict=True):
            # One that is kept firing tells of the last value there was.
            value = value if np.isnan(now) else float(now)
            for severity, rule in rules.items():
                if 0 < worst <= severity:
                    told = render_texts(source, labels, value, severity)
                    named = zip(("summary", "description"), told, strict=True)
                    yield int(tick) - BEGIN, {**labels, **rule.labels}, {name: text for name, text in named if text}  # fmt: skip


def test_rules_and_alerts_look_as_prometheus_own(imported, tmp_path):
    path = exported(imported, tmp_path / "ops.yml")
    firing = Strategy.objects.get(name="Watchdog")
    make_alert(imported, source_id=firing.pk, source_name="Watchdog", severity=3, value=1.0, labels={})  # fmt: skip
    reader = Client(headers={"Authorization": f"Bearer {make_token(imported, 'read')[1]}"})  # fmt: skip

    with prometheus(path, tmp_path) as server:
        for name in ("rules", "alerts"):
            theirs = fetched(server, name)
            answer = reader.get(f"/prometheus/api/v1/{name}")
            ours = json.loads(b"".join(answer.streaming_content))

            assert shape(ours) == shape(theirs), name
            if name == "rules":
                assert described(ours) == described(theirs)


@contextlib.contextmanager
def prometheus(rules, folder):
    """Run a Prometheus that evaluates a rule file over nothing, and has done so."""
    config, port = folder / "prometheus.yml", servers.free_port()
    config.write_text(f"rule_files: [{rules}]\n")
    command = [servers.need("prometheus"), f"--config.file={config}", f"--storage.tsdb.path={folder / 'tsdb'}", f"--web.listen-address=127.0.0.1:{port}"]  # fmt: skip
    server = servers.start(command, port=port, folder=folder, name="prometheus")
    try:
        servers.wait_for(lambda: servers.answers(f"{server.url}/-/ready"), what="Prometheus")  # fmt: skip
        servers.wait_for(lambda: fetched(server, "alerts")["data"]["alerts"], what="an alert", timeout_s=90)  # fmt: skip
        yield server
    finally:
        server.stop()


def fetched(server, name):
    with urllib.request.urlopen(f"{server.url}/api/v1/{name}", timeout=10) as answer:
        return json.load(answer)


def shape(value):
    """Return the keys and kinds of an answer: of a list, those of all its entries."""
    if isinstance(value, list):
        return [merged(shape(each) for each in value)]
    if isinstance(value, dict):
        # What labels and texts a rule has is its own affair.
        free = {"labels", "annotations"} & value.keys()
        return {key: "texts" if key in free else shape(each) for key, each in value.items()}  # fmt: skip
    return "number" if isinstance(value, int | float) else type(value).__name__


def merged(shapes):
    whole = {}
    for one in shapes:
        for key, each in one.items():
            whole[key] = both(whole[key], each) if key in whole else each
    return whole


def both(one, other):
    """Return a shape that has what either has: a list may be empty in one of them."""
    if isinstance(one, list):
        return [merged([*one, *other])]
    return merged([one, other]) if isinstance(one, dict) else other


def described(answer):
    """Return what is told of each rule, the expressions written in one way."""
    return {
        (group["name"], rule["labels"]["severity"]): (
            group["interval"],
            promql_parser.parse(rule["query"]).prettify(),
            rule["duration"],
            rule["keepFiringFor"],
            rule["labels"],
            rule["annotations"],
        )
        for group in answer["data"]["groups"]
        for rule in group["rules"]
    }


MANY_ALERTS = """
from bkmonitor.accounts.models import Space
from tests.factories import make_alert, make_strategy
space = Space.objects.get(slug="busy")
strategy = make_strategy(space, name="Busy")
for _ in range(500):
    make_alert(space, source_id=strategy.pk)
answer = strategy.pk
"""


def test_rules_and_alerts_arrive_whole_however_many_there_are(tmp_path):
    few = {"group_limit": "1", "exclude_alerts": "true"}
    with running_gateway(tmp_path) as gateway:
        read = gateway.token("busy", "read")
        gateway.stack.shell(MANY_ALERTS)

        (group,) = gateway.get("rules", read).data["groups"]
        (paged,) = gateway.get("rules", read, few).data["groups"]
        alerts = gateway.get("alerts", read).data["alerts"]

    assert len(group["rules"][0]["alerts"]) == len(alerts) == 500
    assert (paged["rules"][0]["state"], paged["rules"][0]["alerts"]) == ("firing", [])
