"""Strategies as rule files would have them: rules in, fields of strategies out."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from bkmonitor.accounts.fields import check_web_address
from bkmonitor.ascode.go_templates import has_actions, translate_text
from bkmonitor.ascode.rule_file import Rule
from bkmonitor.lib.durations import write_duration
from bkmonitor.lib.errors import InvalidInput
from bkmonitor.strategies.promql import check_expression

SHORTEST_S, LONGEST_S = 10, 3600
MOST_POINTS = 1000
LONGEST_NAME = 100
LONGEST_ADDRESS = 500
SEVERITIES = {
    **dict.fromkeys(("critical", "page", "fatal", "emergency", "error"), 1),
    **dict.fromkeys(("warning", "warn"), 2),
    **dict.fromkeys(("info", "none"), 3),
}
WITHOUT_LABEL = 2
# The words that mean a severity of ours, and nothing besides.
WORDS = {"critical": 1, "warning": 2, "info": 3}
# Older names of the same annotations.
FORMER = {"message": "description", "runbook": "runbook_url"}
PRESENT = {"kind": "present"}


@dataclass(slots=True)
class Draft:
    """A strategy to be, of one rule or of several that are its levels.

    fields  for `strategies.services.save_strategy`; none if it is refused
    wrong   why it is refused
    notes   what is not to the letter as in the file
    """

    rules: list[Rule]
    fields: dict[str, Any] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def draft_strategies(rules: Iterable[Rule]) -> list[Draft]:
    """Return what the rules become, in their order; every rule is in one draft."""
    drafts = _joined([_draft(rule) for rule in rules])
    taken: set[str] = set()
    for draft in drafts:
        if not draft.wrong:
            draft.fields["name"] = _free_name(draft, taken)
    return drafts


def _draft(rule: Rule) -> Draft:
    draft = Draft([rule], wrong=[*rule.wrong], notes=[*rule.notes])
    if draft.wrong:
        return draft
    name = rule.place.rule.strip()
    if len(name) > LONGEST_NAME:
        draft.wrong.append(_("the name has more than %(n)s characters") % {"n": LONGEST_NAME})  # fmt: skip
    interval_s = _interval(rule, draft)
    draft.fields = {
        "name": name,
        "expression": _expression(rule.expression, draft),
        "query": None,
        "interval_s": interval_s,
        "levels": [{"severity": _severity(rule, draft), "detectors": [PRESENT]}],
        "trigger_count": _points(rule.for_s, interval_s),
        "trigger_window": _points(rule.for_s, interval_s),
        "recovery_window": _points(rule.keep_firing_s, interval_s),
        "labels": _labels(rule, draft),
        **_texts(rule.annotations, draft),
    }
    if draft.wrong:
        draft.fields.clear()
    return draft


def _interval(rule: Rule, draft: Draft) -> int:
    """Return the seconds between evaluations: the file's, if it can be ours."""
    wanted = min(max(math.ceil(rule.interval_s), SHORTEST_S), LONGEST_S)
    longest = max(rule.for_s, rule.keep_firing_s)
    times = math.ceil(longest / (wanted * (MOST_POINTS - 1))) or 1
    if wanted * times > LONGEST_S:
        told = _("%(length)s is too long to wait for") % {"length": write_duration(longest)}  # fmt: skip
        draft.wrong.append(told)
    elif wanted * times != rule.interval_s:
        told = _("evaluated every %(ours)s instead of every %(theirs)s")
        draft.notes.append(
            told
            % {
                "ours": write_duration(wanted * times),
                "theirs": write_duration(rule.interval_s),
            }
        )
    return wanted * times


def _points(seconds: float, interval_s: int) -> int:
    """Return how many evaluations in a row span a length of time, both ends counted."""
    return math.ceil(round(seconds / interval_s, 6)) + 1


def _expression(expression: str, draft: Draft) -> str:
    try:
        check_expression(expression)
    except InvalidInput as error:
        draft.wrong.append(str(error))
    return expression


def _severity(rule: Rule, draft: Draft) -> int:
    word = rule.labels.get("severity", "")
    known = SEVERITIES.get(word.lower())
    if word and known is None:
        draft.notes.append(_("the severity “%(word)s” became a warning") % {"word": word})  # fmt: skip
    return known or WITHOUT_LABEL


