"""Evaluate a strategy over the past, by the very functions that do it live."""

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bkmonitor.evaluation.choice import Choice
from bkmonitor.evaluation.forgetting import BEFORE, forgotten, let_go
from bkmonitor.evaluation.judgement import Judgement, absent_states, judge
from bkmonitor.evaluation.memory import Flap, Memory, advance
from bkmonitor.evaluation.strategies import Span, views
from bkmonitor.evaluation.views import Answers, needs
from bkmonitor.lib.errors import InvalidInput
from bkmonitor.lib.frame import Mask, Severities, Times, Values
from bkmonitor.lib.labels import Labels, fingerprint
from bkmonitor.metrics.answers import Question
from bkmonitor.strategies.definition import Definition

# Ticks judged at once: enough for numpy, little enough for one answer of the store.
CHUNK = 2000
# Of the first, when nobody knows how many series there are.
FIRST_CHUNK = 60
# Ticks times series judged at once: what bounds the memory.
POINTS_AT_ONCE = 2_000_000
# A year of a strategy that is evaluated every minute, two months of one every 10 s.
MOST_TICKS = 530_000
# Of a replay that is kept as a whole: ticks times series, ten bytes for each.
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


@dataclass(frozen=True, slots=True)
class Part:
    """Some ticks of a replay.

    replay     of these ticks alone; its rows are the series seen so far, and a series
               keeps its row in the parts that follow
    judgement  what it comes from; `rows` are the places of the judgement's series
    done, whole  how many ticks have been replayed with this part, and of how many
    left_out   how many series there were besides, in this part and before
    """

    replay: Replay
    judgement: Judgement
    rows: Sequence[int]
    done: int
    whole: int
    left_out: int = 0


def replay(
    definition: Definition,
    space: str,
    start: int,
    end: int,
    *,
    ask: Ask,
    most_points: int = MOST_POINTS,
) -> Replay:
    """Return what a strategy would have shown from start to end, both counted.

    Units and errors as of `replay_in_parts`, and InvalidInput for more than
    `most_points`, ticks times series.
    """
    parts: list[Replay] = []
    for part in replay_in_parts(definition, space, start, end, ask=ask):
        parts.append(part.replay)
        check_points(len(part.replay.labels), part.whole, most_points)
    return _joined(parts)


def check_points(series: int, ticks: int, most: int) -> None:
    """Raise InvalidInput where so many series at so many ticks are too many."""
    if series * ticks > most:
        raise InvalidInput(
            f"{series} series at {ticks} ticks are {series * ticks} points, "
            f"and {most} are the most here"
        )


