import pytest

from bkmonitor.ascode.drafts import draft_strategies
from bkmonitor.ascode.rule_file import Place, Rule

PRESENT = [{"kind": "present"}]


def make_rule(name="X", expression="up == 0", **fields):
    return Rule(Place("rules.yml", "group", name, 1), expression, **fields)


def drafted(*rules):
    return draft_strategies(rules or [make_rule()])


def test_a_rule_becomes_a_strategy_that_takes_what_its_expression_returns():
    (draft,) = drafted(make_rule(labels={"severity": "critical", "team": "a"}, annotations={"summary": "{{ $labels.job }}"}))  # fmt: skip

    assert draft.fields == {
        "name": "X",
        "expression": "up == 0",
        "query": None,
        "interval_s": 60,
        "levels": [{"severity": 1, "detectors": PRESENT}],
        "trigger_count": 1,
        "trigger_window": 1,
        "recovery_window": 1,
        "labels": {"team": "a"},
        "summary": "{{ labels.job }}",
        "description": "",
        "runbook_url": "",
    }
    assert draft.notes == []


@pytest.mark.parametrize(
    ("word", "severity", "stays"),
    [
        ("critical", 1, False), ("page", 1, True), ("fatal", 1, True), ("emergency", 1, True),
        ("error", 1, True), ("Critical", 1, True), ("warning", 2, False), ("warn", 2, True),
        ("info", 3, False), ("none", 3, True), ("ticket", 2, True),
    ],
)  # fmt: skip
def test_the_label_gives_the_severity_and_stays_unless_the_level_says_the_same(
    word, severity, stays
):
    (draft,) = drafted(make_rule(labels={"severity": word}))

    assert draft.fields["levels"][0]["severity"] == severity
    assert draft.fields["labels"] == ({"severity": word} if stays else {})
    assert bool(draft.notes) == (word == "ticket")


def test_without_a_label_it_is_a_warning():
    assert drafted()[0].fields["levels"][0]["severity"] == 2


@pytest.mark.parametrize(
    ("interval_s", "for_s", "keep_s", "interval", "count", "recovery"),
    [
        (60, 0, 0, 60, 1, 1),
        (60, 300, 0, 60, 6, 1),
        (60, 90, 30, 60, 3, 2),
        (15, 600, 300, 15, 41, 21),
        (0.3, 0.9, 0, 10, 2, 1),
        (7200, 7200, 0, 3600, 3, 1),
        (60, 59_940, 0, 60, 1000, 1),
        (60, 86_400, 0, 120, 721, 1),
        (60, 0, 86_400 * 30, 2640, 1, 983),
    ],
)
def test_for_and_keep_firing_for_become_evaluations_in_a_row(
    interval_s, for_s, keep_s, interval, count, recovery
):
    rule = make_rule(interval_s=interval_s, for_s=for_s, keep_firing_s=keep_s)

    (draft,) = drafted(rule)

    assert draft.fields["interval_s"] == interval
    assert draft.fields["trigger_count"] == draft.fields["trigger_window"] == count
    assert draft.fields["recovery_window"] == recovery
    assert bool(draft.notes) == (interval != interval_s)


@pytest.mark.parametrize(
    "expression",
    ["up == 0", "absent(up)", "vector(1)", "up == bool 0 # always", "time() - 5"],
)
def test_an_expression_stays_as_it_is(expression):
    (draft,) = drafted(make_rule(expression=expression))

    assert draft.fields["expression"] == expression
    assert draft.notes == []


def test_annotations_without_a_place_stand_below_the_description():
    (draft,) = drafted(make_rule(annotations={"message": "What it is.", "runbook": "https://wiki.example.org/{{ $labels.job }}", "dashboard_url": "https://grafana.example.org/"}))  # fmt: skip

    assert draft.fields["summary"] == ""
    assert draft.fields["description"] == (
        "What it is.\n\n"
        "runbook_url: https://wiki.example.org/{{ labels.job }}\n"
        "dashboard_url: https://grafana.example.org/"
    )
    assert len(draft.notes) == 2


def test_a_runbook_is_an_address():
    runbook = {"runbook_url": "https://wiki.example.org/x"}

    (draft,) = drafted(make_rule(annotations=runbook))

    assert draft.fields["runbook_url"] == runbook["runbook_url"]
    assert draft.notes == []


def test_an_older_annotation_gives_way_to_the_newer_one():
    (draft,) = drafted(make_rule(annotations={"message": "a", "description": "b"}))

    assert draft.fields["description"] == "b\n\nmessage: a"


def test_a_label_that_is_a_template_is_left_out_and_noted():
    (draft,) = drafted(make_rule(labels={"a": "{{ $labels.b }}", "c": "d"}))

    assert draft.fields["labels"] == {"c": "d"}
    assert "“a” is a template" in draft.notes[0]


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"expression": "up =="}, "not PromQL"),
        ({"expression": ""}, "the expression is empty"),
        ({"expression": "up[5m]"}, "a range"),
        ({"expression": "up > ", "wrong": ["a reason of the file"]}, "a reason of the file"),
        ({"name": "n" * 101}, "more than 100 characters"),
        ({"for_s": 86_400.0 * 365}, "1y is too long"),
    ],
)  # fmt: skip
def test_what_cannot_become_a_strategy_says_why(fields, why):
    (draft,) = drafted(make_rule(**fields))

    assert draft.fields == {}
    assert why in draft.wrong[0]


def severities(*words, **fields):
    return [
        make_rule(expression=f"up == {number}", labels={"severity": word}, **fields)
        for number, word in enumerate(words)
    ]


def test_rules_that_differ_by_expression_and_severity_are_levels_of_one_strategy():
    (draft,) = drafted(*severities("warning", "critical"))

    assert draft.fields["expression"] == "up == 1"
    assert draft.fields["levels"] == [
        {"severity": 1, "detectors": PRESENT},
        {"severity": 2, "detectors": PRESENT, "expression": "up == 0"},
    ]
    assert len(draft.rules) == 2


def test_each_level_may_wait_for_its_own_time():
    warning, critical = severities("warning", "critical")
    warning.for_s = 300

    (draft,) = drafted(warning, critical)

    own = draft.fields["levels"][1]["trigger"]
    assert own == {"count": 6, "window": 6, "recovery": 1}
    assert draft.fields["trigger_count"] == 1


@pytest.mark.parametrize(
    "rules",
    [
        severities("critical", "critical"),
        severities("critical", "page"),
        [*severities("critical"), *severities("warning", annotations={"summary": "a"})],
        [*severities("critical"), *severities("warning", interval_s=30)],
        [make_rule(), make_rule()],
    ],
)
def test_others_of_one_name_get_a_number(rules):
    drafts = drafted(*rules)

    assert [draft.fields["name"] for draft in drafts] == ["X", "X (2)"]


def test_a_number_makes_no_name_too_long():
    names = [
        draft.fields["name"]
        for draft in drafted(*[make_rule("n" * 100) for _ in range(3)])
    ]

    assert names == ["n" * 100, "n" * 96 + " (2)", "n" * 96 + " (3)"]
