"""Detectors that judge point by point: what a service does that has no arrays.

A loop has parameters and is asked about each point, with its series and time; history
is looked up by both, in a dict, which is in its favour. An anomaly gets its numbers at
once. What a loop keeps of all series together it counts once for each moment.
"""

from collections.abc import Hashable, Iterable, Mapping
from math import inf, isfinite

from bkmonitor.detection.conditions import OPERATORS

DAY_S = 86_400
NORMAL, ANOMALOUS, GAP, NO_HISTORY, TOO_FEW = range(5)

Series = Hashable
History = Mapping[tuple[Series, int], float]
Point = tuple[Series, int, float]
# What is said of a point, and if it is an anomaly, why.
Answer = tuple[int, dict[str, object] | None]
Labels = Mapping[Series, Mapping[str, str]]


class Loop:
    """What judges one point after the other."""

    def prepare(self, labels: Labels, history: History) -> None:
        """Take note of what all series have in common."""

    def judge(self, series: Series, time: int, value: float, history: History) -> Answer:  # fmt: skip
        """Say what one point is."""
        raise NotImplementedError


class LoopThreshold(Loop):
    """Any of several groups of limits."""

    def __init__(self, any_of: list[list[tuple[str, float]]]) -> None:
        self.any_of = [
            [(OPERATORS[sign], sign, limit) for sign, limit in group]
            for group in any_of
        ]

    def judge(
        self, _series: Series, _time: int, value: float, _history: History
    ) -> Answer:
        if value != value:
            return GAP, None
        for group in self.any_of:
            if all(compare(value, limit) for compare, _sign, limit in group):
                limits = [
                    {"operator": sign, "limit": limit}
                    for _compare, sign, limit in group
                ]
                return ANOMALOUS, {"value": value, "limits": limits}
        return NORMAL, None


class LoopPresent(Loop):
    """Whatever is there."""

    def judge(
        self, _series: Series, _time: int, value: float, _history: History
    ) -> Answer:
        return (GAP, None) if value != value else (ANOMALOUS, {"value": value})


class LoopChange(Loop):
    """A fall or a rise by so many percent from what was."""

    def __init__(self, percent: float, back_s: int) -> None:
        self.fall_percent = self.rise_percent = percent
        self.back_s = back_s

    def past(self, series: Series, time: int, history: History) -> float | None:
        """Return what the value is held against."""
        return history.get((series, time - self.back_s))

    def judge(
        self, series: Series, time: int, value: float, history: History
    ) -> Answer:
        if value != value:
            return GAP, None
        past = self.past(series, time, history)
        if past is None or not isfinite(past):
            return NO_HISTORY, None
        if value == past:
            return NORMAL, None
        limit = self.fall_percent
        fell = value <= past - abs(past) * limit / 100
        if not fell:
            limit = self.rise_percent
            if value < past + abs(past) * limit / 100:
                return NORMAL, None
        percent = abs((value - past) / past * 100) if past else None
        return ANOMALOUS, {
            "value": value,
            "reference": past,
            "percent": percent,
            "direction": "down" if fell else "up",
            "limit": limit,
        }


class LoopMean(LoopChange):
    """The same against the mean of several earlier points."""

    def __init__(self, percent: float, backs_s: Iterable[int]) -> None:
        super().__init__(percent, 0)
        self.backs_s = list(backs_s)

    def past(self, series: Series, time: int, history: History) -> float | None:
        """Return the mean of those that are known."""
        known = [
            point
            for back_s in self.backs_s
            if (point := history.get((series, time - back_s))) is not None
            and isfinite(point)
        ]
        return sum(known) / len(known) if known else None


class LoopJump(Loop):
    """A move from the point before by so many percent of it and so much."""

    def __init__(self, step_s: int, percent: float, amount: float) -> None:
        self.step_s, self.percent, self.amount = step_s, percent, amount

    def judge(
        self, series: Series, time: int, value: float, history: History
    ) -> Answer:
        if value != value:
            return GAP, None
        past = history.get((series, time - self.step_s))
        if past is None or not isfinite(past):
            return NO_HISTORY, None
        limit = abs(past) * self.percent / 100 + self.amount
        if abs(value - past) < limit:
            return NORMAL, None
        return ANOMALOUS, {"value": value, "reference": past, "limit": limit}


