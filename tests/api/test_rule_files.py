import pytest

from bkmonitor.strategies.models import Strategy
from tests.api.conftest import as_token, as_user
from tests.factories import make_space, make_strategy

pytestmark = pytest.mark.django_db
RULES = """
groups:
- name: g
  rules:
  - {alert: A, expr: up == 0, labels: {severity: ticket}}
  - {record: "a:b", expr: up}
"""
IMPORT, EXPORT = "/api/v1/strategies/import/", "/api/v1/strategies/export/"


def test_an_import_makes_strategies_and_tells_of_every_rule():
    api = as_user("editor")

    answer = api.post(IMPORT, {"space": api.space.slug, "text": RULES})

    assert answer.status_code == 200
    assert answer.json() == {
        "dry_run": False,
        "counts": {"create": 1, "change": 0, "keep": 0, "refuse": 1},
        "steps": [
            {
                "action": "create",
                "strategy": "A",
                "rules": [{"file": "rules.yml", "group": "g", "rule": "A", "line": 5}],
                "changed": [],
                "notes": ["the severity “ticket” became a warning"],
            },
            {
                "action": "refuse",
                "strategy": "a:b",
                "rules": [
                    {"file": "rules.yml", "group": "g", "rule": "a:b", "line": 6}
                ],
                "changed": [],
                "notes": ["it records a series and raises no alert"],
            },
        ],
    }
    made = Strategy.objects.get(space=api.space)
    assert (made.name, made.created_by) == ("A", api.user)


def test_a_dry_run_writes_nothing():
    program = as_token("write")

    answer = program.post(IMPORT, {"text": RULES, "dry_run": True})

    assert (answer.status_code, answer.json()["dry_run"]) == (200, True)
    assert not Strategy.objects.exists()


def test_what_is_no_rule_file_is_refused_with_its_line():
    answer = as_token("write").post(IMPORT, {"text": "groups: {}", "file": "mine.yml"})

    assert answer.status_code == 400
    assert "mine.yml, line 1" in answer.json()["detail"]


def test_an_export_is_a_rule_file_of_ones_own_space():
    reader = as_token("read")
    make_strategy(reader.space, name="Mine")
    make_strategy(make_space(), name="Theirs")

    answer = reader.get(EXPORT)

    assert answer["Content-Type"] == "application/yaml"
    assert b"alert: Mine" in answer.content
    assert b"Theirs" not in answer.content


def test_a_user_names_the_space_of_an_export():
    api = as_user("viewer")

    assert api.get(EXPORT).status_code == 400
    assert api.get(EXPORT, {"space": api.space.slug}).status_code == 200
    assert api.get(EXPORT, {"space": make_space().slug}).status_code == 404


@pytest.mark.parametrize("accepted", ["*/*", "application/json", "application/yaml"])
def test_an_export_is_given_to_who_accepts_yaml_and_to_everybody_else(accepted):
    reader = as_token("read")

    assert reader.get(EXPORT, headers={"Accept": accepted}).status_code == 200
    refused = reader.get(EXPORT, {"space": "other"}, headers={"Accept": accepted})
    assert (refused.status_code, b'"code"' in refused.content) == (404, True)
