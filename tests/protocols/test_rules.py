import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bkmonitor.protocols import rules
from tests.factories import (
    NOON,
    make_alert,
    make_composite,
    make_level,
    make_space,
    make_strategy,
    make_token,
)

pytestmark = pytest.mark.django_db
API = "/prometheus/api/v1"


@pytest.fixture
def space():
    return make_space(slug="ops")


@pytest.fixture
def reader(space):
    secret = make_token(space, "read")[1]
    return Client(headers={"Authorization": f"Bearer {secret}"})


def told(answer):
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/json"
    whole = json.loads(b"".join(answer.streaming_content))
    assert whole["status"] == "success"
    return whole["data"]


def groups(reader, **asked):
    return told(reader.get(f"{API}/rules", asked))["groups"]


def names(reader, **asked):
    return [group["name"] for group in groups(reader, **asked)]


@pytest.mark.parametrize(
    ("fields", "fires", "states"),
    [
        ({"counts": {"anomalous": 1}}, None, ["inactive", "pending"]),
        ({"counts": {"normal": 1}}, None, ["inactive", "inactive"]),
        ({"counts": {}}, None, ["inactive", "inactive"]),
        ({"counts": {"anomalous": 1}, "outcome": "failing"}, None, ["inactive", "inactive"]),
        ({"counts": {"anomalous": 1}, "trigger_count": 1}, None, ["inactive", "inactive"]),
        ({"counts": {"anomalous": 1}}, 1, ["firing", "inactive"]),
        ({"counts": {"anomalous": 1}}, 2, ["inactive", "firing"]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("exclude", ["", "true"])
def test_a_rule_is_pending_while_anomalies_are_too_few_to_fire(
    space, reader, fields, fires, states, exclude
):
    levels = [make_level(1, ">", 90), make_level(2, ">", 80)]
    usual = {"trigger_count": 3, "trigger_window": 3, "outcome": "complete"}
    strategy = make_strategy(space, levels=levels, **usual | fields)
    if fires:
        make_alert(space, source_id=strategy.pk, severity=fires)

    (group,) = groups(reader, exclude_alerts=exclude)

    assert [rule["state"] for rule in group["rules"]] == states


def test_a_strategy_is_a_group_and_each_severity_a_rule(space, reader):
    levels = [make_level(1, ">", 90), make_level(2, ">", 80)]
    strategy = make_strategy(
        space, name="CPU", levels=levels, interval_s=30, trigger_count=3, trigger_window=3,
        recovery_window=2, summary="{{ labels.job }}", last_tick_at=NOON, outcome="complete",
    )  # fmt: skip
    make_alert(space, source_id=strategy.pk, source_name="CPU", severity=2, value=95.5, labels={"job": "node"}, summary="node")  # fmt: skip

    (group,) = groups(reader)

    critical, warning = group.pop("rules")
    assert group == {
        "name": "CPU",
        "file": "ops.yml",
        "interval": 30,
        "limit": 0,
        "evaluationTime": 0,
        "lastEvaluation": "2026-03-02T12:00:00Z",
    }
    assert (critical["state"], critical["query"], critical["alerts"]) == ("inactive", "cpu > 90", [])  # fmt: skip
    assert warning == {
        "state": "firing",
        "name": "CPU",
        "query": "cpu > 80",
        "duration": 60,
        "keepFiringFor": 30,
        "labels": {"severity": "warning"},
        "annotations": {"summary": "{{ $labels.job }}"},
        "alerts": [
            {
                "labels": {"alertname": "CPU", "severity": "warning", "job": "node"},
                "annotations": {"summary": "node"},
                "state": "firing",
                "activeAt": "2026-03-02T12:00:00Z",
                "value": "9.55e+01",
            }
        ],
        "health": "ok",
        "evaluationTime": 0,
        "lastEvaluation": "2026-03-02T12:00:00Z",
        "type": "alerting",
    }


@pytest.mark.parametrize(
    ("outcome", "health", "last_error"),
    [("never", "unknown", None), ("complete", "ok", None), ("failing", "err", "no answer")],
)  # fmt: skip
def test_how_the_evaluation_goes_is_the_rules_health(
    space, reader, outcome, health, last_error
):
    make_strategy(space, outcome=outcome, outcome_reason="no answer")

    ((rule,),) = (group["rules"] for group in groups(reader))

    assert (rule["health"], rule.get("lastError")) == (health, last_error)
    assert rule["lastEvaluation"] == "0001-01-01T00:00:00Z"


def test_alerts_of_every_source_are_listed_while_they_fire(space, reader):
    make_alert(space, source_kind="probe", source_name="Shop", value=None, runbook_url="https://x.example/")  # fmt: skip
    make_alert(space, state="resolved")
    make_alert(make_space())

    (alert,) = told(reader.get(f"{API}/alerts"))["alerts"]

    assert alert["labels"]["alertname"] == "Shop"
    assert alert["annotations"] == {"runbook_url": "https://x.example/"}
    assert alert["value"] == "NaN"


def test_nothing_is_an_empty_list(reader):
    assert told(reader.get(f"{API}/alerts")) == {"alerts": []}
    assert told(reader.get(f"{API}/rules")) == {"groups": []}


def test_what_is_off_or_of_another_space_is_not_told(space, reader):
    make_strategy(space, enabled=False)
    make_strategy()

    assert groups(reader) == []


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"type": "alert"}, ["A", "B"]),
        ({"type": "record"}, []),
        ({"rule_name[]": ["A", "C"]}, ["A"]),
        ({"rule_group[]": "B"}, ["B"]),
        ({"file[]": "ops.yml"}, ["A", "B"]),
        ({"file[]": "other.yml"}, []),
        ({"rule_name[]": "A", "rule_group[]": "B"}, []),
    ],
)
def test_rules_are_narrowed_as_prometheus_does(space, reader, asked, found):
    make_strategy(space, name="A")
    make_strategy(space, name="B")

    assert names(reader, **asked) == found