class LoopDays(Loop):
    """A size of at least so many percent of that of some earlier day, and so much."""

    def __init__(self, step_s: int, days: int, percent: float, amount: float, *, moves: bool) -> None:  # fmt: skip
        self.step_s, self.days, self.moves = step_s, days, moves
        self.percent, self.amount = percent, amount

    def size(self, series: Series, time: int, history: History) -> float | None:
        """Return how large the value is, or how far it moved."""
        value = history.get((series, time))
        if value is None or not self.moves:
            return value if value is None else abs(value)
        before = history.get((series, time - self.step_s))
        return None if before is None else abs(value - before)

    def judge(
        self, series: Series, time: int, value: float, history: History
    ) -> Answer:
        if value != value:
            return GAP, None
        size, known = self.size(series, time, history), False
        for day in range(1, self.days + 1):
            then = self.size(series, time - day * DAY_S, history)
            if then is None or not isfinite(then):
                continue
            known, limit = True, then * self.percent / 100 + self.amount
            if size is not None and size >= limit:
                return ANOMALOUS, {"size": size, "day": day, "reference": then}
        return (NORMAL if known and size == size else NO_HISTORY), None


class LoopNew(Loop):
    """A series that was not there for so long."""

    def __init__(self, backs_s: Iterable[int], learn: int) -> None:
        self.backs_s, self.learn = list(backs_s), learn

    def prepare(self, labels: Labels, history: History) -> None:
        """Note at which moments any series was there."""
        self.there = {time for (_key, time), value in history.items() if value == value}
        self.learnt: dict[int, int] = {}

    def judge(
        self, series: Series, time: int, value: float, history: History
    ) -> Answer:
        if value != value:
            return GAP, None
        if time not in self.learnt:
            self.learnt[time] = sum(time - back in self.there for back in self.backs_s)
        if self.learnt[time] < self.learn:
            return (TOO_FEW if self.learnt[time] else NO_HISTORY), None
        for back_s in self.backs_s:
            past = history.get((series, time - back_s))
            if past is not None and past == past:
                return NORMAL, None
        return ANOMALOUS, {"value": value}


class LoopProbes(Loop):
    """So many of the series of one target that fail together."""

    def __init__(self, by: str, count: int) -> None:
        self.by, self.count = by, count

    def prepare(self, labels: Labels, history: History) -> None:
        """Note which series are of one target."""
        self.members: dict[str, list[Series]] = {}
        self.target = {series: own[self.by] for series, own in labels.items()}
        for series, target in self.target.items():
            self.members.setdefault(target, []).append(series)
        self.told: dict[tuple[str, int], tuple[int, int]] = {}

    def judge(
        self, series: Series, time: int, value: float, history: History
    ) -> Answer:
        if value != value:
            return GAP, None
        target = self.target[series]
        if (target, time) not in self.told:
            points = [history.get((one, time)) for one in self.members[target]]
            missing = sum(point is None or point != point for point in points)
            self.told[target, time] = sum(point == 0 for point in points), missing
        failing, missing = self.told[target, time]
        if failing < self.count:
            return (TOO_FEW if failing + missing >= self.count else NORMAL), None
        if value != 0:
            return NORMAL, None
        return ANOMALOUS, {"value": value, "failing": failing}


class LoopRestart(Loop):
    """A short uptime that was longer before."""

    def __init__(self, within_s: float, backs_s: Iterable[int]) -> None:
        self.within_s, self.backs_s = within_s, list(backs_s)

    def judge(
        self, series: Series, time: int, value: float, history: History
    ) -> Answer:
        if value != value:
            return GAP, None
        if not 0 <= value <= self.within_s:
            return NORMAL, None
        longest = -inf
        for back_s in self.backs_s:
            past = history.get((series, time - back_s))
            if past is not None and past > longest:
                longest = past
        if longest <= value:
            return NO_HISTORY, None
        return ANOMALOUS, {"value": value, "before": longest}


class LoopProcess(Loop):
    """A process that does not run, or ports that are closed or bound elsewhere."""

    def prepare(self, labels: Labels, history: History) -> None:
        """Keep the labels, which name the ports."""
        self.labels = labels

    def judge(
        self, series: Series, _time: int, value: float, _history: History
    ) -> Answer:
        if value != value:
            return GAP, None
        problem = "missing"
        if value == 1:
            own, none = self.labels[series], ("", "[]", "null")
            if own.get("nonlisten", "").strip() not in none:
                problem = "closed"
            elif own.get("not_accurate_listen", "").strip() not in none:
                problem = "elsewhere"
            else:
                return NORMAL, None
        return ANOMALOUS, {"value": value, "problem": problem}
