"""Kill the evaluating worker at random moments and compare with a replay, by hand:

    .venv/bin/python -m tests.journeys.kills [KILLS]

The journey beside does it a few times.
"""

import argparse
import contextlib
import itertools
import os
import random
import signal
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from pathlib import Path
from typing import Any

import psycopg2

from tests.journeys.live_and_replay import INTERVAL_S, REPLAY, first_tick, in_order
from tests.servers import wait_for
from tests.stack import Stack, running_stack

SERIES, STRATEGIES = 100, 8
# One of them tells when it flaps, and of one some series vanish and come back.
FLAPS, VANISHES = 6, 7
DELAY_S = 3
# The no-data policy's two evaluations, and as many again for what came late.
SETTLED_S = 4 * INTERVAL_S
SEED = """
from django.utils import timezone
from bkmonitor.pipeline.sources import save_strategy
from tests.factories import make_level, make_space

space = make_space(slug="lab", name="Lab")
own = {
    FLAPS: {"flap_count": 4, "flap_window_s": 60},
    VANISHES: {"no_data": {"policy": "series", "after": 2, "severity": 2, "forget_s": 3600}},
}
for number in range(STRATEGIES):
    # A selector would look back for five minutes.
    save_strategy(space, {"name": f"s{number}", "expression": f"last_over_time(m{number}[10s])", "interval_s": 10,
                          "levels": [make_level(1, ">", 90), make_level(2, ">", 80)],
                          "trigger_count": 1 + number % 2, "trigger_window": 2, "flap_count": 0,
                          **own.get(number, {})},
                  by=None, now=timezone.now())
answer = space.slug
"""
LIVE = """
from django.db.models import Count
from bkmonitor.alerts.models import Alert, Transition
from bkmonitor.strategies.models import Strategy

answer = {}
for strategy in Strategy.objects.all():
    alerts = Alert.objects.filter(source_kind="strategy", source_id=strategy.pk)
    changes = Transition.objects.filter(alert__in=alerts).select_related("alert")
    silences = Alert.objects.filter(source_kind="no_data", source_id=strategy.pk)
    told = Transition.objects.filter(alert__in=silences).order_by("pk").select_related("alert")
    answer[strategy.name] = {
        "judged_at": strategy.judged_at.timestamp(),
        "skipped": strategy.skipped_ticks,
        "unrouted": changes.filter(routed_at=None).count(),
        "changes": [[c.alert.fingerprint, c.kind, c.severity, int(c.at.timestamp())] for c in changes],
        "silences": [[c.alert.labels["host"], c.kind] for c in told],
    }
"""
FIRST = """
from bkmonitor.strategies.models import Strategy
answer = [[one.name, one.judged_at and one.judged_at.timestamp()] for one in Strategy.objects.all()]
"""


def run(folder: Path, kills: int, seed: int) -> dict[str, dict[str, Any]]:
    """Kill so often; return by strategy what was told live and what a replay gives."""
    chance = random.Random(seed)
    with running_stack(folder, on_postgres=True, roles=False) as stack:
        begin = int(time.time()) // INTERVAL_S * INTERVAL_S
        load(stack, chance, begin, begin + kills * 2 * INTERVAL_S + 600)
        stack.shell(
            f"STRATEGIES, FLAPS, VANISHES = {STRATEGIES}, {FLAPS}, {VANISHES}\n{SEED}"
        )
        stack.start("beat")
        stack.start("worker", "alert,notify,default", name="others")
        stack.start("worker", "evaluate", name="worker")
        starts = first_ticks(stack)
        for number in range(kills):
            kill(stack, chance, number)
        judge_the_rest(stack)
        live = stack.shell(LIVE)
        ends = {name: int(one["judged_at"]) for name, one in live.items()}
        code = REPLAY.replace("STARTS", repr(starts)).replace("ENDS", repr(ends))
        replayed = stack.shell(code)
    return {
        name: {
            **one,
            "silence": what_is_wrong(
                one["silences"], starts[name] - begin, ends[name] - begin
            ),
            "live": in_order(one["changes"]),
            "replayed": in_order(replayed[name]["changes"]),
        }
        for name, one in live.items()
    }


def is_away(series: int, since_s: int) -> bool:
    """Tell which series are away so long after the beginning: for good, or in turns."""
    if series % 4 == 1:
        return since_s >= 50
    return series % 4 == 3 and since_s // 40 % 2 == 1


def what_is_wrong(silences: list[list[str]], first_s: int, last_s: int) -> list[str]:
    """Return what does not fit in what was told of the strategy whose series vanish.

    Every alert begins and ends once, and at the end those are open whose series have
    been away for a while, and none whose series have been there. A series that nobody
    saw is not missed. First and last tick are in seconds since the beginning.
    """
    if not silences:
        return []
    wrong = []
    seen = range(first_s, first_s + SETTLED_S, INTERVAL_S)
    settled = range(last_s - SETTLED_S, last_s + 1, INTERVAL_S)
    for series in range(SERIES):
        kinds = [kind for host, kind in silences if host == f"h{series}"]
        if kinds != (["fired", "resolved"] * len(kinds))[: len(kinds)]:
            wrong.append(f"h{series}: {kinds}")
        known = not any(is_away(series, at) for at in seen)
        recent = {is_away(series, at) for at in settled}
        if known and recent == {True} and kinds[-1:] != ["fired"]:
            wrong.append(f"h{series} is away, and was told: {kinds}")
        if recent == {False} and kinds[-1:] == ["fired"]:
            wrong.append(f"h{series} is there, and was told: {kinds}")
    return wrong


