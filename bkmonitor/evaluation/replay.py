"""Evaluate a strategy over the past, by the very functions that do it live."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bkmonitor.evaluation.judgement import Judgement, absent_states, judge
from bkmonitor.evaluation.memory import Flap, Memory, advance
from bkmonitor.evaluation.strategies import Span, views
from bkmonitor.evaluation.views import Answers, needs
from bkmonitor.lib.errors import InvalidInput
from bkmonitor.lib.frame import Severities, Times, Values
from bkmonitor.lib.labels import Labels, fingerprint
from bkmonitor.metrics.answers import Question
from bkmonitor.strategies.definition import Definition

# Ticks judged at once: enough for numpy, little enough for memory.
CHUNK = 500
MOST_TICKS = 100_000
# Of one replay: ticks times series. A result holds ten bytes for each.
MOST_POINTS = 30_000_000

Ask = Callable[[Sequence[Question]], Answers]


@dataclass(frozen=True, slots=True)
class Replay:
    """What would have been shown of every series at every tick.

    ticks   (T,) int64, Unix seconds
    labels  S label sets
    values  (S, T) float64: of the worst level that has the series, NaN for none
    points  (S, T) int8: what each point is by itself: 1..3, 0 normal, -1 not judged
    shown   (S, T) int8: the severity of the alert that is open, 0 for none
    counts  how many points were normal, anomalous, or not judged and why
    """

    ticks: Times
    labels: Sequence[Labels]
    values: Values
    points: Severities
    shown: Severities
    counts: Mapping[str, int]


def replay(
    definition: Definition,
    space: str,
    start: int,
    end: int,
    *,
    ask: Ask,
    progress: Callable[[int, int], None] = lambda done, whole: None,
) -> Replay:
    """Return what a strategy would have shown from start to end, both counted.

    The state before the first tick is blank: an alert that began earlier begins
    with the first tick at which its trigger fires or would have.

    Units   start and end in Unix seconds; ticks are whole multiples of the interval.
    Errors  NotJudged with the reason where the store's answer is not complete;
            InvalidInput for more than can be held.
    """
    step = definition.interval_s
    ticks = np.arange(-(-start // step) * step, end + 1, step, dtype=np.int64)
    if not 0 < len(ticks) <= MOST_TICKS:
        raise InvalidInput(f"a replay has 1 to {MOST_TICKS} ticks, not {len(ticks)}")
    parts: list[_Part] = []
    state = _State({}, Memory.blank(0))
    for begin in range(0, len(ticks), CHUNK):
        some = ticks[begin : begin + CHUNK]
        judgement = _judged(definition, space, some, ask)
        parts.append(_fold(definition, judgement, some, state))
        progress(min(begin + CHUNK, len(ticks)), len(ticks))
        if len(state.places) * len(ticks) > MOST_POINTS:
            raise InvalidInput(
                f"{len(state.places)} series at {len(ticks)} ticks are too many; "
                "replay a shorter time"
            )
    return _joined(ticks, parts, state)


@dataclass(slots=True)
class _State:
    """Every series seen so far, and what is remembered of it."""

    places: dict[str, tuple[int, Labels]]
    memory: Memory


@dataclass(frozen=True, slots=True)
class _Part:
    rows: Sequence[int]
    values: Values
    points: Severities
    shown: Severities
    counts: Counter[str]


def _judged(definition: Definition, space: str, ticks: Times, ask: Ask) -> Judgement:
    span = Span(int(ticks[-1]), len(ticks))
    asked = [
        question
        for need in needs(definition, span.last, span.moments)
        for question in need.questions(space)
    ]
    found = views(definition, span, space, ask(asked))
    return judge(definition, found, span.moments)


def _fold(
    definition: Definition, judgement: Judgement, ticks: Times, state: _State
) -> _Part:
    rows = [_place(state, labels) for labels in judgement.labels]
    state.memory = _grown(state.memory, len(state.places))
    unseen = np.array(absent_states(definition), dtype=np.int8)
    flap = Flap(definition.flap_count, definition.flap_window_s)
    shown = np.zeros((len(state.places), len(ticks)), dtype=np.int8)
    for at, tick in enumerate(ticks):
        states = np.tile(unseen, (len(state.places), 1))
        states[rows] = judgement.states[:, at]
        state.memory = advance(state.memory, states, float(tick), flap)
        shown[:, at] = state.memory.shown
    points = judgement.points()[:, -len(ticks) :]
    return _Part(
        rows, judgement.values(len(ticks)), points, shown, judgement.tally(len(ticks))
    )


def _place(state: _State, labels: Labels) -> int:
    found = state.places.setdefault(fingerprint(labels), (len(state.places), labels))
    return found[0]


def _grown(memory: Memory, series: int) -> Memory:
    more = Memory.blank(series - len(memory.severity))
    return Memory(
        np.concatenate([memory.severity, more.severity]),
        np.concatenate([memory.shown, more.shown]),
        np.concatenate([memory.changes, more.changes]),
    )


def _joined(ticks: Times, parts: Sequence[_Part], state: _State) -> Replay:
    shape = (len(state.places), len(ticks))
    values = np.full(shape, np.nan)
    points, shown = np.full(shape, -1, dtype=np.int8), np.zeros(shape, dtype=np.int8)
    begin = 0
    for part in parts:
        end = begin + part.shown.shape[1]
        values[part.rows, begin:end] = part.values
        points[part.rows, begin:end] = part.points
        shown[: len(part.shown), begin:end] = part.shown
        begin = end
    return Replay(
        ticks,
        [labels for _place, labels in state.places.values()],
        values,
        points,
        shown,
        sum((part.counts for part in parts), Counter()),
    )
