"""Strategies as rules of Prometheus: one rule for each severity."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from bkmonitor.ascode.drafts import WORDS
from bkmonitor.ascode.expressions import firing_expression
from bkmonitor.ascode.go_pipelines import Unsupported
from bkmonitor.ascode.jinja_texts import write_go
from bkmonitor.lib.errors import InvalidInput
from bkmonitor.lib.units import format_value
from bkmonitor.strategies.composite import parse_composite
from bkmonitor.strategies.condition import Composite
from bkmonitor.strategies.definition import Definition, Level, parse_definition
from bkmonitor.strategies.models import Strategy

SEVERITY_WORDS = {severity: word for word, severity in WORDS.items()}


@dataclass(frozen=True, slots=True)
class AlertingRule:
    """One severity of a strategy, as Prometheus would judge it."""

    severity: int
    expression: str
    for_s: int
    keep_firing_s: int
    labels: Mapping[str, str]
    annotations: Mapping[str, str]


@dataclass(slots=True)
class Exported:
    """A strategy as a group of rules, and what of it Prometheus has no words for."""

    name: str
    interval_s: int
    rules: list[AlertingRule] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def export_strategy(strategy: Strategy) -> Exported:
    """Return what Prometheus could judge of a strategy; `left_out` says all the rest."""
    exported = Exported(strategy.name, strategy.interval_s)
    if strategy.kind == Strategy.Kind.COMPOSITE:
        exported.left_out.append(_("a condition over other strategies is not expressible"))  # fmt: skip
        return exported
    try:
        definition = parse_definition(strategy.definition)
    except InvalidInput as error:  # sound when it was saved, by older rules
        exported.left_out.append(str(error))
        return exported
    for level in definition.levels:
        try:
            expression = firing_expression(level)
        except Unsupported as error:
            word = SEVERITY_WORDS[level.severity]
            exported.left_out.append(f"{word}: {error}")
            continue
        rule = _alerting_rule(strategy, level, expression, exported.left_out)
        exported.rules.append(rule)
    exported.left_out += _approximated(strategy, definition)
    exported.left_out = list(dict.fromkeys(exported.left_out))
    return exported


def rules_of(strategy: Strategy) -> list[AlertingRule]:
    """Return a rule for each severity, as it is told to whom only reads it.

    A level that no expression stands for has the one that its detectors look at, and
    a composite one its condition.
    """
    try:
        if strategy.kind == Strategy.Kind.COMPOSITE:
            return _conditions(strategy, parse_composite(strategy.composite))
        levels = parse_definition(strategy.definition).levels
    except InvalidInput:  # sound when it was saved, by older rules
        return []
    return [
        _alerting_rule(strategy, level, _telling_expression(level), [])
        for level in levels
    ]


def _conditions(strategy: Strategy, composite: Composite) -> list[AlertingRule]:
    return [
        AlertingRule(
            severity=level.severity,
            expression=level.text,
            for_s=composite.hold_s,
            keep_firing_s=composite.hold_s,
            labels=_labels(strategy, level.severity),
            annotations=_annotations(strategy, level.severity, []),
        )
        for level in composite.levels
    ]


def _alerting_rule(
    strategy: Strategy, level: Level, expression: str, left_out: list[str]
) -> AlertingRule:
    """Return a level as a rule; what has no words there is added to `left_out`."""
    return AlertingRule(
        severity=level.severity,
        expression=expression,
        for_s=(level.count - 1) * strategy.interval_s,
        keep_firing_s=(level.recovery - 1) * strategy.interval_s,
        labels=_labels(strategy, level.severity),
        annotations=_annotations(strategy, level.severity, left_out),
    )


def _telling_expression(level: Level) -> str:
    try:
        return firing_expression(level)
    except Unsupported:
        return level.expression


def _annotations(
    strategy: Strategy, severity: int, left_out: list[str]
) -> dict[str, str]:
    settled = {"severity": SEVERITY_WORDS[severity], "name": strategy.name}
    annotations = {}
    for name in ("summary", "description"):
        text = getattr(strategy, name)
        try:
            annotations[name] = write_go(text, settled) if text else ""
        except Unsupported as error:
            left_out.append(f"{name}: {error}: {text}")
    annotations["runbook_url"] = _literal(strategy.runbook_url)
    return {name: text for name, text in annotations.items() if text}


def _labels(strategy: Strategy, severity: int) -> dict[str, str]:
    """Return the labels of a rule; one that is called severity goes before ours."""
    own = {name: _literal(text) for name, text in strategy.labels.items()}
    return {"severity": SEVERITY_WORDS[severity], **own}


def _approximated(strategy: Strategy, definition: Definition) -> list[str]:
    """Say what the rules judge otherwise than the strategy does."""
    told = [
        _("%(count)s of %(window)s evaluations became %(count)s in a row") % {"count": level.count, "window": level.window}
        for level in definition.levels
        if level.count < level.window
    ]  # fmt: skip
    if any(level.over_when for level in definition.levels):
        told.append(_("its own condition for the end is not expressible"))
    if (strategy.no_data or {}).get("policy", "ignore") != "ignore":
        told.append(_("an alert for missing data is not expressible"))
    if strategy.active_time:
        told.append(_("active time is not expressible"))
    return told + _own_settings(strategy)


def _own_settings(strategy: Strategy) -> list[str]:
    """Say what is set otherwise than of most and is lost; the file's head names the rest."""
    usual, told = Strategy(), []
    flap = (strategy.flap_count, strategy.flap_window_s)
    if strategy.flap_count and flap != (usual.flap_count, usual.flap_window_s):
        told.append(
            _("flapping, from %(count)s changes within %(time)s on, is not expressible")
            % {"count": flap[0], "time": format_value(flap[1], "seconds")}
        )
    if strategy.late_periods != usual.late_periods:
        told.append(
            _("judging %(count)s late evaluations again is not expressible")
            % {"count": strategy.late_periods}
        )
    if strategy.delay_s != usual.delay_s:
        told.append(
            _("evaluating %(seconds)s s later is query_offset in newer versions")
            % {"seconds": strategy.delay_s}
        )
    if strategy.unit:
        told.append(_("the unit “%(unit)s” is not expressible") % {"unit": strategy.unit})  # fmt: skip
    return told


def _literal(text: str) -> str:
    return text.replace("{{", '{{ "{{" }}')
