"""The steps of the corridor, each for one batch; the tasks only call them."""

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from django.db import transaction

from bkmonitor.alerts.services import record
from bkmonitor.evaluation.heartbeats import judge_heartbeats as judge_heartbeat_rows
from bkmonitor.evaluation.probes import judge_probes
from bkmonitor.evaluation.strategies import evaluate
from bkmonitor.evaluation.verdict import Verdicts
from bkmonitor.lib.errors import InvalidInput, NotJudged, UpstreamUnavailable
from bkmonitor.lib.telemetry import EVALUATION_LAG, EVALUATIONS, EVALUATIONS_FAILING
from bkmonitor.metrics import query
from bkmonitor.metrics.ingest import write_samples
from bkmonitor.probes import services as probes
from bkmonitor.strategies import services as strategies
from bkmonitor.strategies.models import Strategy

logger = logging.getLogger(__name__)

# Queries under way at once: a lone one leaves the store idle half of the time.
QUERIES_AT_ONCE = 4


def evaluate_batch(
    ids: Sequence[int], tick: int, *, clock: Callable[[], datetime]
) -> int:
    """Evaluate strategies at a tick (Unix seconds); return how many alerts changed."""
    at = datetime.fromtimestamp(tick, UTC)
    todo = strategies.find(ids)
    changed = 0
    with ThreadPoolExecutor(QUERIES_AT_ONCE) as pool:
        judged = pool.map(lambda strategy: _judge(strategy, at), todo)
        for strategy, verdicts in zip(todo, judged, strict=True):
            changed += _conclude(strategy, at, verdicts, clock())
            EVALUATION_LAG.observe(max(0.0, clock().timestamp() - tick))
    EVALUATIONS_FAILING.set(strategies.count_failing())
    return changed


def _judge(strategy: Strategy, at: datetime) -> Verdicts | NotJudged:
    try:
        return evaluate(strategy, at, store=query)
    except NotJudged as error:
        return error
    except (InvalidInput, UpstreamUnavailable) as error:
        return NotJudged(str(error))


def _conclude(
    strategy: Strategy, at: datetime, verdicts: Verdicts | NotJudged, now: datetime
) -> int:
    if isinstance(verdicts, NotJudged):
        EVALUATIONS.labels("failing").inc()
        logger.warning(
            "evaluation.failing",
            extra={"strategy": strategy.pk, "reason": str(verdicts)},
        )
        strategies.note_failing(strategy, at=at, reason=str(verdicts), now=now)
        return 0
    EVALUATIONS.labels("complete").inc()
    with transaction.atomic():
        changed = record(verdicts)
        strategies.note_evaluated(strategy, at=at, series=len(verdicts.labels))
    return changed


def probe_batch(ids: Sequence[int], tick: int) -> int:
    """Look at the targets of probes, judge them, keep their samples.

    The judgement comes before the samples: an alert does not wait for the store,
    and a store that is down loses samples only.
    """
    at = datetime.fromtimestamp(tick, UTC)
    report = probes.run_probes(ids, tick)
    changed = sum(record(verdicts) for verdicts in judge_probes(report.probes, at))
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
    changed = sum(record(verdicts) for verdicts in judge_heartbeat_rows(due, now))
    probes.note_judged(due, now)
    if due:
        probes.note_listening(clock())
    return changed
