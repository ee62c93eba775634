"""The steps of the corridor, each for one batch; the tasks only call them."""

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from django.db import DataError, IntegrityError, transaction

from bkmonitor.alerts.services import record
from bkmonitor.evaluation.heartbeats import judge_heartbeats as judge_heartbeat_rows
from bkmonitor.evaluation.no_data import Expected, judge_missing
from bkmonitor.evaluation.probes import judge_probes
from bkmonitor.evaluation.strategies import (
    Evaluation,
    evaluate,
    questions,
    source_of,
)
from bkmonitor.evaluation.verdict import Verdicts
from bkmonitor.evaluation.views import Answers
from bkmonitor.lib.errors import InvalidInput, NotJudged, UpstreamUnavailable
from bkmonitor.lib.labels import Labels
from bkmonitor.lib.telemetry import EVALUATION_LAG, EVALUATIONS, EVALUATIONS_FAILING
from bkmonitor.metrics.answers import Question, gather
from bkmonitor.metrics.ingest import write_samples
from bkmonitor.pipeline.composites import evaluate_composites
from bkmonitor.probes import services as probes
from bkmonitor.strategies import services as strategies
from bkmonitor.strategies.expected import ANYTHING, note_seen
from bkmonitor.strategies.models import Strategy
from bkmonitor.strategies.no_data import parse_no_data

logger = logging.getLogger(__name__)

T = TypeVar("T")

# The fault of how one strategy is calculated, and not of its neighbours in a batch.
# That a task has run out of time, or is stopped, is none of these.
MISCALCULATED = (
    *(ArithmeticError, AttributeError, LookupError),
    *(MemoryError, TypeError, ValueError),
)
# The fault of what is written, and not of the database it is written to.
UNWRITABLE = (DataError, IntegrityError, *MISCALCULATED)


def evaluate_batch(
    ids: Sequence[int], tick: int, *, clock: Callable[[], datetime]
) -> int:
    """Evaluate strategies at a tick (Unix seconds); return how many changes there were.

    What several of them ask is asked once, and what they say is written together.
    """
    found = strategies.find(ids)
    composites = [one for one in found if one.kind == Strategy.Kind.COMPOSITE]
    changed = _evaluate_composites(composites, clock())
    if metrics := [one for one in found if one.kind == Strategy.Kind.METRIC]:
        changed += _evaluate_metrics(metrics, tick, clock)
    EVALUATIONS_FAILING.set(strategies.count_failing())
    return changed


def _evaluate_composites(composites: Sequence[Strategy], now: datetime) -> int:
    try:
        return evaluate_composites(composites, now) if composites else 0
    except (InvalidInput, *UNWRITABLE) as error:
        if len(composites) == 1:
            logger.exception("evaluation.unwritable")
            _note_failing(composites[0], now, NotJudged(str(error)), now)
            return 0
    return sum(_evaluate_composites([one], now) for one in composites)


def _evaluate_metrics(
    todo: Sequence[Strategy], tick: int, clock: Callable[[], datetime]
) -> int:
    at = datetime.fromtimestamp(tick, UTC)
    asked = {strategy.pk: _asked(strategy, tick) for strategy in todo}
    answers = gather(
        question
        for questions in asked.values()
        if not isinstance(questions, NotJudged)
        for question in questions
    )
    judged = []
    for strategy in todo:
        result = _judged(strategy, tick, asked[strategy.pk], answers)
        if isinstance(result, NotJudged):
            _note_failing(strategy, at, result, clock())
        else:
            judged.append((strategy, result))
    changed = _conclude(judged, at, clock())
    EVALUATION_LAG.observe(max(0.0, clock().timestamp() - tick))
    return changed


def _asked(strategy: Strategy, tick: int) -> list[Question] | NotJudged:
    return _unless_broken(strategy, lambda: questions(strategy, tick))