@pytest.mark.parametrize(
    "asked",
    [
        {"type": "both"},
        {"group_limit": "-1"},
        {"group_next_token": "5"},
        {"group_limit": "5", "group_next_token": "x"},
    ],
)
def test_what_cannot_be_asked_is_refused(reader, asked):
    answer = reader.get(f"{API}/rules", asked)

    assert (answer.status_code, answer.json()["errorType"]) == (400, "bad_data")


def test_groups_come_in_pages(space, reader):
    for name in "ABCDE":
        make_strategy(space, name=name)

    seen, asked = [], {"group_limit": 2}
    while True:
        data = told(reader.get(f"{API}/rules", asked))
        seen.append([group["name"] for group in data["groups"]])
        if "groupNextToken" not in data:
            break
        asked["group_next_token"] = data["groupNextToken"]

    assert seen == [["A", "B"], ["C", "D"], ["E"]]


def test_alerts_may_be_left_out_and_the_state_stays_true(space, reader):
    strategy = make_strategy(space)
    make_alert(space, source_id=strategy.pk)

    ((rule,),) = (g["rules"] for g in groups(reader, exclude_alerts="true"))

    assert (rule["state"], rule["alerts"]) == ("firing", [])


def test_many_are_read_a_page_at_a_time(space, reader, monkeypatch):
    monkeypatch.setattr(rules, "PAGE", 3)
    for number in range(7):
        strategy = make_strategy(space)
        for _ in range(2):
            make_alert(space, source_id=strategy.pk, started_at=NOON + timedelta(seconds=number))  # fmt: skip

    with CaptureQueriesContext(connection) as queries:
        data = groups(reader)

    assert [len(group["rules"][0]["alerts"]) for group in data] == [2] * 7
    assert all(" LIMIT 3" in one["sql"] for one in queries if "ORDER BY" in one["sql"] and "_strategy" in one["sql"])  # fmt: skip
    assert len(told(reader.get(f"{API}/alerts"))["alerts"]) == 14


def test_a_composite_strategy_tells_of_its_conditions(space, reader):
    member = make_strategy(space)
    make_composite({"a": member}, "a", hold_s=60)

    (rule,) = groups(reader)[1]["rules"]

    assert (rule["query"], rule["duration"], rule["labels"]) == ("a", 60, {"severity": "critical"})  # fmt: skip


def test_who_has_no_token_is_told_nothing():
    assert Client().get(f"{API}/rules").status_code == 401
    assert Client().get(f"{API}/alerts").status_code == 401


@pytest.mark.parametrize(
    ("value", "written"),
    [(0.0, "0e+00"), (1.0, "1e+00"), (95.5, "9.55e+01"), (100.0, "1e+02"), (-0.001, "-1e-03"), (1e-5, "1e-05"), (1.5e300, "1.5e+300")],
)  # fmt: skip
def test_values_are_written_as_go_does(space, reader, value, written):
    make_alert(space, value=value)

    (alert,) = told(reader.get(f"{API}/alerts"))["alerts"]

    assert alert["value"] == written
