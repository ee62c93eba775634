"""Composite strategies as they are looked at: members, and what they come to now."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, Q, QuerySet, TextField, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce

from bkmonitor.alerts.models import Alert, SourceKind
from bkmonitor.evaluation.composite import Finding, Judgement, Truth
from bkmonitor.lib.labels import Labels
from bkmonitor.pipeline.composites import judge_composites
from bkmonitor.strategies.condition import Composite
from bkmonitor.strategies.models import Strategy
from bkmonitor.web.problems import Problem, problems_of

MOST = 50


@dataclass(frozen=True, slots=True)
class Member:
    """A member by its alias; `strategy` is None once it is deleted."""

    alias: str
    key: int
    strategy: Strategy | None
    problem: Problem | None


@dataclass(frozen=True, slots=True)
class Line:
    """One combination of labels: its severity, 0 for none, and who fires.

    `undecided` says that something is missing, or has not lasted for long enough.
    """

    labels: Labels
    severity: int
    undecided: bool
    firing: Sequence[str]


@dataclass(frozen=True, slots=True)
class Look:
    """What a composite comes to: the worst combinations first, `total` of them."""

    members: Sequence[Member]
    lines: Sequence[Line]
    total: int
    firing: int


def look(composite: Composite, now: datetime) -> Look:
    """Return what a composite comes to at this moment."""
    (judged,) = judge_composites([composite], now)
    aliases = {pk: alias for alias, pk in composite.members.items()}
    lines = [_line(judged.judgement, one, aliases) for one in judged.judgement.findings]
    lines.sort(
        key=lambda line: (line.severity or 9, not line.undecided, str(line.labels))
    )
    problems = problems_of(SourceKind.STRATEGY, composite.members.values())
    return Look(
        members=[
            Member(alias, pk, judged.members.get(pk), problems.get(pk))
            for alias, pk in composite.members.items()
        ],
        lines=lines[:MOST],
        total=len(lines),
        firing=sum(line.severity > 0 for line in lines),
    )  # fmt: skip


def _line(judgement: Judgement, finding: Finding, aliases: dict[int, str]) -> Line:
    levels = judgement.composite.levels
    firing = [
        level.severity
        for level, truth in zip(levels, finding.levels, strict=True)
        if truth is Truth.FIRING
    ]
    return Line(
        labels=finding.labels,
        severity=min(firing, default=0),
        undecided=Truth.NO_DATA in finding.levels,
        firing=sorted(aliases[pk] for pk in finding.firing),
    )


def alerts_behind(alert: Alert) -> QuerySet[Alert] | None:
    """Return the members' alerts that an alert of a composite is about.

    They are those with its labels that were open while it was. None for the alert of
    anything else.
    """
    if alert.source_kind != SourceKind.STRATEGY:
        return None
    composites = Strategy.objects.filter(kind=Strategy.Kind.COMPOSITE)
    raw: Any = composites.filter(pk=alert.source_id).values_list("composite", flat=True).first()  # fmt: skip
    if raw is None:
        return None
    rows = Alert.objects.filter(
        space=alert.space_id,
        source_kind__in=(SourceKind.STRATEGY, SourceKind.NO_DATA),
        source_id__in=[member["strategy"] for member in raw["members"]],
    ).filter(Q(ended_at=None) | Q(ended_at__gte=alert.started_at))
    if alert.ended_at:
        rows = rows.filter(started_at__lte=alert.ended_at)
    own = _with_labels(rows, raw.get("on", ()), alert.labels)
    return own.order_by(F("ended_at").desc(nulls_first=True), "severity", "-pk")[:MOST]


def _with_labels(
    rows: QuerySet[Alert], names: Iterable[str], labels: Labels
) -> QuerySet[Alert]:
    """Keep those that have these labels, or lack them."""
    for at, name in enumerate(names):
        value = Coalesce(
            KeyTextTransform(name, "labels"), Value(""), output_field=TextField()
        )
        rows = rows.alias(**{f"on_{at}": value}).filter(
            **{f"on_{at}__in": ["", labels.get(name, "")]}
        )
    return rows