def _labels(rule: Rule, draft: Draft) -> dict[str, str]:
    """Return the labels but for a severity that the level says as well."""
    labels = {}
    for name, text in rule.labels.items():
        if has_actions(text):
            draft.notes.append(_("the label “%(name)s” is a template and is left out") % {"name": name})  # fmt: skip
        elif text and not (name == "severity" and text in WORDS):
            labels[name] = text
    return labels


def _texts(annotations: Mapping[str, str], draft: Draft) -> dict[str, str]:
    """Return summary, description and runbook; the rest stands below the description."""
    texts, below = {"summary": "", "description": "", "runbook_url": ""}, []
    for name, raw in _renamed(annotations).items():
        if name == "runbook_url" and _is_address(raw.strip()):
            texts[name] = raw.strip()
            continue
        translated = translate_text(raw.strip())
        left = _("%(name)s: %(why)s and stands as it was written")
        draft.notes += [left % {"name": name, "why": why} for why in translated.left]
        if name in ("summary", "description"):
            texts[name] = translated.text
        else:
            below.append(f"{name}: {translated.text}")
            told = _("the annotation “%(name)s” stands below the description")
            draft.notes.append(told % {"name": name})
    parts = [texts["description"], "\n".join(below)]
    return texts | {"description": "\n\n".join(filter(None, parts))}


def _renamed(annotations: Mapping[str, str]) -> dict[str, str]:
    """Give older names the newer ones, where those are free."""
    return {
        name if FORMER.get(name, name) in annotations else FORMER[name]: text
        for name, text in annotations.items()
    }


def _is_address(text: str) -> bool:
    if has_actions(text) or len(text) > LONGEST_ADDRESS:
        return False
    try:
        check_web_address(text)
    except ValidationError:
        return False
    return True


def _joined(drafts: list[Draft]) -> list[Draft]:
    """Make one strategy of rules that differ by expression, severity and `for` alone."""
    families: dict[Any, list[Draft]] = {}
    for number, draft in enumerate(drafts):
        families.setdefault(_family(draft, number), []).append(draft)
    joined = []
    for family in families.values():
        severities = {_level(draft)["severity"] for draft in family if draft.fields}
        if len(family) == len(severities):
            joined.append(_join(family))
        else:
            joined += family
    return joined


def _family(draft: Draft, number: int) -> Any:
    """Return what the levels of one strategy have in common; a number for a loner."""
    rule = draft.rules[0]
    if draft.wrong or rule.labels.get("severity") not in WORDS:
        return number
    told = ("name", "interval_s", "labels", "summary", "description", "runbook_url")
    common = [repr(draft.fields[name]) for name in told]
    return (rule.place.file, rule.place.group, *common)


def _level(draft: Draft) -> dict[str, Any]:
    level: dict[str, Any] = draft.fields["levels"][0]
    return level


def _join(family: list[Draft]) -> Draft:
    """Return one draft; its own expression and trigger are those of the worst level."""
    if len(family) == 1:
        return family[0]
    worst, *others = sorted(family, key=lambda draft: _level(draft)["severity"])
    levels = [_level(worst)]
    for draft in others:
        own = {"expression": draft.fields["expression"]}
        trigger = _trigger(draft.fields)
        if trigger != _trigger(worst.fields):
            own["trigger"] = trigger
        levels.append(_level(draft) | own)
    return Draft(
        rules=[rule for draft in family for rule in draft.rules],
        fields=worst.fields | {"levels": levels},
        notes=list(dict.fromkeys(note for draft in family for note in draft.notes)),
    )


def _trigger(fields: Mapping[str, Any]) -> dict[str, int]:
    return {
        "count": fields["trigger_count"],
        "window": fields["trigger_window"],
        "recovery": fields["recovery_window"],
    }


def _free_name(draft: Draft, taken: set[str]) -> str:
    """Return the name, with a number behind it where others had it before."""
    wanted, number = draft.fields["name"], 1
    name = wanted
    while name in taken:
        number += 1
        end = f" ({number})"
        name = wanted[: LONGEST_NAME - len(end)] + end
    taken.add(name)
    return str(name)
