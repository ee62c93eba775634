"""Rule files of Prometheus and vmalert: what stands in them, rule by rule.

Source  https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/ and
https://docs.victoriametrics.com/vmalert/#groups; the custom resources PrometheusRule
and VMRule hold the same groups below `spec`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import yaml
from django.utils.translation import gettext as _

from bkmonitor.ascode.yaml_nodes import (
    WrongNode,
    line_of,
    mapping,
    no_yaml,
    read_documents,
    sequence,
    text_of,
)
from bkmonitor.lib.durations import parse_duration
from bkmonitor.lib.errors import InvalidInput

MOST_RULES = 5_000
# Prometheus' own, where neither the group nor its configuration says otherwise.
USUAL_INTERVAL_S = 60.0
RESOURCES = frozenset({"PrometheusRule", "VMRule"})
# Fields that do not say which series fire.
LEFT_OUT_OF_GROUPS = frozenset(
    {"limit", "concurrency", "query_offset", "eval_offset", "eval_delay"}
    | {"eval_alignment", "notifier_headers", "debug", "partial_response_strategy"}
)
LEFT_OUT_OF_RULES = frozenset({"debug", "update_entries_limit"})
OF_A_GROUP = frozenset({"name", "interval", "rules", "labels"})
OF_A_RULE = frozenset(
    {"alert", "record", "expr", "for", "keep_firing_for", "labels", "annotations"}
)
NONE: dict[str, str] = {}
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a rule stands."""

    file: str
    group: str
    rule: str
    line: int


@dataclass(slots=True)
class Rule:
    """A rule as it stands in its file.

    wrong  why it cannot become a strategy; then the other fields may be incomplete
    notes  what it says that a strategy has no place for
    """

    place: Place
    expression: str = ""
    interval_s: float = USUAL_INTERVAL_S
    for_s: float = 0.0
    keep_firing_s: float = 0.0
    labels: dict[str, str] = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read_rules(text: str, file: str) -> list[Rule]:
    """Return every rule of a file, in its order, recording rules too.

    Errors  InvalidInput, naming the line, for what is no rule file. What is wrong of
    one rule stands in its `wrong`, and the others are read all the same.
    """
    rules: list[Rule] = []
    try:
        for document in read_documents(text, file):
            for group in _groups(document):
                for rule in _rules_of(group, file):
                    rules.append(rule)
                    if len(rules) > MOST_RULES:
                        raise InvalidInput(_("%(file)s has more than %(n)s rules") % {"file": file, "n": MOST_RULES})  # fmt: skip
    except WrongNode as error:
        raise no_yaml(file, error.line, str(error)) from error
    return rules


def _groups(document: yaml.Node) -> Iterator[yaml.Node]:
    whole = mapping(document)
    kind = whole.get("kind")
    if kind is not None and text_of(kind) in RESOURCES and "spec" in whole:
        document = whole["spec"]
        whole = mapping(document)
    for name, node in whole.items():
        if name == "groups":
            yield from sequence(node)
        elif name != "namespace":
            raise WrongNode(node, _("“%(name)s” does not belong into a rule file") % {"name": name})  # fmt: skip


def _rules_of(node: yaml.Node, file: str) -> Iterator[Rule]:
    group = mapping(node)
    shared = Rule(Place(file, "", "", line_of(node)))
    name = _taken(group, "name", text_of, shared, default="")
    _sort_out(group, OF_A_GROUP, LEFT_OUT_OF_GROUPS, shared)
    own_interval_s = _taken(group, "interval", _seconds, shared, 0.0)
    shared.interval_s = own_interval_s or USUAL_INTERVAL_S
    shared.labels = _taken(group, "labels", _texts, shared, NONE)
    for each in sequence(group["rules"]) if "rules" in group else ():
        yield _rule(each, Place(file, name, "", line_of(each)), shared)


def _rule(node: yaml.Node, place: Place, shared: Rule) -> Rule:
    rule = Rule(place, wrong=[*shared.wrong], notes=[*shared.notes])
    try:
        fields = mapping(node)
    except WrongNode as error:
        rule.wrong.append(str(error))
        return rule
    kind = "alert" if "alert" in fields else "record"
    name = _taken(fields, kind, text_of, rule, default="")
    rule.place = Place(place.file, place.group, name, place.line)
    if kind == "record":
        rule.wrong.append(_("it records a series and raises no alert") if name else _("it has no name"))  # fmt: skip
    _sort_out(fields, OF_A_RULE, LEFT_OUT_OF_RULES, rule)
    rule.expression = _taken(fields, "expr", text_of, rule, default="").strip()
    rule.interval_s = shared.interval_s
    rule.for_s = _taken(fields, "for", _seconds, rule, 0.0)
    rule.keep_firing_s = _taken(fields, "keep_firing_for", _seconds, rule, 0.0)
    rule.labels = shared.labels | _taken(fields, "labels", _texts, rule, NONE)
    rule.annotations = _taken(fields, "annotations", _texts, rule, NONE)
    return rule


def _sort_out(
    fields: Mapping[str, yaml.Node],
    known: frozenset[str],
    left_out: frozenset[str],
    rule: Rule,
) -> None:
    """Note what is left out, and refuse what might say which series fire."""
    for name, node in fields.items():
        if name in left_out:
            rule.notes.append(_("“%(name)s” has no place here and is left out") % {"name": name})  # fmt: skip
        elif name not in known and not _is_prometheus(name, node):
            rule.wrong.append(_("the field “%(name)s” is not supported") % {"name": name})  # fmt: skip


def _is_prometheus(name: str, node: yaml.Node) -> bool:
    """Tell whether vmalert's `type` says that the queries are in PromQL."""
    return name == "type" and getattr(node, "value", None) == "prometheus"


def _taken(
    fields: Mapping[str, yaml.Node],
    name: str,
    read: Callable[[yaml.Node], T],
    rule: Rule,
    default: T,
) -> T:
    """Read one field, or say what is wrong with it."""
    if name not in fields:
        return default
    try:
        return read(fields[name])
    except WrongNode as error:
        rule.wrong.append(f"{name}: {error}")
        return default


def _seconds(node: yaml.Node) -> float:
    text = text_of(node)
    seconds = parse_duration(text)
    if seconds is None or seconds < 0:
        raise WrongNode(node, _("“%(text)s” is no length of time") % {"text": text})
    return seconds


def _texts(node: yaml.Node) -> dict[str, str]:
    return {name: text_of(value) for name, value in mapping(node).items()}