def load(stack: Stack, chance: random.Random, begin: int, end: int) -> None:
    """Put samples until then into the store: series that go bad and well again."""
    lines = []
    times = range(begin - 60, end, INTERVAL_S)
    for strategy in range(STRATEGIES):
        for series in range(SERIES):
            values, stamps, bad = [], list(times), False
            for _at in times:
                bad ^= chance.random() < 0.15
                values.append(f"{chance.choice((85, 95)) if bad else 10}")
            if strategy == VANISHES:
                there = [not is_away(series, at - begin) for at in stamps]
                values = list(itertools.compress(values, there))
                stamps = list(itertools.compress(stamps, there))
            labels = f'{{"__name__":"m{strategy}","space":"lab","host":"h{series}"}}'
            lines.append(
                f'{{"metric":{labels},"values":[{",".join(values)}],"timestamps":[{",".join(f"{at}000" for at in stamps)}]}}'
            )
    body = "\n".join(lines).encode()
    request = urllib.request.Request(f"{stack.store.url}/api/v1/import", data=body)
    with urllib.request.urlopen(request, timeout=60) as answer:
        assert answer.status < 300
    time.sleep(3)


def first_ticks(stack: Stack) -> dict[str, int]:
    """Wait for the first tick of every strategy, which a replay has to begin with."""
    found: dict[str, int] = {}
    assert stack.database is not None
    address = f"postgresql://bkm@127.0.0.1:{stack.database.port}/bkm"
    query = (
        "SELECT name, extract(epoch FROM judged_at), extract(epoch FROM judged_from)"
        " FROM strategies_strategy WHERE judged_at IS NOT NULL"
    )
    with contextlib.closing(psycopg2.connect(address)) as connection:
        connection.autocommit = True

        def all_found() -> bool:
            with connection.cursor() as cursor:
                cursor.execute(query)
                for name, at, since in cursor.fetchall():
                    found.setdefault(name, first_tick(float(at), float(since)))
            return len(found) == STRATEGIES

        wait_for(all_found, what="the first evaluations", timeout_s=60)
    return found


def kill(stack: Stack, chance: random.Random, number: int) -> None:
    """Kill the worker while, or shortly before or after, a tick is evaluated."""
    now = time.time()
    tick = (int(now) // INTERVAL_S + 1) * INTERVAL_S
    time.sleep(max(0.0, tick + DELAY_S - now + chance.uniform(-0.5, 4.0)))
    worker = stack.roles["worker"]
    os.killpg(worker.process.pid, signal.SIGKILL)
    worker.process.wait()
    stack.start("worker", "evaluate", name="worker")
    sys.stdout.write(f"killed {number + 1} times\n")


def judge_the_rest(stack: Stack) -> None:
    """Let every strategy be judged after the last kill, and everything be routed.

    A few kills are soon over: not before some of what vanishes has been missed.
    """
    wait_for(
        lambda: stack.shell(LIVE)[f"s{VANISHES}"]["silences"],
        what="the series that vanish to be missed",
        timeout_s=180,
    )
    since = time.time()

    def settled() -> bool:
        return all(at and at > since for _name, at in stack.shell(FIRST))

    wait_for(settled, what="evaluations after the last kill", timeout_s=240)
    stack.roles["beat"].stop()
    stack.roles["worker"].stop(timeout_s=60)
    wait_for(
        lambda: not any(one["unrouted"] for one in stack.shell(LIVE).values()),
        what="all changes to be routed",
        timeout_s=120,
    )


def main() -> int:
    """Kill as often as asked for; say what differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kills", type=int, nargs="?", default=20)
    with tempfile.TemporaryDirectory(prefix="bkm-kills-") as folder:
        seed = int(time.time())
        found = run(Path(folder), parser.parse_args().kills, seed)
    same = True
    for name, one in found.items():
        live, replayed = one["live"], one["replayed"]
        same &= live == replayed and not one["silence"]
        kinds = dict(Counter(change[1] for change in live))
        told = "the same" if live == replayed else "DIFFERENT"
        sys.stdout.write(
            f"{name:>4}: {kinds}, replayed: {told}; {one['skipped']} skipped\n"
        )
        for wrong in one["silence"]:
            sys.stdout.write(f"  {wrong}\n")
        if live != replayed:
            sys.stdout.write(f"  only live: {sorted(set(live) - set(replayed))[:5]}\n")
            sys.stdout.write(
                f"  only replayed: {sorted(set(replayed) - set(live))[:5]}\n"
            )
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
