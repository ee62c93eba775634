"""The answers to the many questions of one tick, each asked of the store once."""

import threading
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from bkmonitor.metrics.query import query_range
from bkmonitor.metrics.tsdb.port import Result

# A lone query leaves the store idle half of the time. Two processes evaluate, and a
# VictoriaMetrics of two cores works on four queries at once: more would wait in it,
# before those of people.
AT_ONCE = 2
LONGEST_QUERY_S = 20.0
LONGEST_WAIT_S = 60.0
# What all answers together may hold, 800 MB.
MOST_CELLS = 100_000_000


@dataclass(frozen=True, slots=True)
class Question:
    """A whole evaluated query: who asks the same shares the answer.

    start, end  Unix seconds; where they are the same, one moment is asked for
    step_s      seconds between two points
    """

    space: str
    promql: str
    start: float
    end: float
    step_s: int


def gather(
    questions: Iterable[Question],
    *,
    at_once: int = AT_ONCE,
    within_s: float = LONGEST_WAIT_S,
) -> Mapping[Question, Result]:
    """Ask every distinct question once, some at a time, and return all the answers.

    Units   at_once queries are under way together; within_s bounds the time until
            the last one is sent and its own limit.
    Errors  never raises; a question that fails, whose turn did not come in time, or
            whose answer finds no room, has a failed result with the reason, and
            spoils no other.
    """
    distinct = list(dict.fromkeys(questions))
    deadline, room = time.monotonic() + within_s, _Room(MOST_CELLS)

    def ask(question: Question) -> Result:
        left_s = deadline - time.monotonic()
        return room.keep(_ask(question, left_s, within_s))

    if len(distinct) < 2:
        return {question: ask(question) for question in distinct}
    with ThreadPoolExecutor(min(at_once, len(distinct))) as pool:
        return dict(zip(distinct, pool.map(ask, distinct), strict=True))


class _Room:
    """The memory that answers share."""

    def __init__(self, cells: int) -> None:
        self._free = cells
        self._lock = threading.Lock()

    def keep(self, result: Result) -> Result:
        """Return the result, or a failure where there is no room for it."""
        cells = result.frame.values.size if result.frame else 0
        with self._lock:
            if cells <= self._free:
                self._free -= cells
                return result
        reason = "what is evaluated together needs too much memory; it is tried again"
        return Result("failed", None, reason)


def _ask(question: Question, left_s: float, within_s: float) -> Result:
    if left_s <= 0:
        reason = f"the queries before it took all of the {within_s:g} s there are"
        return Result("failed", None, reason)
    return query_range(
        question.space,
        question.promql,
        question.start,
        question.end,
        question.step_s,
        timeout_s=min(LONGEST_QUERY_S, left_s),
    )
