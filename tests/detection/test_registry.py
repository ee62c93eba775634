import orjson
import pytest

from bkmonitor.detection.conditions import MOST
from bkmonitor.detection.registry import (
    KINDS,
    describe,
    dump_detector,
    parse_detector,
)
from bkmonitor.lib.errors import InvalidInput

ABOVE_90 = {"operator": ">", "value": 90.0}
BELOW_100 = {"operator": "<", "value": 100.0}


def test_a_detector_comes_back_as_it_was_stored():
    stored = {"kind": "threshold", "any_of": [[ABOVE_90, BELOW_100], [ABOVE_90]]}

    assert dump_detector(parse_detector(stored)) == stored


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_describes_itself_in_what_json_can_hold(kind):
    told = describe(kind)

    assert told.kind == kind
    assert told.title
    assert told.about.endswith(".")
    for parameter in told.parameters:
        assert parameter.title
        assert parameter.type in {
            "number", "integer", "choice", "label", "labels", "conditions",
        }  # fmt: skip
        orjson.dumps(parameter)


@pytest.mark.parametrize(
    ("raw", "field", "what"),
    [
        pytest.param([], None, "an object with a kind", id="no object"),
        pytest.param({}, "kind", "None is none of threshold", id="no kind"),
        pytest.param({"kind": "magic"}, "kind", "'magic' is none", id="unknown kind"),
        pytest.param({"kind": []}, "kind", "[] is none", id="a kind of no text"),
        pytest.param({"kind": "threshold"}, "any_of", "is missing", id="missing"),
        pytest.param(
            {"kind": "present", "value": 1}, "value", "is no parameter", id="unknown"
        ),
    ],
)
def test_what_is_no_detector_is_refused_by_field_and_value(raw, field, what):
    with pytest.raises(InvalidInput) as refused:
        parse_detector(raw)

    told = refused.value.fields[field] if field else str(refused.value)
    assert what in told


@pytest.mark.parametrize(
    ("any_of", "what"),
    [
        (None, "at least one group"),
        ([], "at least one group"),
        ([[]], "group 1 must be a list of at least one condition"),
        ([[ABOVE_90], 5], "group 2"),
        ([["> 90"]], "'> 90' must have operator and value"),
        ([[{"operator": ">"}]], "must have operator and value"),
        ([[ABOVE_90 | {"unit": "%"}]], "no more"),
        ([[{"operator": "~", "value": 1}]], "operator '~' is none of >, >="),
        ([[{"operator": ">", "value": None}]], "the limit None must be a number"),
        ([[{"operator": ">", "value": True}]], "the limit True must be a number"),
        ([[{"operator": ">", "value": "90"}]], "the limit '90' must be a number"),
        ([[{"operator": ">", "value": float("nan")}]], "must be finite, not nan"),
        ([[{"operator": ">", "value": 10**400}]], "too large"),
        ([[ABOVE_90] * (MOST + 1)], "at most 100 conditions"),
    ],
)
def test_conditions_that_make_no_sense_are_refused_with_what_is_wrong(any_of, what):
    with pytest.raises(InvalidInput) as refused:
        parse_detector({"kind": "threshold", "any_of": any_of})

    assert what in refused.value.fields["any_of"]
    assert "threshold: any_of" in str(refused.value)


@pytest.mark.parametrize(
    "condition",
    [
        {"operator": "or True or", "value": 1},
        {"operator": ">", "value": "__import__('os').getpid()"},
        {"operator": "> 1 #", "value": 1},
    ],
)
def test_a_condition_is_looked_up_and_never_run(condition):
    with pytest.raises(InvalidInput):
        parse_detector({"kind": "threshold", "any_of": [[condition]]})


def test_whole_numbers_of_json_are_limits_too():
    raw = {"kind": "threshold", "any_of": [[{"operator": ">=", "value": 5}]]}

    stored = dump_detector(parse_detector(raw))

    assert stored["any_of"] == [[{"operator": ">=", "value": 5.0}]]
