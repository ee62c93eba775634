"""Judge a strategy: which moments, what to ask, and what it amounts to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from bkmonitor.detection.port import View
from bkmonitor.evaluation.forgetting import Forgetting
from bkmonitor.evaluation.judgement import Judgement, absent_states, judge
from bkmonitor.evaluation.memory import Flap
from bkmonitor.evaluation.verdict import Source, Verdicts
from bkmonitor.evaluation.views import Answers, needs, view_of
from bkmonitor.lib.frame import Frame
from bkmonitor.lib.labels import Labels, identity_of
from bkmonitor.metrics.answers import Question
from bkmonitor.strategies.definition import Definition, parse_definition
from bkmonitor.strategies.models import Strategy
from bkmonitor.strategies.no_data import parse_no_data

# Who was away judges what was missed, but not for longer than this: a message about
# last night helps nobody. Of a long interval it is always some ticks.
CATCH_UP = timedelta(minutes=30)
LEAST_CAUGHT_UP, MOST_CAUGHT_UP = 5, 180


@dataclass(frozen=True, slots=True)
class Span:
    """The ticks that one evaluation judges.

    last     the newest, in Unix seconds
    moments  how many there are, an interval apart
    skipped  how many before them will never be judged
    """

    last: int
    moments: int
    skipped: int = 0

    def ticks(self, interval_s: int) -> list[int]:
        """Return them in Unix seconds, ascending."""
        first = self.last - (self.moments - 1) * interval_s
        return list(range(first, self.last + 1, interval_s))


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What an evaluation of a strategy says, and how many points it could judge.

    present  the series that came, by fingerprint; None where nobody asks for them
    """

    verdicts: Verdicts
    counts: Mapping[str, int]
    skipped: int
    present: Mapping[str, Labels] | None = None


def span_of(strategy: Strategy, definition: Definition, tick: int) -> Span:
    """Return which ticks are judged at a tick: late ones again, missed ones at last.

    From when a strategy became what it is now every tick is judged, the first ones
    too when its first evaluation comes late; nothing older is judged by it.
    """
    step = definition.interval_s
    known, missed = None, 0
    if strategy.judged_from is not None:
        known = max(0, int(tick - strategy.judged_from.timestamp()) // step)
    if strategy.judged_at is not None:
        missed = (tick - int(strategy.judged_at.timestamp())) // step - 1
    elif known is not None:
        missed = known
    most = min(
        MOST_CAUGHT_UP, max(LEAST_CAUGHT_UP, int(CATCH_UP.total_seconds()) // step)
    )
    caught_up = max(0, min(missed, most))
    skipped = max(0, missed - caught_up)
    moments = 1 + definition.late_periods + caught_up
    if known is not None:
        moments = min(moments, known + 1)
    return Span(tick, moments, skipped)


def questions(strategy: Strategy, tick: int) -> list[Question]:
    """Return everything an evaluation will ask; the same of another is asked once."""
    definition = parse_definition(strategy.definition)
    span = span_of(strategy, definition, tick)
    return [
        question
        for need in needs(definition, span.last, span.moments)
        for question in need.questions(strategy.space.slug)
    ]


def evaluate(strategy: Strategy, tick: int, answers: Answers) -> Evaluation:
    """Return what the strategy says of each series at a tick, in Unix seconds.

    Pure: the same answers give the same verdicts, whenever it runs. Raises NotJudged
    with the reason when an answer is not complete; nothing may be concluded then.
    """
    definition = parse_definition(strategy.definition)
    span = span_of(strategy, definition, tick)
    judgement = judge(
        definition,
        views(definition, span, strategy.space.slug, answers),
        span.moments,
    )
    return Evaluation(
        verdicts_of(strategy, definition, judgement, span),
        judgement.tally(1),
        span.skipped,
        judgement.present() if parse_no_data(strategy.no_data).watches else None,
    )


def views(
    definition: Definition, span: Span, space: str, answers: Answers
) -> dict[str, View]:
    """Return the points of each expression; NotJudged where some are missing."""
    return {
        need.expression: view_of(need, space, answers)
        for need in needs(definition, span.last, span.moments)
    }


def verdicts_of(
    strategy: Strategy, definition: Definition, judgement: Judgement, span: Span
) -> Verdicts:
    """Return a judgement as the verdicts of a strategy."""
    changed_at = strategy.changed_at
    moments = _moments(span, definition.interval_s, _since(strategy))
    return Verdicts(
        source=source_of(strategy),
        moments=moments,
        labels=judgement.labels,
        states=judgement.states,
        tell=judgement.tell,
        absent=absent_states(definition),
        changed_at=changed_at,
        flap=Flap(definition.flap_count, definition.flap_window_s),
        forgetting=_forgetting(definition, judgement, span),
    )


def _forgetting(definition: Definition, judgement: Judgement, span: Span) -> Forgetting:
    step, usual = definition.interval_s, 1 + definition.late_periods
    points = max(level.window + level.recovery for level in definition.levels) - 2
    # The next evaluation sees as far back as this one, but for who caught up.
    keeps = (usual + points - 3) * step if span.moments > usual else np.inf
    return Forgetting(
        after_s=definition.forget_s,
        begins=span.last - (span.moments + points - 1) * step,
        keeps_s=keeps,
        gaps=lambda rows: judgement.gaps(rows, span.moments),
    )


def source_of(strategy: Strategy, kind: str = "strategy") -> Source:
    """Return the strategy as a source of alerts; kind no_data: of those for no data."""
    return Source(
        kind=kind,
        id=strategy.pk,
        name=strategy.name,
        space_id=strategy.space_id,
        labels=strategy.labels,
        # Their texts speak of a value, and there is none.
        summary=strategy.summary if kind == "strategy" else "",
        description=strategy.description if kind == "strategy" else "",
        runbook_url=strategy.runbook_url,
    )


def find_series(frame: Frame, wanted: str) -> int | None:
    """Return the row whose series has this fingerprint, as its alert has it."""
    for row, labels in enumerate(frame.labels):
        if identity_of(labels).fingerprint == wanted:
            return row
    return None


def _since(strategy: Strategy) -> datetime | None:
    """Return the moment that a verdict of an older tick is of.

    A tick from before a change says what the strategy says now, so it begins with
    the change: else an alert of a new expression would count as one of the former,
    and a tick that was judged before would not be judged by the new limit at all.
    """
    if strategy.judged_at is None:
        return strategy.changed_at
    known = (strategy.changed_at, strategy.judged_from)
    return max((moment for moment in known if moment), default=None)


def _moments(span: Span, interval_s: int, since: datetime | None) -> Sequence[datetime]:
    moments = [datetime.fromtimestamp(tick, UTC) for tick in span.ticks(interval_s)]
    if since:
        moments[-1] = max(moments[-1], since)
    return moments
