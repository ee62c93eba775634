import re

import pytest
from django import forms
from hypothesis import example, given
from hypothesis import strategies as st

from bkmonitor.detection.conditions import OPERATORS
from bkmonitor.detection.registry import (
    KINDS,
    describe,
    dump_detector,
    parse_detector,
)
from bkmonitor.lib.errors import InvalidInput
from bkmonitor.lib.units import UNITS
from bkmonitor.web.forms.levels import LevelsBlock, LevelsField, first_draft
from bkmonitor.web.forms.levels_draft import (
    ROOT,
    blank_level,
    complete,
    levels_draft,
    read_levels,
)
from bkmonitor.web.forms.query_draft import Draft
from bkmonitor.web.forms.typed import write_value
from tests.factories import make_level

numbers = st.floats(-1e15, 1e15) | st.integers(-100, 100).map(float)


def conditions():
    one = st.fixed_dictionaries({"operator": st.sampled_from([*OPERATORS]), "value": numbers})  # fmt: skip
    return st.lists(st.lists(one, min_size=1, max_size=3), min_size=1, max_size=3)


def values_of(parameter):
    """Anything that a parameter may be, and some things that it may not."""
    names = st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True)
    kinds = {
        "conditions": conditions(),
        "choice": st.sampled_from([word for word, _title in parameter.choices] or [""]),
        "label": names,
        "labels": st.lists(names, unique=True, max_size=3),
        "integer": st.integers(0, 2000),
        "number": st.floats(0, 1e6) | numbers,
    }
    return kinds[parameter.type]


@st.composite
def detectors(draw):
    described = describe(draw(st.sampled_from([*KINDS])))
    raw = {"kind": described.kind}
    for parameter in described.parameters:
        if parameter.required or draw(st.booleans()):
            raw[parameter.name] = draw(values_of(parameter))
    return raw


def is_sound(raw):
    try:
        parse_detector(raw)
    except InvalidInput:
        return False
    return True


@st.composite
def levels(draw):
    found = []
    for severity in sorted(draw(st.sets(st.sampled_from([1, 2, 3]), min_size=1))):
        some = draw(st.lists(detectors().filter(is_sound), min_size=1, max_size=2))
        level = {"severity": severity, "detectors": some}
        if draw(st.booleans()):
            level["match"] = draw(st.sampled_from(["all", "any"]))
        if draw(st.booleans()):
            level["expression"] = draw(st.sampled_from(["up == 0", "up\n  == 0"]))
        names = draw(st.sets(st.sampled_from(["count", "window", "recovery"])))
        if names:
            level["trigger"] = {name: draw(st.integers(1, 1000)) for name in names}
        if draw(st.booleans()):
            level["over_when"] = draw(conditions())
        found.append(level)
    return found


def plain(level):
    whole = {"match": "all", "expression": "", "trigger": {}, "over_when": [], **level}
    told = [dump_detector(parse_detector(one)) for one in level["detectors"]]
    return whole | {"detectors": told}


def cleaned(data, unit=""):
    field = LevelsField()
    field.unit = unit
    return field.clean(read_levels(data))


@given(levels(), st.sampled_from([*UNITS]))
def test_whatever_levels_say_the_form_gives_back(given_levels, unit):
    draft = levels_draft(given_levels, unit)

    found = cleaned(draft.flat(ROOT), unit)

    assert [plain(level) for level in found] == [plain(level) for level in given_levels]


@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from([*UNITS]))
@example(1.7976959198193692e305, "seconds")
def test_a_value_is_written_so_that_it_is_read_as_itself(value, unit):
    field = LevelsField()
    field.unit = unit
    level = make_level(1, ">", value)

    (found,) = field.clean(levels_draft([level], unit))

    assert found["detectors"][0]["any_of"][0][0]["value"] == value


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (90, "percent", "90 %"),
        (5 * 2**30, "bytes", "5 GiB"),
        (600, "seconds", "10 min"),
        (90061, "seconds", "1 d 1 h 1 min 1 s"),
        (0.125, "ratio", "12.5 %"),
        (1 / 3, "", "0.333333333333333"),
        (1500, "", "1500"),
    ],
)
def test_values_are_shown_in_their_unit(value, unit, text):
    assert write_value(value, unit)[:17] == text


def typed(**texts):
    return {
        "l-v0-severity": "1",
        "l-v0-d0-kind": "threshold",
        "l-v0-d0-c0-operator": ">",
        "l-v0-d0-c0-value": "90",
    } | {name.replace("__", "-"): text for name, text in texts.items()}


