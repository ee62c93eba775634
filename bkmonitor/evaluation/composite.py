"""Judge composite strategies: conditions over the alerts of other strategies."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from math import inf, nan

import numpy as np

from bkmonitor.evaluation.levels import FIRES, HOLDS, OVER, stack_levels
from bkmonitor.evaluation.verdict import (
    ENDS,
    STAYS,
    Sentence,
    Source,
    Told,
    Verdicts,
)
from bkmonitor.lib.labels import Labels
from bkmonitor.strategies.condition import And, Composite, Condition, Member, Not

# The mildest severity that each word takes; NEVER is milder than all.
SEVERITIES = {"critical": 1, "warning": 2, "info": 3, "": 3}
NEVER = 4
Combination = frozenset[tuple[str, str]]
NOTHING: Combination = frozenset()


class Truth(IntEnum):
    """What a condition comes to, in the order of Kleene's strong logic.

    and = min, or = max, not = the opposite end. What is NO_DATA might be either of
    the others, so a condition is FIRING or NORMAL only if it would be so whatever
    the missing members say: nobody is woken, and no alert ends, by a guess.
    """

    NORMAL = 0
    NO_DATA = 1
    FIRING = 2


STATES = {Truth.FIRING: FIRES, Truth.NORMAL: OVER, Truth.NO_DATA: HOLDS}
COUNTED = {Truth.FIRING: "anomalous", Truth.NORMAL: "normal", Truth.NO_DATA: "no_data"}


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time in which a member's alert was open at one severity.

    `begin` and `end` are Unix seconds, `end` is infinite while it is open. An alert
    for missing data has `no_data` and says nothing of firing.
    """

    strategy: int
    labels: Labels
    severity: int
    begin: float
    end: float = inf
    no_data: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """What a composite says of one combination of labels.

    `levels` has a Truth for each of the composite's levels, over the whole hold
    time; NO_DATA where that is undecided. `firing` and `missing` are the members
    that fire and whose data is missing now.
    """

    labels: Labels
    levels: tuple[Truth, ...]
    firing: frozenset[int]
    missing: frozenset[int]


@dataclass(frozen=True, slots=True)
class Judgement:
    """The findings for each combination there is, and `others` for all else."""

    composite: Composite
    findings: tuple[Finding, ...]
    others: tuple[Truth, ...]

    def tally(self) -> Counter[str]:
        """Return how many combinations are normal, anomalous or without data."""
        return Counter(COUNTED[max(finding.levels)] for finding in self.findings)


def truth_of(condition: Condition, ask: Callable[[Member], Truth]) -> Truth:
    """Return what a condition comes to when `ask` answers for its members."""
    if isinstance(condition, Member):
        return ask(condition)
    if isinstance(condition, Not):
        return Truth(Truth.FIRING - truth_of(condition.of, ask))
    parts = [truth_of(part, ask) for part in condition.parts]
    return min(parts) if isinstance(condition, And) else max(parts)


def judge(
    composite: Composite, spans: Iterable[Span], judged: Collection[int], at: float
) -> Judgement:
    """Return what a composite says at a moment; a pure function of its members' alerts.

    Two alerts belong together if the labels `composite.on` agree; one that lacks a
    label goes with every value of it. Each combination of those labels that an alert
    has, or had within the hold time, is a series; without `on` there is one.

    `judged` are the members whose evaluation goes well. Of the others only what is
    open counts; where nothing is, there is no data.

    Units  `at` in Unix seconds.
    """
    found, levels = _Spans(spans, composite.on), _Levels(composite, judged)
    combinations = found.combinations() if composite.on else [NOTHING]
    return Judgement(
        composite,
        findings=tuple(
            _find(combination, found.within(combination), levels, at)
            for combination in combinations
        ),
        others=levels.truths(_state(())),
    )


