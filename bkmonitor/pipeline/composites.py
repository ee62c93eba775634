"""Composite strategies: judged by the alerts of their members, as the rows are now."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import transaction

from bkmonitor.alerts.services import record
from bkmonitor.alerts.spans import spans_of
from bkmonitor.evaluation.composite import Judgement, judge, verdicts_of
from bkmonitor.evaluation.memory import Flap
from bkmonitor.evaluation.strategies import source_of
from bkmonitor.evaluation.verdict import Verdicts
from bkmonitor.lib.errors import InvalidInput
from bkmonitor.lib.telemetry import EVALUATIONS
from bkmonitor.strategies import services as strategies
from bkmonitor.strategies.composite import parse_composite
from bkmonitor.strategies.condition import Composite
from bkmonitor.strategies.models import Strategy

logger = logging.getLogger(__name__)

Members = Mapping[int, Strategy]


@dataclass(frozen=True, slots=True)
class Judged:
    """What a composite comes to, and the members that could not be asked."""

    judgement: Judgement
    blind: tuple[str, ...]
    members: Members


@transaction.atomic
def evaluate_composites(composites: Sequence[Strategy], now: datetime) -> int:
    """Judge composites at this moment; return how many changes there were.

    What their members come to is read from the alerts' rows alone, so that a stop of
    the service forgets nothing. A composite with a member that cannot be asked is
    judged as far as that goes, and says which one it is.
    """
    read = [(strategy, _read(strategy, now)) for strategy in composites]
    sound = [(strategy, composite) for strategy, composite in read if composite]
    found = judge_composites([composite for _strategy, composite in sound], now)
    pairs = [(strategy, one) for (strategy, _), one in zip(sound, found, strict=True)]
    changed = record([_verdicts(strategy, judged, now) for strategy, judged in pairs])
    done = [
        strategies.Evaluated(strategy, judged.judgement.tally(), 0)
        for strategy, judged in pairs
        if not judged.blind
    ]
    strategies.note_evaluated(done, at=now)
    EVALUATIONS.labels("complete").inc(len(done))
    for strategy, judged in pairs:
        if judged.blind:
            _note_failing(strategy, "; ".join(judged.blind), now)
    return changed


def _read(strategy: Strategy, now: datetime) -> Composite | None:
    try:
        return parse_composite(strategy.composite)
    except InvalidInput as error:
        _note_failing(strategy, str(error), now)
        return None


def _note_failing(strategy: Strategy, reason: str, now: datetime) -> None:
    EVALUATIONS.labels("failing").inc()
    logger.warning(
        "evaluation.failing", extra={"strategy": strategy.pk, "reason": reason}
    )
    strategies.note_failing(strategy, at=now, reason=reason, now=now)


def judge_composites(composites: Sequence[Composite], now: datetime) -> list[Judged]:
    """Return what composites come to at this moment; a few queries for all of them."""
    ids = {pk for composite in composites for pk in composite.members.values()}
    longest = max((composite.hold_s for composite in composites), default=0)
    members = strategies.named(ids)
    spans = spans_of(ids, since=now - timedelta(seconds=longest))
    judged = {pk for pk, strategy in members.items() if _why_blind(strategy) is None}
    return [
        Judged(
            judge(
                composite,
                [span for pk in set(composite.members.values()) for span in spans.get(pk, ())],
                judged,
                now.timestamp(),
            ),
            tuple(_blind(composite, members)),
            members,
        )
        for composite in composites
    ]  # fmt: skip


def _verdicts(strategy: Strategy, one: Judged, now: datetime) -> Verdicts:
    names = {pk: member.name for pk, member in one.members.items()}
    return replace(
        verdicts_of(one.judgement, source_of(strategy), now, names),
        changed_at=strategy.changed_at,
        flap=Flap(strategy.flap_count, strategy.flap_window_s),
    )


def _blind(composite: Composite, members: Members) -> list[str]:
    found = []
    for alias, pk in composite.members.items():
        member = members.get(pk)
        why = "is deleted" if member is None else _why_blind(member)
        if why:
            name = f"“{member.name}”" if member else f"strategy {pk}"
            found.append(f"{alias}: {name} {why}")
    return found


def _why_blind(member: Strategy) -> str | None:
    if not member.enabled:
        return "is switched off"
    if member.outcome == Strategy.Outcome.FAILING:
        return "cannot be evaluated"
    if member.outcome == Strategy.Outcome.NEVER:
        return "is not evaluated yet"
    return None
