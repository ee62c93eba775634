"""Strategies and their alerts as Prometheus tells of its rules.

https://prometheus.io/docs/prometheus/latest/querying/api/#rules. Each strategy is a
group, each of its severities a rule, as the exported rule file has them. Answers are
written while their rows are read, a page at a time: alerts may be many.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain, islice
from typing import Any, TypeVar

import orjson
from django.db.models import QuerySet
from django.http import StreamingHttpResponse

from bkmonitor.alerts.models import Alert, SourceKind
from bkmonitor.ascode.rules_out import SEVERITY_WORDS, AlertingRule, rules_of
from bkmonitor.lib.errors import InvalidInput
from bkmonitor.protocols.prometheus import endpoint
from bkmonitor.protocols.prometheus_parameters import Asked, invalid
from bkmonitor.strategies.models import Strategy

PAGE = 200
NEVER = "0001-01-01T00:00:00Z"
HEALTH = {
    Strategy.Outcome.NEVER: "unknown",
    Strategy.Outcome.COMPLETE: "ok",
    Strategy.Outcome.FAILING: "err",
}
T = TypeVar("T")
Shown = dict[str, Any]
# The alerts that fire, by severity; an empty list for those that nobody asked for.
Firing = Mapping[int, list[Shown]]


@endpoint
def rules(space: str, asked: Asked) -> StreamingHttpResponse:
    """List strategies: type, rule_name[], rule_group[], file[], exclude_alerts,
    group_limit and group_next_token."""
    wanted = _wanted(space, asked)
    most = asked.count("group_limit")
    with_alerts = asked.text("exclude_alerts").lower() not in ("true", "1")
    shown = list(islice(wanted.order_by("pk"), most + 1)) if most else _paged(wanted)
    end: Shown = {}
    if isinstance(shown, list) and len(shown) > most:
        del shown[most:]
        end["groupNextToken"] = str(shown[-1].pk)
    groups = chain.from_iterable(
        _groups(page, space, with_alerts=with_alerts) for page in _pages(shown)
    )
    return _streamed("groups", groups, end)


@endpoint
def alerts(space: str, asked: Asked) -> StreamingHttpResponse:
    """List what fires, from strategies, probes and heartbeats alike."""
    firing = Alert.objects.firing().filter(space__slug=space)
    return _streamed("alerts", (_alert(alert) for alert in _paged(firing)), {})


def _wanted(space: str, asked: Asked) -> QuerySet[Strategy]:
    kind = asked.text("type").lower()
    if kind not in ("", "alert", "record"):
        raise invalid("type", f'not supported value "{asked.text("type")}"')
    rows = Strategy.objects.filter(space__slug=space, enabled=True)
    files = asked.every("file[]")
    if kind == "record" or (files and _file(space) not in files):
        return rows.none()
    for parameter in ("rule_name[]", "rule_group[]"):
        if names := asked.every(parameter):
            rows = rows.filter(name__in=names)
    if asked.text("group_next_token"):
        if not asked.count("group_limit"):
            raise InvalidInput("group_limit needs to be set in order to paginate over the groups")  # fmt: skip
        rows = rows.filter(pk__gt=asked.count("group_next_token"))
    return rows


def _file(space: str) -> str:
    """Return the name of the file that an export would be saved as."""
    return f"{space}.yml"


def _paged(rows: QuerySet[Any]) -> Iterator[Any]:
    """Yield rows by their keys, in queries of a bounded size."""
    last = 0
    while page := list(rows.filter(pk__gt=last).order_by("pk")[:PAGE]):
        yield from page
        last = page[-1].pk


def _pages(rows: Iterator[T] | Sequence[T]) -> Iterator[list[T]]:
    rows = iter(rows)
    while page := list(islice(rows, PAGE)):
        yield page


def _groups(
    strategies: Sequence[Strategy], space: str, *, with_alerts: bool
) -> Iterator[Shown]:
    keys = [strategy.pk for strategy in strategies]
    own = Alert.objects.firing().filter(space__slug=space)
    own = own.filter(source_kind=SourceKind.STRATEGY, source_id__in=keys)
    firing: dict[int, dict[int, list[Shown]]] = defaultdict(lambda: defaultdict(list))
    if with_alerts:
        for alert in _paged(own):
            firing[alert.source_id][alert.severity].append(_alert(alert))
    else:
        pairs = own.order_by().values_list("source_id", "severity").distinct()
        for source_id, severity in pairs:
            firing[source_id][severity] = []
    for strategy in strategies:
        yield _group(strategy, space, firing[strategy.pk])


def _group(strategy: Strategy, space: str, firing: Firing) -> Shown:
    return {
        "name": strategy.name,
        "file": _file(space),
        "rules": _rules(strategy, firing),
        "interval": strategy.interval_s,
        "limit": 0,
        "evaluationTime": 0,
        "lastEvaluation": _moment(strategy.last_tick_at),
    }


def _rules(strategy: Strategy, firing: Firing) -> list[Shown]:
    rules = rules_of(strategy)
    return [_rule(strategy, rule, firing, _state(strategy, rule, rules, firing)) for rule in rules]  # fmt: skip


def _state(
    strategy: Strategy,
    rule: AlertingRule,
    rules: Sequence[AlertingRule],
    firing: Firing,
) -> str:
    """Return firing, pending or inactive.

    Of the newest evaluation it is known how many points were anomalous, not at which
    severity. An anomaly of any counts for the least severe too, so that this one is
    pending where nothing fires yet.
    """
    if rule.severity in firing:
        return "firing"
    least = rule.severity == max(one.severity for one in rules)
    waits = least and rule.for_s > 0 and not firing
    judged = strategy.outcome == Strategy.Outcome.COMPLETE
    return "pending" if waits and judged and strategy.counts.get("anomalous") else "inactive"  # fmt: skip


def _rule(strategy: Strategy, rule: AlertingRule, firing: Firing, state: str) -> Shown:
    failing = strategy.outcome == Strategy.Outcome.FAILING
    return {
        "state": state,
        "name": strategy.name,
        "query": rule.expression,
        "duration": rule.for_s,
        "keepFiringFor": rule.keep_firing_s,
        "labels": rule.labels,
        "annotations": rule.annotations,
        "alerts": firing.get(rule.severity, []),
        "health": HEALTH[Strategy.Outcome(strategy.outcome)],
        **({"lastError": strategy.outcome_reason} if failing else {}),
        "evaluationTime": 0,
        "lastEvaluation": _moment(strategy.last_tick_at),
        "type": "alerting",
    }


def _alert(alert: Alert) -> Shown:
    texts = {
        "summary": alert.summary,
        "description": alert.description,
        "runbook_url": alert.runbook_url,
    }
    own = {"alertname": alert.source_name, "severity": SEVERITY_WORDS[alert.severity]}
    return {
        "labels": own | alert.labels,
        "annotations": {name: text for name, text in texts.items() if text},
        "state": "firing",
        "activeAt": _moment(alert.started_at),
        "value": _value(alert.value),
    }


def _value(value: float | None) -> str:
    """Write a number as Go's %e with as few digits as it takes: 9.55e+01."""
    if value is None:
        return "NaN"
    digits = repr(abs(value)).partition("e")[0].replace(".", "").strip("0")
    return f"{value:.{max(len(digits) - 1, 0)}e}"


def _moment(moment: datetime | None) -> str:
    return moment.isoformat().replace("+00:00", "Z") if moment else NEVER


def _streamed(
    name: str, entries: Iterator[Shown], end: Mapping[str, Any]
) -> StreamingHttpResponse:
    def body() -> Iterator[bytes]:
        yield b'{"status":"success","data":{"%s":[' % name.encode()
        for number, entry in enumerate(entries):
            yield (b"," if number else b"") + orjson.dumps(entry)
        yield b"]" + b"".join(b",%s:%s" % (orjson.dumps(k), orjson.dumps(v)) for k, v in end.items()) + b"}}"  # fmt: skip

    return StreamingHttpResponse(body(), content_type="application/json")
