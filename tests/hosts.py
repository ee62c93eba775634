"""A store in which hosts come and go, and a strategy that watches them."""

from dataclasses import dataclass, field
from datetime import timedelta

import numpy as np

from bkmonitor.lib.frame import Frame
from bkmonitor.metrics.tsdb.current import replaced_by
from bkmonitor.metrics.tsdb.port import Result
from bkmonitor.pipeline.flow import evaluate_batch
from tests.factories import NOON
from tests.fakes import FakeTsdb

MINUTE = timedelta(minutes=1)


@dataclass
class Hosts(FakeTsdb):
    """A store in which some hosts have a calm value, at every moment."""

    hosts: list[str] = field(default_factory=list)
    answers: bool = True

    def query_range(self, space, promql, start, end, step_s, *, timeout_s):
        if not self.answers:
            return Result("failed", None, "away")
        times = np.arange(int(start), int(end) + 1, step_s)
        values = np.full((len(self.hosts), len(times)), 1.0)
        return Result(
            "complete",
            Frame(times, values, tuple(labels_of(host) for host in self.hosts)),
        )


def labels_of(host):
    """Return the labels of a host; one named dc:host is in a data centre."""
    if host == "nobody":
        return {}
    dc, _, name = host.rpartition(":")
    return {"host": name, "dc": dc} if dc else {"host": name}


def watch(strategy, *minutes, begin=0):
    """Evaluate once a minute; each is the hosts that come, or None for a failure."""
    for at, hosts in enumerate(minutes, begin):
        moment = NOON + at * MINUTE
        store = Hosts(hosts=(hosts or "").split(), answers=hosts is not None)
        with replaced_by(store):
            strategy.refresh_from_db()
            evaluate_batch(
                [strategy.pk],
                int(moment.timestamp()),
                clock=lambda moment=moment: moment,
            )