def verdicts_of(
    judgement: Judgement, source: Source, at: datetime, names: Mapping[int, str]
) -> Verdicts:
    """Return a judgement as verdicts; `names` are what the members are called."""
    findings, levels = judgement.findings, judgement.composite.levels
    states = {
        level.severity: np.array(
            [[STATES[finding.levels[at]]] for finding in findings], dtype=np.int8
        ).reshape(len(findings), 1)
        for at, level in enumerate(levels)
    }
    texts = {level.severity: level.text for level in levels}

    def tell(row: int, _moment: int, severity: int) -> Told:
        if not severity:
            return Told(nan, Sentence("resolved.absent"))
        finding = findings[row]
        params = {
            "condition": texts.get(severity, ""),
            "firing": sorted(names.get(one, str(one)) for one in finding.firing),
            "missing": sorted(names.get(one, str(one)) for one in finding.missing),
        }
        return Told(nan, Sentence("composite", params))

    return Verdicts(
        source,
        (at,),
        [finding.labels for finding in findings],
        stack_levels(states),
        tell,
        absent=ENDS
        if all(truth is Truth.NORMAL for truth in judgement.others)
        else STAYS,
    )


class _Spans:
    """Spans, to be found by the combination of labels that they belong to."""

    def __init__(self, spans: Iterable[Span], on: Collection[str]) -> None:
        self._by_labels: dict[Combination, list[Span]] = defaultdict(list)
        for span in spans:
            own = ((name, span.labels.get(name, "")) for name in on)
            self._by_labels[frozenset(pair for pair in own if pair[1])].append(span)
        self._names = {frozenset(name for name, _ in key) for key in self._by_labels}

    def combinations(self) -> Iterable[Combination]:
        """Return every combination that a span has."""
        return list(self._by_labels)

    def within(self, combination: Combination) -> list[Span]:
        """Return the spans that have no label but those in `combination`."""
        held = dict(combination)
        return [
            span
            for names in self._names
            if names <= held.keys()
            for span in self._by_labels.get(
                frozenset((name, held[name]) for name in names), ()
            )
        ]


@dataclass(frozen=True, slots=True)
class _State:
    """How the members stand at one moment: the worst severity of each that fires."""

    severity: frozenset[tuple[int, int]]
    missing: frozenset[int]


def _state(spans: Iterable[Span]) -> _State:
    """Return how the members stand while these spans are open."""
    severity: dict[int, int] = {}
    missing = set()
    for span in spans:
        if span.no_data:
            missing.add(span.strategy)
        else:
            worst = min(severity.get(span.strategy, span.severity), span.severity)
            severity[span.strategy] = worst
    return _State(frozenset(severity.items()), frozenset(missing))


class _Levels:
    """What the levels come to, worked out once for each way the members can stand."""

    def __init__(self, composite: Composite, judged: Collection[int]) -> None:
        self._composite = composite
        self._judged = judged
        self._known: dict[_State, tuple[Truth, ...]] = {}
        self.hold_s = composite.hold_s

    def truths(self, state: _State) -> tuple[Truth, ...]:
        """Return what the condition of each level comes to."""
        known = self._known.get(state)
        if known is None:
            severity = dict(state.severity)
            known = tuple(
                truth_of(level.condition, lambda one: self._ask(one, severity, state))
                for level in self._composite.levels
            )
            self._known[state] = known
        return known

    def _ask(self, member: Member, severity: Mapping[int, int], state: _State) -> Truth:
        strategy = self._composite.members[member.alias]
        blind, missing = strategy not in self._judged, strategy in state.missing
        if member.predicate == "no_data":
            return Truth.FIRING if missing else Truth.NO_DATA if blind else Truth.NORMAL
        if severity.get(strategy, NEVER) <= SEVERITIES[member.predicate]:
            return Truth.FIRING
        return Truth.NO_DATA if blind or missing else Truth.NORMAL


def _find(
    combination: Combination, spans: Collection[Span], levels: _Levels, at: float
) -> Finding:
    now = _state(span for span in spans if span.end == inf)
    history = [levels.truths(now)]
    for moment in _moments(spans, at - levels.hold_s, at):
        then = _state(span for span in spans if span.begin <= moment < span.end)
        history.append(levels.truths(then))
    return Finding(
        labels=dict(sorted(combination)),
        levels=tuple(
            truths[0] if len(set(truths)) == 1 else Truth.NO_DATA
            for truths in zip(*history, strict=True)
        ),
        firing=frozenset(strategy for strategy, _ in now.severity),
        missing=now.missing,
    )


def _moments(spans: Iterable[Span], begin: float, end: float) -> set[float]:
    """Return the moments from `begin` to before `end` at which something changed."""
    changes = {edge for span in spans for edge in (span.begin, span.end)}
    return {edge for edge in changes | {begin} if begin <= edge < end}
