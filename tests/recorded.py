"""A store that has samples, for tests of what looks at more than one answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from bkmonitor.lib.frame import Frame
from bkmonitor.metrics.tsdb.port import Result
from tests.fakes import FakeTsdb

Samples = Sequence[float | None]


@dataclass
class Recorded(FakeTsdb):
    """A store of metrics of hosts, in which every sample has a moment at which it came.

    samples   (metric, host) -> its values, one a step from `first` on, None for a gap
    delays    the same places: how many steps each sample came late
    round     how many steps after which they come again, in what was before `first`
    now       what has come by now is answered, in Unix seconds
    wrong     what it answers instead, if anything

    It knows the expressions `metric` and `metric > 50`.
    """

    samples: Mapping[tuple[str, str], Samples] = field(default_factory=dict, repr=False)
    delays: Mapping[tuple[str, str], Sequence[int]] = field(
        default_factory=dict, repr=False
    )
    first: int = 0
    round: int = 0
    step_s: int = 60
    now: int = 10**12
    wrong: str = ""

    def query_range(
        self,
        space: str,
        promql: str,
        start: float,
        end: float,
        step_s: int,
        *,
        timeout_s: float,
    ) -> Result:
        self.asked.append((space, "query_range", [("query", promql)]))
        if self.wrong:
            return Result("failed", None, self.wrong)
        metric, _, limit = promql.partition(" > ")
        begin = int(start) // step_s * step_s
        times = np.arange(begin, int(end) // step_s * step_s + 1, step_s)
        found = {
            host: self._values((name, host), times, float(limit or "-inf"))
            for name, host in self.samples
            if name == metric
        }
        there = [host for host, values in found.items() if not np.isnan(values).all()]
        values = np.array([found[host] for host in there]).reshape(-1, len(times))
        labels = tuple({"__name__": metric, "host": host} for host in there)
        return Result("complete", Frame(times, values, labels))

    def _values(
        self, key: tuple[str, str], times: np.ndarray, limit: float
    ) -> np.ndarray:
        samples, delays = self.samples[key], self.delays.get(key)
        found = np.full(len(times), np.nan)
        for column, moment in enumerate(times.tolist()):
            at, rest = divmod(moment - self.first, self.step_s)
            if at < 0 and self.round:
                at %= self.round
            value = samples[at] if not rest and 0 <= at < len(samples) else None
            came = (
                moment
                + (delays[at] if delays and value is not None else 0) * self.step_s
            )
            if value is not None and value > limit and came <= self.now:
                found[column] = value
        return found
