"""Is the definition of a strategy sound?"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from jinja2 import TemplateError

from bkmonitor.detection.threshold import ANY, Limit
from bkmonitor.lib.errors import InvalidInput
from bkmonitor.lib.labels import check_labels
from bkmonitor.strategies.promql import check_expression, filters
from bkmonitor.strategies.templates import compile_template

LONGEST_TEMPLATE = 5_000


def parse_limits(raw: Sequence[Mapping[str, Any]]) -> tuple[Limit, ...]:
    """Return the limits of a strategy's row; InvalidInput names what is wrong."""
    try:
        return tuple(
            Limit(
                int(entry["severity"]),
                str(entry["operator"]),
                None if entry["operator"] == ANY else float(entry["value"]),
            )
            for entry in raw
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidInput(
            f"a limit needs severity, operator and value: {error}",
            {"limits": _("each needs severity, operator and value")},
        ) from error


def check_strategy(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that follow from the others; InvalidInput collects what is wrong."""
    wrong: dict[str, str] = {}
    drops_series = _check_query(fields, wrong)
    _check_trigger(fields, wrong)
    for name in ("summary", "description"):
        _check_template(name, str(fields.get(name, "")), wrong)
    if wrong:
        raise InvalidInput(
            "; ".join(f"{name}: {what}" for name, what in wrong.items()), wrong
        )
    return {"filters": drops_series}


def _check_query(fields: Mapping[str, Any], wrong: dict[str, str]) -> bool:
    drops_series = False
    try:
        check_expression(str(fields.get("expression", "")))
        drops_series = filters(str(fields["expression"]))
    except InvalidInput as error:
        wrong.update(error.fields)
    try:
        limits = parse_limits(fields.get("limits", []))
        if not limits:
            wrong["limits"] = _(
                "at least one is needed, else nothing is ever a problem"
            )
        elif not drops_series and any(limit.operator == ANY for limit in limits):
            wrong["limits"] = _(
                "“any” needs an expression that filters, such as cpu > 90"
            )
        check_labels(fields.get("labels", {}))
    except InvalidInput as error:
        wrong.update(error.fields or {"limits": str(error)})
    return drops_series


def _check_trigger(fields: Mapping[str, Any], wrong: dict[str, str]) -> None:
    count, window = fields.get("trigger_count", 1), fields.get("trigger_window", 1)
    if not 1 <= count <= window <= 1000:
        wrong["trigger_count"] = _("needs 1 ≤ count ≤ window ≤ 1000")
    if not 1 <= fields.get("recovery_window", 1) <= 1000:
        wrong["recovery_window"] = _("must be from 1 to 1000")
    if not 10 <= fields.get("interval_s", 60) <= 3600:
        wrong["interval_s"] = _("must be from 10 to 3600 seconds")


def _check_template(name: str, text: str, wrong: dict[str, str]) -> None:
    if len(text) > LONGEST_TEMPLATE:
        wrong[name] = _("has more than %(n)s characters") % {"n": LONGEST_TEMPLATE}
        return
    try:
        compile_template(text)
    except TemplateError as error:
        wrong[name] = str(error)
