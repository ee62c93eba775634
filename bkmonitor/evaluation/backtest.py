"""What a replay amounts to: when it would have fired, how often, and for how long.

Pure, and the only place that reads a `Replay`: the editor, the API and the command
show the same numbers because they ask here.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

import numpy as np

from bkmonitor.evaluation.replay import Replay

# Who fires again so soon after it was over has flapped, where no flap rule says how.
FLAPS_WITHIN_S = 1800
NOT_COUNTED = ("normal", "anomalous")


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


def firing_spans(replay: Replay) -> list[FiringSpan]:
    """Return every alert that there would have been, by when it began."""
    shown, ticks = replay.shown, replay.ticks.tolist()
    before = np.zeros_like(shown)
    before[:, 1:] = shown[:, :-1]
    rows, columns = np.nonzero(shown != before)
    spans: list[FiringSpan] = []
    changes: list[tuple[int, int]] = []
    last = -1
    # In the order of rows, and of time within each.
    for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
        if changes and row != last:
            spans.append(FiringSpan(last, changes[0][0], None, tuple(changes)))
            changes = []
        last, severity = row, int(shown[row, column])
        if severity:
            changes.append((ticks[column], severity))
        else:
            spans.append(FiringSpan(row, changes[0][0], ticks[column], tuple(changes)))
            changes = []
    if changes:
        spans.append(FiringSpan(last, changes[0][0], None, tuple(changes)))
    return sorted(spans, key=lambda span: (span.start, span.row))


def summarize(
    replay: Replay, spans: Sequence[FiringSpan], *, flap_window_s: float = 0
) -> Summary:
    """Return the numbers of a replay; `spans` are all of its own.

    Units   flap_window_s in seconds, that of the strategy's flap rule; 0 for none.
    """
    last = int(replay.ticks[-1])
    lengths = [(last if span.end is None else span.end) - span.start for span in spans]
    counts = replay.counts
    return Summary(
        fired=len(spans),
        by_severity=Counter(span.worst for span in spans),
        median_s=float(median(lengths)) if lengths else None,
        longest_s=max(lengths, default=None),
        flaps=_flaps(spans, flap_window_s or FLAPS_WITHIN_S),
        firing_now=sum(span.end is None for span in spans),
        series=len(replay.labels),
        ticks=len(replay.ticks),
        normal=counts.get("normal", 0),
        anomalous=counts.get("anomalous", 0),
        unjudged={
            reason: count
            for reason, count in sorted(counts.items())
            if reason not in NOT_COUNTED
        },
    )


def _flaps(spans: Sequence[FiringSpan], within_s: float) -> int:
    in_order = sorted(spans, key=lambda span: (span.row, span.start))
    return sum(
        one.row == other.row
        and one.end is not None
        and other.start - one.end < within_s
        for one, other in pairwise(in_order)
    )
