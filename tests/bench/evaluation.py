"""Whole evaluations against vmalert and Prometheus, on the same samples.

    python -m tests.bench.evaluation [PAIRS [SCENARIO...]]

Query, decode, detect, state and database (PostgreSQL) of 1000 strategies of 100 series,
and of 10 of 10,000: the time from the first batch to the end of the last, with two
worker processes and batches of 100 strategies, as they are handed out. A strategy judges
the tick and the one before it again, each by two points of two. Against that the time
of a pass over the same rules, in one group, as the peers tell it themselves; each is
held still (SIGSTOP) while the others run. vmalert asks the same VictoriaMetrics, one
rule at a time as it does unless told otherwise, and four at a time, as ours do; it
keeps the state of its alerts there. Prometheus has the samples in its own memory and
keeps its alerts there too. CPU seconds are those of all who take part: our processes,
PostgreSQL and VictoriaMetrics; vmalert and VictoriaMetrics; Prometheus. In turn, A B B A.

Scenarios: calm (1 % over the limit, alerts open), pending (100 %, from now on, none open
yet), firing (100 %, all alerts are new, and fire), open (100 %, they go on), big (10 of
10,000). Where all is new, it is so to the peer too: it has no series of such alerts.
A goal that is missed fails the bench.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from statistics import median

from tests.bench import evaluation_worker as worker
from tests.bench.evaluation_stores import (
    RULES,
    SERIES,
    STEP_S,
    Feed,
    Peer,
    prometheus_peer,
    vmalert,
)
from tests.bench.pings import tree_cpu
from tests.bench.ratios import Goals
from tests.servers import ROOT, Server, postgres, victoria_metrics

PROCESSES, BATCH = 2, 100
MOST_S = 30.0
# Their time by ours must be at least so much.
GOALS = {
    ("calm", "vmalert"): 2.0,
    ("pending", "Prometheus"): 2.0,
    ("firing", "Prometheus"): 1 / 0.7,
    ("open", "Prometheus"): 1 / 0.7,
}


@dataclass
class Bench:
    """The stores, the peers, and the processes that evaluate."""

    pool: ProcessPoolExecutor
    feed: Feed
    store: Server
    database: Server
    peers: dict[str, Peer]
    tick: int
    ids: dict[str, list[int]] = field(default_factory=dict)
    took: list[dict[str, float]] = field(default_factory=list)
    goals: Goals = field(default_factory=Goals)

    def strategies(self, name: str, expressions: Sequence[str]) -> list[int]:
        """Return the keys of the strategies for a scenario."""
        if name not in self.ids:
            made = self.pool.submit(worker.make_strategies, expressions, 2)
            self.ids[name] = made.result()
        return self.ids[name]

    def evaluate(self, ids: Sequence[int], tick: int) -> float:
        """Evaluate all of them in batches, as workers do; return the seconds."""
        batches = [
            (ids[first : first + BATCH], tick) for first in range(0, len(ids), BATCH)
        ]
        begin, others = time.monotonic(), self.cpu_of_stores()
        told = list(self.pool.map(worker.evaluate, batches))
        took, others = time.monotonic() - begin, self.cpu_of_stores() - others
        reasons = self.pool.submit(worker.failing, ids).result()
        assert not reasons, reasons
        self.took.append(
            {key: sum(one[key] for one in told) for key in ("cpu_s", "statements", "changed")}
            | {"peak_mb": max(one["peak_mb"] for one in told), "stores_s": others}
        )  # fmt: skip
        return took

    def cpu_of_stores(self) -> float:
        """Return the CPU seconds of PostgreSQL and VictoriaMetrics, so far."""
        return tree_cpu(self.database) + tree_cpu(self.store)

    def cpu_of(self, peer: Peer) -> float:
        """Return the CPU seconds of a peer, and of the store that it asks."""
        own = tree_cpu(peer.server)
        return own + tree_cpu(self.store) if peer.asks_store else own

    def expect(self, ids: Sequence[int], firing: int) -> None:
        """Make sure that as many alerts fire as should."""
        found = self.pool.submit(worker.firing, ids).result()
        assert found == firing, f"{found} alerts fire, not {firing}"


@contextmanager
def running(folder: Path) -> Iterator[Bench]:
    """Run everything, and send the samples."""
    folder.chmod(0o755)
    with ExitStack() as parts:
        database = parts.enter_context(postgres(folder))
        store = parts.enter_context(victoria_metrics(folder))
        peers = [
            parts.enter_context(prometheus_peer(folder)),
            parts.enter_context(vmalert(folder, store.url, "vmalert", 1)),
            parts.enter_context(vmalert(folder, store.url, "vmalert x 4", 4)),
        ]
        environ = environment(folder, database.url.replace("http", "postgresql"), store.url)  # fmt: skip
        manage = [sys.executable, "manage.py", "migrate", "-v0"]
        subprocess.run(manage, cwd=ROOT, env=os.environ | environ, check=True)
        turn = int(time.time()) // STEP_S * STEP_S - 20 * STEP_S
        urls = [
            f"{store.url}/api/v1/write?extra_label=space={worker.SLUG}",
            f"{peers[0].server.url}/api/v1/write",
        ]
        feed = Feed(urls, turn, turn - 10 * STEP_S)
        feed.feed(time.time())
        pool = parts.enter_context(
            ProcessPoolExecutor(
                PROCESSES,
                mp_context=get_context("spawn"),
                initializer=worker.start,
                initargs=(environ,),
            )
        )
        yield Bench(
            pool, feed, store, database, {peer.name: peer for peer in peers}, turn
        )


def environment(folder: Path, database: str, store: str) -> dict[str, str]:
    """Return the variables of the service."""
    return {
        "DJANGO_SETTINGS_MODULE": "bkmonitor.config.settings",
        "BKM_SECRET_KEY": "a key for the bench, longer than needed",
        "BKM_DATA": str(folder),
        "BKM_RUN": str(folder),
        "BKM_DATABASE_URL": database.replace("://", "://bkm@") + "/bkm",
        "BKM_VM_WRITE_URL": store,
        "BKM_LOG_LEVEL": "WARNING",
    }


Turn = Callable[[], float]


def calm(bench: Bench, name: str, expressions: Sequence[str]) -> Turn:
    """Return a turn of ours in which one of a hundred series fires, as it did before."""
    ids = bench.strategies(name, expressions)
    ticks = iter(range(bench.tick + 2 * STEP_S, bench.tick + 10**6, STEP_S))
    bench.evaluate(ids, next(ticks))
    bench.expect(ids, RULES)
    return lambda: bench.evaluate(ids, next(ticks))


def pending(bench: Bench, expressions: Sequence[str]) -> Turn:
    """Return a turn in which the first of two points is over the limit, everywhere."""
    ids = bench.strategies("bad", expressions)

    def turn() -> float:
        bench.pool.submit(worker.forget, ids).result()
        took = bench.evaluate(ids, bench.tick)
        bench.expect(ids, 0)
        return took

    return turn


def firing(bench: Bench, expressions: Sequence[str]) -> Turn:
    """Return a turn in which every series begins to fire."""
    ids = bench.strategies("bad", expressions)

    def turn() -> float:
        bench.pool.submit(worker.forget, ids).result()
        took = bench.evaluate(ids, bench.tick + STEP_S)
        bench.expect(ids, RULES * SERIES)
        return took

    return turn


def going_on(bench: Bench, expressions: Sequence[str]) -> Turn:
    """Return a turn in which every series fires, as it did before."""
    ids = bench.strategies("bad", expressions)
    ticks = iter(range(bench.tick + 2 * STEP_S, bench.tick + 10**6, STEP_S))
    firing(bench, expressions)()
    return lambda: bench.evaluate(ids, next(ticks))


def expressions_of(metric: str, label: str) -> list[str]:
    """Return a selector for each rule, or for each of the ten big ones."""
    values = [f"r{n:03d}" for n in range(RULES)] if label == "rule" else [f"b{n}" for n in range(10)]  # fmt: skip
    return [f'bench_{metric}{{{label}="{value}"}}' for value in values]


@dataclass
class PeerTurn:
    """How a peer takes its turn."""

    peer: Peer
    take: Turn


def compare(bench: Bench, name: str, ours: Turn, turn: PeerTurn, pairs: int) -> None:
    """Measure both in turn, and print seconds, ratio, and what ours takes."""
    peer = turn.peer
    ours(), turn.take()
    bench.took.clear()
    own, theirs, their_cpu = [], [], []
    for number in range(pairs):
        for mine in (True, False) if number % 2 == 0 else (False, True):
            if mine:
                own.append(ours())
                continue
            before = bench.cpu_of(peer)
            theirs.append(turn.take())
            their_cpu.append(bench.cpu_of(peer) - before)
    ratios = [their / our for our, their in zip(own, theirs, strict=True)]
    goal = GOALS.get((name, peer.name))
    slow = max(own) > MOST_S
    verdict = ""
    if goal or slow:
        told = bench.goals.told(not slow and median(ratios) >= (goal or 0))
        verdict = f" {told}"
    taken = {key: median(one[key] for one in bench.took) for key in bench.took[0]}
    all_cpu = taken["cpu_s"] + taken["stores_s"]
    print(
        f"{name:8} ours {median(own):.2f} s [{min(own):.2f}..{max(own):.2f}],"
        f" {peer.name} {median(theirs):.2f} s [{min(theirs):.2f}..{max(theirs):.2f}];"
        f" ours / theirs {1 / median(ratios):.2f}"
        f" [{1 / max(ratios):.2f}..{1 / min(ratios):.2f}] of {pairs} pairs"
        + (f", goal {1 / goal:.2f}" if goal else "")
        + f"{verdict};"
        f" CPU {all_cpu:.2f} s ({taken['cpu_s']:.2f} in our processes)"
        f" and {median(their_cpu):.2f} s; ours: {taken['statements']:.0f} statements,"
        f" {taken['changed']:.0f} changes, at most {taken['peak_mb']:.0f} MB a process",
        flush=True,
    )


def run(bench: Bench, name: str, pairs: int) -> None:
    """Run one scenario against the peers that it has goals for."""
    metric = "calm" if name in ("calm", "big") else "bad"
    expressions = expressions_of(metric, "big" if name == "big" else "rule")
    wait = {"calm": "1m", "big": "1m", "pending": "1h"}.get(name, "0s")
    rules = [(f"rule{n}", f"{each} > 90") for n, each in enumerate(expressions)]
    ours: Turn = {
        "calm": lambda: calm(bench, "calm", expressions),
        "big": lambda: calm(bench, "big", expressions),
        "pending": lambda: pending(bench, expressions),
        "firing": lambda: firing(bench, expressions),
        "open": lambda: going_on(bench, expressions),
    }[name]()
    names = ["vmalert", "vmalert x 4"] if metric == "calm" else []
    for peer in (bench.peers[peer] for peer in [*names, "Prometheus"]):
        for each in bench.peers.values():
            each.let_go()
        bench.feed.feed(time.time())
        for each in bench.peers.values():
            each.hold()
        compare(bench, name, ours, turn_of(peer, name, rules, wait), pairs)


def turn_of(
    peer: Peer, name: str, rules: Sequence[tuple[str, str]], wait: str
) -> PeerTurn:
    """Return a turn of a peer: the next pass, or the first one where all is new."""
    if name not in ("pending", "firing"):
        peer.take_rules(name, rules, wait)
        peer.run_once()
        return PeerTurn(peer, peer.run_once)

    def begin() -> float:
        peer.take_rules(name, rules, wait)
        return peer.run_once()

    return PeerTurn(peer, begin)


def main() -> None:
    """Run all scenarios, five pairs each, unless told otherwise."""
    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    names = sys.argv[2:] or ["calm", "pending", "firing", "open", "big"]
    with (
        tempfile.TemporaryDirectory(prefix="pytest-bench-") as folder,
        running(Path(folder)) as bench,
    ):
        for name in names:
            run(bench, name, pairs)
        goals = bench.goals
    goals.leave()


if __name__ == "__main__":
    main()
