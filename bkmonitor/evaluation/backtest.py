"""What a replay amounts to: when it would have fired, how often, and for how long.

Pure, and the only place that counts: the editor, the API and the command show the
same numbers because they ask here.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from bkmonitor.evaluation.replay import Replay

# Who fires again so soon after it was over has flapped, where no flap rule says how.
FLAPS_WITHIN_S = 1800
# Of more alerts than these the oldest are counted, but not kept.
MOST_SPANS = 10_000


@dataclass(frozen=True, slots=True)
class FiringSpan:
    """One alert that there would have been.

    row         which series of the replay
    start, end  Unix seconds; the end is None where it is firing at the last tick
    severities  (moment, severity) of the start and of every change after it
    """

    row: int
    start: int
    end: int | None
    severities: tuple[tuple[int, int], ...]

    @property
    def worst(self) -> int:
        """Return the worst severity it had."""
        return min(severity for _moment, severity in self.severities)


@dataclass(frozen=True, slots=True)
class Summary:
    """A replay in a few numbers.

    fired        how many alerts there would have been
    by_severity  how many of them had each as their worst severity
    median_s     how long the middle one was open, None without any; one that is
                 still open counts up to the last tick
    longest_s    how long the longest was open
    flaps        how many began soon after another of the same series had ended
    firing_now   how many are open at the last tick
    series, ticks  what was judged
    normal, anomalous  points, by the detectors alone
    unjudged     points that could not be judged, by the name of the reason
    """

    fired: int
    by_severity: Mapping[int, int]
    median_s: float | None
    longest_s: int | None
    flaps: int
    firing_now: int
    series: int
    ticks: int
    normal: int
    anomalous: int
    unjudged: Mapping[str, int]


@dataclass(slots=True)
class Backtest:
    """The alerts of a replay, counted part by part in memory that time does not add to.

    flap_window_s  that of the strategy's flap rule, 0 for none
    spans          the alerts that are over, the newest MOST_SPANS of them
    """

    flap_window_s: float = 0
    spans: list[FiringSpan] = field(default_factory=list)
    _open: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    _ended: dict[int, int] = field(default_factory=dict)
    _lengths: Counter[int] = field(default_factory=Counter)
    _severities: Counter[int] = field(default_factory=Counter)
    _fired: Counter[int] = field(default_factory=Counter)
    _counts: Counter[str] = field(default_factory=Counter)
    _flaps: int = 0
    _series: int = 0
    _ticks: int = 0
    _last: int = 0

    def add(self, part: Replay) -> None:
        """Count the ticks that follow those counted so far."""
        shown, ticks = part.shown, part.ticks.tolist()
        before = np.zeros_like(shown)
        before[:, 1:] = shown[:, :-1]
        for row, changes in self._open.items():
            before[row, 0] = changes[-1][1]
        columns, rows = np.nonzero((shown != before).T)
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
            self._change(row, ticks[column], int(shown[row, column]))
        del self.spans[:-MOST_SPANS]
        self._counts.update(part.counts)
        self._series, self._last = len(part.labels), ticks[-1]
        self._ticks += len(ticks)

    def fired_of(self, row: int) -> int:
        """Return how many alerts one series would have had."""
        return self._fired[row]

    def all_spans(self) -> list[FiringSpan]:
        """Return the alerts that are kept, those that are open too, by their beginning."""
        still = [
            FiringSpan(row, changes[0][0], None, tuple(changes))
            for row, changes in self._open.items()
        ]
        return sorted([*self.spans, *still], key=lambda span: (span.start, span.row))

    def summary(self) -> Summary:
        """Return the numbers of what was counted so far."""
        lengths, severities = Counter(self._lengths), Counter(self._severities)
        for changes in self._open.values():
            lengths[self._last - changes[0][0]] += 1
            severities[min(severity for _moment, severity in changes)] += 1
        named = ("normal", "anomalous")
        return Summary(
            fired=lengths.total(),
            by_severity=dict(sorted(severities.items())),
            median_s=_median(lengths),
            longest_s=max(lengths, default=None),
            flaps=self._flaps,
            firing_now=len(self._open),
            series=self._series,
            ticks=self._ticks,
            normal=self._counts["normal"],
            anomalous=self._counts["anomalous"],
            unjudged={
                reason: count
                for reason, count in sorted(self._counts.items())
                if reason not in named
            },
        )

    def _change(self, row: int, moment: int, severity: int) -> None:
        if not severity:
            self._end(row, moment)
            return
        if row not in self._open:
            ended = self._ended.get(row)
            within_s = self.flap_window_s or FLAPS_WITHIN_S
            self._flaps += ended is not None and moment - ended < within_s
            self._fired[row] += 1
        self._open.setdefault(row, []).append((moment, severity))

    def _end(self, row: int, moment: int) -> None:
        changes = self._open.pop(row)
        span = FiringSpan(row, changes[0][0], moment, tuple(changes))
        self.spans.append(span)
        self._ended[row] = moment
        self._lengths[moment - span.start] += 1
        self._severities[span.worst] += 1


def backtest(replay: Replay, *, flap_window_s: float = 0) -> Backtest:
    """Count a replay that is there as a whole."""
    found = Backtest(flap_window_s)
    found.add(replay)
    return found


def _median(lengths: Counter[int]) -> float | None:
    whole = lengths.total()
    if not whole:
        return None
    ordered = sorted(lengths.items())
    passed = np.cumsum([count for _length, count in ordered])
    middle = [
        ordered[int(np.searchsorted(passed, at, side="right"))][0]
        for at in ((whole - 1) // 2, whole // 2)
    ]
    return sum(middle) / 2