def replay_in_parts(
    definition: Definition,
    space: str,
    start: int,
    end: int,
    *,
    ask: Ask,
    stride: int = 1,
    most_series: int | None = None,
) -> Iterator[Part]:
    """Replay from start to end, both counted, a stretch at a time, in bounded memory.

    The state before the first tick is blank: an alert that began earlier begins
    with the first tick at which its trigger fires or would have. No more series than
    `most_series` are judged: those that come first and, of these, those whose labels
    do. Detectors that hold series against each other then judge among these alone.

    Units   start and end in Unix seconds; ticks are whole multiples of the interval.
            Every part but the last has a multiple of `stride` ticks.
    Errors  NotJudged with the reason where the store's answer is not complete;
            InvalidInput for a time without ticks, or with more than MOST_TICKS.
    """
    ticks = ticks_of(definition.interval_s, start, end)
    state, choice = _State({}, Memory.blank(0), np.empty(0)), Choice(most_series)
    begin, size = 0, FIRST_CHUNK
    while begin < len(ticks):
        some = ticks[begin : begin + max(1, size // stride) * stride]
        judgement = _judged(definition, space, some, ask, choice)
        begin += len(some)
        part = _fold(definition, judgement, some, state, (begin, len(ticks)))
        yield dataclasses.replace(part, left_out=len(choice.left))
        there = len(state.places) + len(choice.left)
        size = min(CHUNK, POINTS_AT_ONCE // max(1, there))


def ticks_of(interval_s: int, start: int, end: int) -> Times:
    """Return the ticks from start to end; InvalidInput if there is none, or too many."""
    ticks = range(-(-start // interval_s) * interval_s, end + 1, interval_s)
    if not 0 < len(ticks) <= MOST_TICKS:
        raise InvalidInput(
            f"there are {len(ticks)} ticks of {interval_s} s in that time; "
            f"a replay has 1 to {MOST_TICKS}"
        )
    return np.arange(ticks.start, ticks.stop, ticks.step, dtype=np.int64)


@dataclass(slots=True)
class _State:
    """Every series seen so far, and what is remembered of it."""

    places: dict[str, tuple[int, Labels]]
    memory: Memory
    # At the newest tick, as of `Gaps`.
    gaps: NDArray[np.float64]


def _judged(
    definition: Definition, space: str, ticks: Times, ask: Ask, choice: Choice
) -> Judgement:
    span = Span(int(ticks[-1]), len(ticks))
    asked = [
        question
        for need in needs(definition, span.last, span.moments)
        for question in need.questions(space)
    ]
    found = choice.of(views(definition, span, space, ask(asked)))
    return judge(definition, found, span.moments)


def _fold(
    definition: Definition,
    judgement: Judgement,
    ticks: Times,
    state: _State,
    progress: tuple[int, int],
) -> Part:
    rows = [_place(state, labels) for labels in judgement.labels]
    shape = (len(state.places), len(ticks))
    values = np.full(shape, np.nan)
    points = np.full(shape, -1, dtype=np.int8)
    values[rows] = judgement.values(len(ticks))
    points[rows] = judgement.points()[:, -len(ticks) :]
    replayed = Replay(
        ticks,
        [labels for _place, labels in state.places.values()],
        values,
        points,
        _advanced(definition, judgement, ticks, state, rows),
        judgement.tally(len(ticks)),
    )
    return Part(replayed, judgement, rows, *progress)


def _advanced(
    definition: Definition,
    judgement: Judgement,
    ticks: Times,
    state: _State,
    rows: Sequence[int],
) -> Severities:
    """Return what is shown at each tick, (S, T); keep the memory after the last."""
    state.memory = _grown(state.memory, len(state.places))
    unseen = np.array(absent_states(definition), dtype=np.int8)
    flap = Flap(definition.flap_count, definition.flap_window_s)
    shown = np.zeros((len(state.places), len(ticks)), dtype=np.int8)
    gone = _forgotten(definition, judgement, ticks, state, rows)
    changes = (judgement.states[:, 1:] != judgement.states[:, :-1]).any(axis=(0, 2))
    changes |= (gone[:, 1:] != gone[:, :-1]).any(axis=0)
    moves = [True, *changes.tolist()]
    for at, tick in enumerate(ticks.tolist()):
        # The same states again change nothing, unless time alone may end what flaps.
        if moves[at] or (state.memory.shown != state.memory.severity).any():
            states = np.tile(unseen, (len(state.places), 1))
            states[rows] = judgement.states[:, at]
            states = let_go(states, gone[:, at])
            state.memory = advance(state.memory, states, tick, flap)
        shown[:, at] = state.memory.shown
    return shown


def _forgotten(
    definition: Definition,
    judgement: Judgement,
    ticks: Times,
    state: _State,
    rows: Sequence[int],
) -> Mask:
    """Return at which ticks a series is forgotten, (S, T); keep the newest gaps."""
    known = np.full(len(state.places), np.nan)
    known[: len(state.gaps)] = state.gaps
    # Who had a sample until now has none from the first of these ticks on.
    known[np.isnan(known)] = ticks[0]
    gaps = np.full((len(state.places), len(ticks)), BEFORE)
    gaps[rows] = judgement.gaps(np.arange(len(rows)), len(ticks))
    gaps = np.where(gaps == BEFORE, known[:, None], gaps)
    state.gaps = gaps[:, -1]
    return forgotten(gaps, ticks.astype(np.float64), definition.forget_s)


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


def _joined(parts: Sequence[Replay]) -> Replay:
    ticks = np.concatenate([part.ticks for part in parts])
    labels = parts[-1].labels
    shape = (len(labels), len(ticks))
    values = np.full(shape, np.nan)
    points, shown = np.full(shape, -1, dtype=np.int8), np.zeros(shape, dtype=np.int8)
    begin = 0
    for part in parts:
        rows, end = len(part.labels), begin + len(part.ticks)
        values[:rows, begin:end] = part.values
        points[:rows, begin:end] = part.points
        shown[:rows, begin:end] = part.shown
        begin = end
    counts = sum((Counter(part.counts) for part in parts), Counter())
    return Replay(ticks, labels, values, points, shown, counts)
