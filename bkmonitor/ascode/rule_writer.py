"""A space's strategies as a rule file that Prometheus and vmalert load."""

from collections.abc import Iterable, Iterator
from typing import Any

import yaml
from django.utils.translation import gettext as _

from bkmonitor.ascode.rules_out import AlertingRule, Exported, export_strategy
from bkmonitor.lib.durations import write_duration
from bkmonitor.strategies.models import Strategy

YAML = "application/yaml"


class _Readable(yaml.SafeDumper):
    """Writes a text of several lines as such."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Indent lists below their key."""
        super().increase_indent(flow, indentless=False)


_Readable.add_representer(
    str,
    lambda dumper, text: dumper.represent_scalar(
        "tag:yaml.org,2002:str", text, "|" if "\n" in text else None
    ),
)


def write_rule_file(strategies: Iterable[Strategy]) -> str:
    """Return a rule file: a group for each strategy, a rule for each severity.

    What Prometheus has no words for stands in a remark above its group.
    """
    parts = [_remark(_("Flapping and late data are judged by the service alone."))]
    begun = False
    for strategy in strategies:
        exported = export_strategy(strategy) if strategy.enabled else None
        if exported and exported.rules and not begun:
            parts.append("groups:\n")
            begun = True
        parts += _remarks(strategy, exported)
        if exported and exported.rules:
            parts.append(_group(exported))
    return "".join(parts if begun else [*parts, "groups: []\n"])


def _remarks(strategy: Strategy, exported: Exported | None) -> Iterator[str]:
    if exported is None:
        yield _remark(_("“%(name)s” is switched off.") % {"name": strategy.name})
        return
    for told in exported.left_out:
        yield _remark(f"{exported.name}: {told}")


def _remark(text: str) -> str:
    """Return a text as a line that YAML passes over."""
    printable = "".join(each if each.isprintable() else " " for each in text)
    return f"# {printable}\n"


def _group(exported: Exported) -> str:
    group = {
        "name": exported.name,
        "interval": write_duration(exported.interval_s),
        "rules": [_rule(exported.name, rule) for rule in exported.rules],
    }
    written: str = yaml.dump([group], Dumper=_Readable, sort_keys=False, allow_unicode=True, width=float("inf"))  # fmt: skip
    lines = written.rstrip("\n").split("\n")
    return "".join(f"  {line}\n" if line else "\n" for line in lines)


def _rule(name: str, rule: AlertingRule) -> dict[str, Any]:
    fields = {
        "alert": name,
        "expr": rule.expression,
        "for": write_duration(rule.for_s) if rule.for_s else None,
        "keep_firing_for": write_duration(rule.keep_firing_s) if rule.keep_firing_s else None,
        "labels": dict(rule.labels),
        "annotations": dict(rule.annotations),
    }  # fmt: skip
    return {field: value for field, value in fields.items() if value}
