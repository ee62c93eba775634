"""Is the definition of a strategy sound?"""

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _
from jinja2 import TemplateError

from bkmonitor.lib.activetime import parse_active_time
from bkmonitor.lib.errors import InvalidInput
from bkmonitor.lib.labels import check_labels
from bkmonitor.lib.units import check_unit
from bkmonitor.strategies.composite import parse_composite
from bkmonitor.strategies.definition import Definition, parse_definition
from bkmonitor.strategies.models import Strategy
from bkmonitor.strategies.no_data import GROUP, IGNORE, parse_no_data
from bkmonitor.strategies.promql import check_expression
from bkmonitor.strategies.templates import compile_template

COMPOSITE = Strategy.Kind.COMPOSITE
LONGEST_TEMPLATE = 5_000
# Of fields that the levels rest on, values that nothing is wrong with.
SOUND = {
    "expression": "vector(0)",
    "trigger_count": 1,
    "trigger_window": 1,
    "recovery_window": 1,
    "interval_s": 60,
    "late_periods": 0,
    "flap_count": 0,
}


def check_strategy(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that follow from the others; InvalidInput collects what is wrong."""
    wrong: dict[str, str] = {}
    _check_numbers(fields, wrong)
    if fields.get("kind") == COMPOSITE:
        _collect(_check_composite, fields, wrong)
        derived = {"filters": False}
    else:
        _collect(_check_no_composite, fields, wrong)
        _check_expressions(fields, wrong)
        derived = _check_levels(fields, wrong)
    for check in (_check_active_time, _check_no_data, _check_unit, _check_labels):
        _collect(check, fields, wrong)
    for name in ("summary", "description"):
        _check_template(name, str(fields.get(name, "")), wrong)
    if wrong:
        raise _invalid(wrong)
    return derived


def _invalid(wrong: Mapping[str, str]) -> InvalidInput:
    sentence = "; ".join(f"{name}: {what}" for name, what in wrong.items())
    return InvalidInput(sentence, dict(wrong))


def check_definition(fields: Mapping[str, Any]) -> Definition:
    """Return what is evaluated, of a strategy that need not be whole.

    What is left out is as a new strategy has it. Raises InvalidInput with what is
    wrong of each field, as a save of them would.
    """
    whole = {**Strategy().definition, **fields}
    wrong: dict[str, str] = {}
    _check_numbers(whole, wrong)
    _check_expressions(whole, wrong)
    _check_levels(whole, wrong)
    if wrong:
        raise _invalid(wrong)
    return parse_definition(whole)


def _check_expressions(fields: Mapping[str, Any], wrong: dict[str, str]) -> None:
    levels = [level for level in fields.get("levels") or () if isinstance(level, dict)]
    own = [str(level["expression"]) for level in levels if level.get("expression")]
    if fields.get("expression") or not levels or len(own) < len(levels):
        own.insert(0, str(fields.get("expression", "")))
    for expression in own:
        try:
            check_expression(expression)
        except InvalidInput as error:
            wrong.update(error.fields)


def _check_levels(fields: Mapping[str, Any], wrong: dict[str, str]) -> dict[str, Any]:
    """Return what follows from the levels, if they and all they rest on are sound."""
    # What is wrong elsewhere is told there, and is none of the levels' fault.
    sound = {name: SOUND[name] for name in SOUND.keys() & wrong.keys()}
    try:
        definition = parse_definition({**fields, **sound})
        if (
            definition.absent_is_normal
            and _watches(fields)
            and "expression" not in wrong
        ):
            wrong["no_data"] = _(
                "the expression drops series by itself, so one that is absent is normal"
            )
        return {"filters": definition.absent_is_normal}
    except InvalidInput as error:
        if "expression" not in error.fields:
            wrong.update(error.fields)
    except (AttributeError, TypeError, ValueError) as error:
        wrong["levels"] = _("this is no list of levels: %(error)s") % {"error": error}
    return {}


def _watches(fields: Mapping[str, Any]) -> bool:
    policy = fields.get("no_data") or {}
    return isinstance(policy, Mapping) and policy.get("policy", IGNORE) != IGNORE


def _check_numbers(fields: Mapping[str, Any], wrong: dict[str, str]) -> None:
    count, window = fields.get("trigger_count", 1), fields.get("trigger_window", 1)
    if not 1 <= count <= window <= 1000:
        wrong["trigger_count"] = _("needs 1 ≤ count ≤ window ≤ 1000")
    if not 1 <= fields.get("recovery_window", 1) <= 1000:
        wrong["recovery_window"] = _("must be from 1 to 1000")
    if not 10 <= fields.get("interval_s", 60) <= 3600:
        wrong["interval_s"] = _("must be from 10 to 3600 seconds")
    if not 0 <= fields.get("late_periods", 1) <= 10:
        wrong["late_periods"] = _("must be from 0 to 10")
    if not 0 <= fields.get("delay_s", 3) <= 600:
        wrong["delay_s"] = _("must be from 0 to 600 seconds")
    if not 0 <= fields.get("flap_count", 0) <= 20:
        wrong["flap_count"] = _("must be from 0 to 20")
    if fields.get("flap_count", 0) and not fields.get("flap_window_s", 0):
        wrong["flap_window_s"] = _("must be more than 0 where changes are counted")


def _collect(
    check: Callable[[Mapping[str, Any]], None],
    fields: Mapping[str, Any],
    wrong: dict[str, str],
) -> None:
    try:
        check(fields)
    except InvalidInput as error:
        wrong.update(error.fields)


def _check_composite(fields: Mapping[str, Any]) -> None:
    composite = parse_composite(fields.get("composite"))
    for name in ("expression", "query", "levels"):
        if fields.get(name):
            raise _wrong(name, _("a composite strategy has none"))
    if both := set(composite.on) & set(fields.get("labels") or {}):
        told = _("%(names)s: the alerts have it from the members")
        raise _wrong("labels", told % {"names": ", ".join(sorted(both))})


def _check_no_composite(fields: Mapping[str, Any]) -> None:
    if fields.get("composite") is not None:
        raise _wrong("composite", _("only a composite strategy has one"))


def _wrong(name: str, told: str) -> InvalidInput:
    return InvalidInput(f"{name}: {told}", {name: told})


def _check_labels(fields: Mapping[str, Any]) -> None:
    check_labels(fields.get("labels", {}))


def _check_unit(fields: Mapping[str, Any]) -> None:
    check_unit(str(fields.get("unit", "")))


def _check_no_data(fields: Mapping[str, Any]) -> None:
    policy = parse_no_data(fields.get("no_data") or {})
    if policy.policy == GROUP and not policy.by:
        raise _wrong("no_data", _("name the labels whose series belong together"))
    interval_s = int(fields.get("interval_s", 60))
    if policy.watches and policy.forget_s < policy.after * interval_s:
        told = _(
            "a series would be forgotten after forget_s, %(forget)s seconds, and missed "
            "only after %(after)s evaluations, %(seconds)s seconds: it never is then"
        )
        numbers = {
            "forget": policy.forget_s,
            "after": policy.after,
            "seconds": policy.after * interval_s,
        }
        raise _wrong("no_data", told % numbers)


def _check_active_time(fields: Mapping[str, Any]) -> None:
    parse_active_time(fields.get("active_time"))


def _check_template(name: str, text: str, wrong: dict[str, str]) -> None:
    if len(text) > LONGEST_TEMPLATE:
        wrong[name] = _("has more than %(n)s characters") % {"n": LONGEST_TEMPLATE}
        return
    try:
        compile_template(text)
    except TemplateError as error:
        wrong[name] = str(error)
