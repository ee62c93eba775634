from pathlib import Path

import pytest

from bkmonitor.ascode.importing import Action, carry_out, count_actions, plan_import
from bkmonitor.ascode.rule_writer import write_rule_file
from bkmonitor.lib.errors import InvalidInput
from bkmonitor.strategies.models import Strategy
from tests.factories import NOON, make_level, make_space, make_strategy

pytestmark = pytest.mark.django_db
FIXTURES = Path(__file__).parent.parent / "fixtures" / "rules"
FILES = {path.name: path.read_text() for path in sorted(FIXTURES.glob("*.yml"))}


def rules(*entries):
    return {"f.yml": f"groups: [{{name: g, rules: [{', '.join(entries)}]}}]"}


def imported(space, files):
    steps = plan_import(space, files)
    carry_out(space, steps, by=None, now=NOON)
    return steps


def test_more_than_a_hundred_rules_in_the_style_of_the_field_are_taken():
    space = make_space()
    files = {name: text for name, text in FILES.items() if name != "odd.yml"}

    steps = imported(space, files)

    refused = [step for step in steps if step.action is Action.REFUSE]
    assert [step.name for step in refused] == [
        "code:prometheus_http_requests_total:sum"
    ]
    assert Strategy.objects.filter(space=space).count() == len(steps) - 1
    assert sum(len(step.places) for step in steps) - 1 > 100


def test_every_rule_of_an_odd_file_is_told_of_where_it_stands():
    space = make_space()

    steps = imported(space, {"odd.yml": FILES["odd.yml"]})

    lines = FILES["odd.yml"].splitlines()
    stand_at = [n for n, line in enumerate(lines, 1) if line.startswith("      - ")]
    assert [place.line for step in steps for place in step.places] == stand_at
    assert all(step.notes for step in steps)
    made = Strategy.objects.filter(space=space).values_list("name", flat=True)
    assert sorted(made) == ["Fast", "Patient", "QueriesItself", "Scalar", "Templated", "Watchdog"]  # fmt: skip


def test_the_same_file_again_changes_nothing():
    space = make_space()
    imported(space, FILES)

    again = plan_import(space, FILES)

    assert {step.action for step in again} == {Action.KEEP, Action.REFUSE}


def test_what_is_exported_and_imported_is_what_it_was():
    space = make_space()
    imported(space, FILES)
    text = write_rule_file(Strategy.objects.filter(space=space).order_by("name"))

    again = plan_import(space, {"export.yml": text})

    assert {step.action for step in again} == {Action.KEEP}
    assert len(again) == Strategy.objects.filter(space=space).count()


def test_a_plan_writes_nothing():
    space = make_space()

    steps = plan_import(space, rules("{alert: A, expr: up == 0}"))

    assert count_actions(steps) == {"create": 1, "change": 0, "keep": 0, "refuse": 0}
    assert not Strategy.objects.exists()


def test_a_changed_rule_changes_its_strategy_and_nothing_the_file_does_not_say():
    space = make_space()
    imported(space, rules("{alert: A, expr: up == 0, for: 5m}"))
    before = Strategy.objects.get()
    Strategy.objects.update(enabled=False, late_periods=3)

    (step,) = imported(space, rules("{alert: A, expr: up < 1, for: 5m}"))

    after = Strategy.objects.get()
    assert (step.action, dict(step.before)) == (
        Action.CHANGE,
        {"expression": "up == 0"},
    )
    assert (after.pk, after.expression) == (before.pk, "up < 1")
    assert (after.enabled, after.late_periods) == (False, 3)


def test_a_query_that_says_the_same_is_kept():
    space = make_space()
    imported(space, rules("{alert: A, expr: up == 0}"))
    Strategy.objects.update(query={"queries": []})

    (step,) = imported(space, rules("{alert: A, expr: up == 0, for: 1m}"))

    assert set(step.before) == {"trigger_count", "trigger_window"}
    assert Strategy.objects.get().query == {"queries": []}


def test_levels_that_say_the_same_in_more_words_are_the_same():
    space = make_space()
    imported(space, rules("{alert: A, expr: up == 0}"))
    (level,) = Strategy.objects.get().levels
    more = level | {"match": "all", "expression": "", "trigger": None}
    Strategy.objects.update(levels=[more])

    (step,) = plan_import(space, rules("{alert: A, expr: up == 0}"))

    assert step.action is Action.KEEP


def test_another_spaces_strategy_of_that_name_is_left_alone():
    other = make_strategy(name="A")

    imported(make_space(), rules("{alert: A, expr: up == 0}"))

    other.refresh_from_db()
    assert other.expression == "cpu"
    assert Strategy.objects.count() == 2


def test_a_composite_strategy_is_not_overwritten():
    space = make_space()
    make_strategy(space, name="A", kind="composite")

    (step,) = plan_import(space, rules("{alert: A, expr: up == 0}"))

    assert step.action is Action.REFUSE
    assert "composite" in step.notes[0]


@pytest.mark.parametrize(
    "rule",
    [
        "{alert: A, expr: up == 0, labels: {a-b: c}}",
        f"{{alert: A, expr: up == 0, annotations: {{summary: {'x' * 6000}}}}}",
    ],
)
def test_what_is_no_sound_strategy_is_refused_and_the_others_are_taken(rule):
    space = make_space()

    first, second = imported(space, rules(rule, "{alert: B, expr: up == 0}"))

    assert (first.action, second.action) == (Action.REFUSE, Action.CREATE)


def test_all_of_a_plan_is_done_or_nothing():
    space = make_space()
    steps = plan_import(space, rules("{alert: A, expr: up == 0}", "{alert: B, expr: up == 0}"))  # fmt: skip
    make_strategy(space, name="B")

    with pytest.raises(InvalidInput, match=r"^B: name: Another one"):
        carry_out(space, steps, by=None, now=NOON)

    assert list(Strategy.objects.values_list("name", flat=True)) == ["B"]


def test_an_imported_strategy_is_not_held_firing_and_one_that_was_changed_may_be():
    space = make_space()
    imported(space, rules("{alert: A, expr: up == 0}"))
    assert Strategy.objects.get().flap_count == 0
    Strategy.objects.update(flap_count=6, levels=[make_level(1, ">", 1)])

    imported(space, rules("{alert: A, expr: up == 0}"))

    assert Strategy.objects.get().flap_count == 6
