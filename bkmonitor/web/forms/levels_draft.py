"""The levels of a strategy as texts in inputs, for the editor: from a row, and empty.

The blocks are levels (`v`), in each detectors (`d`) and the conditions under which it is
over (`o`), and in a detector its own conditions (`c`); `l-v0-d1-c0-value` is a limit.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from bkmonitor.detection.parameters import Parameter
from bkmonitor.detection.registry import describe, dump_detector, parse_detector
from bkmonitor.lib.errors import InvalidInput
from bkmonitor.web.forms.query_draft import Draft, read_draft
from bkmonitor.web.forms.typed import write_value

ROOT = "l"
DEEP = 4
LEVEL, DETECTOR, CONDITION, OVER = "v", "d", "c", "o"
SEVERITIES = ("1", "2", "3")
FIRST_KIND = "threshold"


def read_levels(data: Mapping[str, str]) -> Draft:
    """Return what a form sent of its levels."""
    return read_draft(data, ROOT, deep=DEEP)


def levels_draft(levels: Sequence[Mapping[str, Any]], unit: str = "") -> Draft:
    """Return levels as somebody would have typed them; `unit` is that of the values."""
    draft = Draft()
    draft.of(LEVEL).extend(_level(level, unit) for level in levels)
    return draft


def _level(level: Mapping[str, Any], unit: str) -> Draft:
    trigger = level.get("trigger") or {}
    draft = Draft(
        {
            "severity": str(level["severity"]),
            "match": level.get("match", "all"),
            "expression": level.get("expression", ""),
            **{name: str(trigger.get(name, "")) for name in ("count", "window", "recovery")},
        }
    )  # fmt: skip
    draft.of(DETECTOR).extend(detector_draft(one, unit) for one in level["detectors"])
    draft.of(OVER).extend(_conditions(level.get("over_when") or (), unit))
    return draft


def detector_draft(raw: Mapping[str, Any], unit: str = "") -> Draft:
    """Return a detector as somebody would have typed it."""
    # Every parameter is shown, those too that were left out.
    whole = dump_detector(parse_detector(raw))
    draft = Draft({"kind": whole["kind"]})
    for parameter in describe(whole["kind"]).parameters:
        value = whole[parameter.name]
        if parameter.type == "conditions":
            draft.of(CONDITION).extend(_conditions(value, unit))
        else:
            draft.typed[parameter.name] = write_parameter(parameter, value, unit)
    return draft


def write_parameter(parameter: Parameter, value: Any, unit: str) -> str:
    """Return the text of a parameter's value; none for what is left out."""
    if value is None:
        return ""
    if parameter.type == "labels":
        return ", ".join(value)
    if parameter.type in ("choice", "label"):
        return str(value)
    return write_value(value, unit_of(parameter, unit))


def unit_of(parameter: Parameter, unit: str) -> str:
    """Return the key of the unit in which a parameter is written."""
    if parameter.unit == "value":
        return unit
    return parameter.unit if parameter.unit in ("percent", "seconds") else ""


def _conditions(
    groups: Sequence[Sequence[Mapping[str, Any]]], unit: str
) -> list[Draft]:
    return [
        Draft(
            {
                "join": "or" if at and not row else "and",
                "operator": one["operator"],
                "value": write_value(float(one["value"]), unit),
            }
        )
        for at, group in enumerate(groups)
        for row, one in enumerate(group)
    ]


def blank_condition() -> Draft:
    """Return a row in which nothing has been typed."""
    return Draft({"join": "and", "operator": ">", "value": ""})


def complete(level: Draft, unit: str = "") -> Draft:
    """Give every detector of a level an input for each parameter of its kind.

    What was typed for another kind stays where the names are the same.
    """
    if not level.of(DETECTOR):
        level.of(DETECTOR).append(Draft({"kind": FIRST_KIND}))
    for detector in level.of(DETECTOR):
        _complete_detector(detector, unit)
    return level


def _complete_detector(detector: Draft, unit: str) -> None:
    try:
        described = describe(detector.typed.get("kind", ""))
    except InvalidInput:
        return
    takes_conditions = False
    for parameter in described.parameters:
        if parameter.type == "conditions":
            takes_conditions = True
            if not detector.of(CONDITION):
                rows = _conditions(parameter.default or (), unit)
                detector.of(CONDITION).extend(rows or [blank_condition()])
        elif parameter.name not in detector.typed:
            text = write_parameter(parameter, parameter.default, unit)
            detector.typed[parameter.name] = text
    if not takes_conditions:
        detector.blocks.pop(CONDITION, None)


def blank_level(taken: Sequence[str] = ()) -> Draft:
    """Return a level of the worst severity that is free, with a limit to type."""
    severity = next((each for each in SEVERITIES if each not in taken), SEVERITIES[-1])
    return complete(Draft({"severity": severity, "match": "all"}))
