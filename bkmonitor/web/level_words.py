"""What a strategy's levels ask for, in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bkmonitor.detection.parameters import Parameter
from bkmonitor.detection.registry import KINDS, describe
from bkmonitor.lib.units import format_value
from bkmonitor.web.forms.inputs import SIGNS
from bkmonitor.web.forms.level_inputs import PLAIN_UNITS
from bkmonitor.web.forms.levels_draft import write_parameter

Groups = Sequence[Sequence[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class LevelWords:
    """One level: its severity, each method in words, and what it has of its own."""

    severity: int
    methods: Sequence[str]
    any_of: bool
    more: Sequence[str]


def level_words(level: Mapping[str, Any], unit: str) -> LevelWords:
    """Say a level as a row keeps it; `unit` is that of the values."""
    return LevelWords(
        level["severity"],
        [detector_words(one, unit) for one in level["detectors"]],
        level.get("match") == "any" and len(level["detectors"]) > 1,
        list(_more(level, unit)),
    )


def detector_words(raw: Mapping[str, Any], unit: str) -> str:
    """Say a detector: limits as they are, of others the name and what was set."""
    if raw["kind"] == "threshold":
        return condition_words(raw["any_of"], unit)
    if raw["kind"] not in KINDS:
        return str(raw["kind"])
    described = describe(raw["kind"])
    told = [
        _parameter(parameter, raw[parameter.name], unit)
        for parameter in described.parameters
        if parameter.name in raw and raw[parameter.name] != parameter.default
    ]
    title = _(described.title)
    return f"{title}: {'; '.join(told)}" if told else str(title)


def condition_words(groups: Groups, unit: str) -> str:
    """Say conditions: "> 90 % and < 95 % or = 0 %"."""
    return _(" or ").join(
        _(" and ").join(
            f"{SIGNS[one['operator']]} {format_value(one['value'], unit, digits=10)}"
            for one in group
        )
        for group in groups
    )


def _parameter(parameter: Parameter, value: Any, unit: str) -> str:
    title = _(parameter.title)
    if parameter.type == "conditions":
        return f"{title} {condition_words(value, unit)}"
    if parameter.type == "choice":
        return f"{title} {_(dict(parameter.choices).get(value, value))}"
    text = write_parameter(parameter, value, unit)
    return f"{title} {text} {PLAIN_UNITS.get(parameter.unit, '')}".rstrip()


def _more(level: Mapping[str, Any], unit: str) -> Sequence[str]:
    trigger, told = level.get("trigger") or {}, []
    if level.get("expression"):
        told.append(str(level["expression"]))
    if "count" in trigger or "window" in trigger:
        told.append(
            _("fires after %(n)s of %(m)s evaluations")
            % {"n": trigger.get("count", "–"), "m": trigger.get("window", "–")}
        )
    if "recovery" in trigger:
        told.append(
            ngettext(
                "over after %(n)s normal evaluation",
                "over after %(n)s normal evaluations",
                trigger["recovery"],
            )
            % {"n": trigger["recovery"]}
        )
    if level.get("over_when"):
        told.append(
            _("over only when %(what)s")
            % {"what": condition_words(level["over_when"], unit)}
        )
    return told