@pytest.mark.parametrize(
    ("rows", "groups"),
    [
        ("and>90 or>_ and<5", [">90", "<5"]),
        ("and>90 or>_ or<5", [">90", "<5"]),
        ("and>90 and>_ and<95", [">90<95"]),
        ("and>90 or>_ and>_ and<5 and>1", [">90", "<5>1"]),
        ("and>_ or>_ and<5 or>90", ["<5", ">90"]),
        ("and>90 or>_", [">90"]),
    ],
)
def test_a_row_without_a_limit_is_left_out_and_its_or_is_not(rows, groups):
    texts = {}
    for at, row in enumerate(rows.split()):
        join, sign, value = re.fullmatch(r"(and|or)([<>])(.+)", row).groups()
        texts |= {
            f"l-v0-d0-c{at}-join": join,
            f"l-v0-d0-c{at}-operator": sign,
            f"l-v0-d0-c{at}-value": value.strip("_"),
        }

    (level,) = cleaned(typed(**texts))

    found = level["detectors"][0]["any_of"]
    assert groups == [
        "".join(f"{one['operator']}{one['value']:g}" for one in group)
        for group in found
    ]


def test_limits_are_read_in_their_unit():
    (level,) = cleaned(typed(**{"l-v0-d0-c0-value": "5 GiB"}), "bytes")

    assert level["detectors"][0]["any_of"] == [
        [{"operator": ">", "value": 5 * 2.0**30}]
    ]


def test_or_begins_another_group_and_rows_without_a_limit_count_not():
    rows = {
        f"l-v0-d0-c{at}-{name}": text
        for at, row in enumerate([("", ">", "90"), ("and", "<", "95"), ("or", "==", "0"), ("or", ">", " ")])
        for name, text in zip(("join", "operator", "value"), row, strict=True)
    }  # fmt: skip

    (level,) = cleaned(typed(**rows))

    assert level["detectors"][0]["any_of"] == [
        [{"operator": ">", "value": 90}, {"operator": "<", "value": 95}],
        [{"operator": "==", "value": 0}],
    ]


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        ({"l-v0-d0-c0-value": "much"}, "Critical: Limit: 'much' cannot be read"),
        ({"l-v0-d0-c0-value": ""}, "Critical: Limit: Give a limit."),
        ({"l-v0-count": "0"}, "Critical: Fires after:"),
        ({"l-v0-d0-kind": "ring_ratio"}, "Rises by at least: is needed"),
        ({"l-v0-d0-kind": "magic"}, "Method: Select a valid choice"),
        ({"l-v0-d0-kind": "forecast", "l-v0-d0-operator": ">"}, "Limit: This field is required"),
        ({"l-v0-severity": "9"}, "Severity: Select a valid choice"),
        ({"l-v0-d0-kind": "mad", "l-v0-d0-window": "1"}, "Points before: must be at least 2"),
        ({"l-v0-o0-operator": "<", "l-v0-o0-value": "low"}, "'low' cannot be read"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_level_and_its_input(texts, told):
    with pytest.raises(forms.ValidationError) as refused:
        cleaned(typed(**texts))

    assert any(told in message for message in refused.value.messages)


def test_sound_levels_are_known_though_another_is_not():
    field = LevelsField()
    second = {
        name.replace("v0", "v1"): text for name, text in typed().items()
    } | {"l-v1-severity": "2", "l-v1-d0-c0-value": "?"}  # fmt: skip

    with pytest.raises(forms.ValidationError):
        field.clean(read_levels(typed() | second))

    assert [level["severity"] for level in field.sound] == [1]
    shown = field.block.levels[1].detectors[0].conditions[0].form
    assert "value" in shown.errors


def test_another_kind_keeps_what_has_the_same_name():
    level = levels_draft([{"severity": 1, "detectors": [{"kind": "ring_ratio", "rise_percent": 30}]}])  # fmt: skip
    detector = level.of("v")[0].of("d")[0]
    detector.typed["kind"] = "year_round"

    complete(level.of("v")[0])

    assert detector.typed["rise_percent"] == "30 %"


def test_every_kind_can_be_chosen_and_has_its_inputs():
    for kind in KINDS:
        draft = Draft()
        level = blank_level()
        level.of("d")[0].typed = {"kind": kind}
        level.of("d")[0].blocks = {}
        draft.of("v").append(level)
        block = LevelsBlock(draft, "").levels[0].detectors[0]

        named = {field.name for field in block.fields}
        wanted = {
            one.name for one in describe(kind).parameters if one.type != "conditions"
        }
        assert named == wanted
        assert block.about


def test_an_editor_begins_with_a_limit_to_type():
    block = LevelsBlock(first_draft([], ""), "")

    (level,) = block.levels
    assert (level.title, block.has_room) == ("Critical", True)
    assert level.detectors[0].conditions[0].form["value"].value() == ""
    assert not level.has_more