def _judged(
    strategy: Strategy,
    tick: int,
    asked: list[Question] | NotJudged,
    answers: Answers,
) -> Evaluation | NotJudged:
    if isinstance(asked, NotJudged):
        return asked
    return _unless_broken(strategy, lambda: evaluate(strategy, tick, answers))


def _unless_broken(strategy: Strategy, work: Callable[[], T]) -> T | NotJudged:
    """Return what comes of the work, or why nothing does: an error is never calm."""
    try:
        return work()
    except NotJudged as error:
        return error
    except InvalidInput as error:
        return NotJudged(str(error))
    except MISCALCULATED as error:
        logger.exception("evaluation.broken", extra={"strategy": strategy.pk})
        return NotJudged(f"it cannot be judged, by a fault of ours: {error!r}")


def _note_failing(
    strategy: Strategy, at: datetime, reason: NotJudged, now: datetime
) -> None:
    EVALUATIONS.labels("failing").inc()
    logger.warning(
        "evaluation.failing", extra={"strategy": strategy.pk, "reason": str(reason)}
    )
    strategies.note_failing(strategy, at=at, reason=str(reason), now=now)


def _conclude(
    judged: Sequence[tuple[Strategy, Evaluation]], at: datetime, now: datetime
) -> int:
    """Write what was judged; what cannot be written stops no other of the batch."""
    try:
        return _write(judged, at, now)
    except UNWRITABLE as error:
        if len(judged) == 1:
            logger.exception("evaluation.unwritable")
            reason = NotJudged(f"what it found cannot be written: {error}")
            _note_failing(judged[0][0], at, reason, now)
            return 0
    return sum(_conclude([one], at, now) for one in judged)


@transaction.atomic
def _write(
    judged: Sequence[tuple[Strategy, Evaluation]], at: datetime, now: datetime
) -> int:
    verdicts = [evaluation.verdicts for _strategy, evaluation in judged]
    for strategy, evaluation in judged:
        if evaluation.present is not None:
            verdicts.append(_missing(strategy, evaluation.present, at))
    changed = record(verdicts)
    done = [
        strategies.Evaluated(strategy, evaluation.counts, evaluation.skipped)
        for strategy, evaluation in judged
    ]
    strategies.note_evaluated(done, at=at)
    if changed:
        strategies.wake_composites({strategy.pk for strategy, _found in judged}, now)
    EVALUATIONS.labels("complete").inc(len(done))
    return changed


def _missing(
    strategy: Strategy, present: Mapping[str, Labels], at: datetime
) -> Verdicts:
    policy = parse_no_data(strategy.no_data)
    expected = [
        Expected(
            row.labels,
            row.missed,
            forgotten=row.forgotten,
            came=row.fingerprint != ANYTHING,
        )
        for row in note_seen(strategy, policy, present, at)
    ]
    return judge_missing(source_of(strategy, "no_data"), policy, expected, at)


def probe_batch(ids: Sequence[int], tick: int) -> int:
    """Look at the targets of probes, judge them, keep their samples.

    The judgement comes before the samples: an alert does not wait for the store,
    and a store that is down loses samples only.
    """
    at = datetime.fromtimestamp(tick, UTC)
    report = probes.run_probes(ids, tick)
    changed = record(judge_probes(report.probes, at))
    for space, lines in report.samples.items():
        try:
            write_samples(space, lines)
        except (InvalidInput, UpstreamUnavailable) as error:
            logger.warning(
                "probe.samples_lost", extra={"space": space, "reason": str(error)}
            )
    return changed


def judge_due_heartbeats(clock: Callable[[], datetime]) -> int:
    """Judge the heartbeats that rang or whose deadline has passed.

    An outage of our own is held against no heartbeat, and a judgement that takes
    long is no outage.
    """
    now = clock()
    probes.come_back(now)
    due = probes.due_heartbeats(now)
    changed = record(judge_heartbeat_rows(due, now))
    probes.note_judged(due, now)
    if due:
        probes.note_listening(clock())
    return changed
