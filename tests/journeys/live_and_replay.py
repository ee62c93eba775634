"""Evaluate real node_exporter data live, then replay it and compare: minutes by hand.

    .venv/bin/python -m tests.journeys.live_and_replay [MINUTES]

The journey beside does it for two minutes.
"""

import argparse
import contextlib
import math
import sqlite3
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.servers import answers, free_port, need, start, wait_for
from tests.stack import Stack, running_stack

INTERVAL_S = 10
SCRAPE = """
scrape_configs:
- job_name: node
  scrape_interval: 10s
  static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""
SEED = """
from django.utils import timezone
from bkmonitor.pipeline.sources import save_strategy
from tests.factories import make_level, make_space

space = make_space(slug="lab", name="Lab")


def strategy(name, expression, *levels, **fields):
    save_strategy(space, {"name": name, "expression": expression, "levels": list(levels),
                          "interval_s": 10, "delay_s": 8, **fields}, by=None, now=timezone.now())


def compared(kind, severity=2, **fields):
    return {"severity": severity, "detectors": [{"kind": kind, **fields}]}


idle = 'avg by (cpu) (rate(node_cpu_seconds_total{mode="idle"}[30s])) * 100'
flap = {"flap_count": 4, "flap_window_s": 300}
strategy("levels", idle, make_level(1, "<", 20), make_level(2, "<", 50), make_level(3, "<", 80),
         trigger_count=2, trigger_window=3, recovery_window=2)
strategy("hysteresis", idle, make_level(2, "<", 40, over_when=[[{"operator": ">", "value": 70}]]), **flap)
strategy("present", 'node_procs_running > 3', {"severity": 2, "detectors": [{"kind": "present"}]},
         recovery_window=3, **flap)
strategy("flapping", "node_procs_running", make_level(1, ">", 3), flap_count=4, flap_window_s=120)
strategy("ring ratio", "rate(node_context_switches_total[30s])",
         compared("ring_ratio", rise_percent=20, fall_percent=20))
strategy("many series", "rate(node_network_receive_bytes_total[30s])", make_level(3, ">", 1000))
strategy("rate", "node_memory_MemAvailable_bytes", compared("ring_ratio", 3, fall_percent=1, rise_percent=1),
         late_periods=2)
# Against the others and the past; the series of count_values come and go.
busy = 'rate(node_cpu_seconds_total{mode!="idle"}[30s])'
strategy("new series", 'count_values("running", node_procs_running)',
         compared("new_series", range_s=60, new_for_s=10, learn=2), **flap)
strategy("vantage points", f'count_values("share", round({busy}, 0.01))',
         compared("partial_probes", by=["job"], count=3, known_s=30,
                  fails_when=[[{"operator": "<", "value": 2}]]))
strategy("outlier", f"sum by (mode) ({busy})", compared("outlier", width=5))
strategy("outlier in a group", busy, compared("outlier", by=["cpu"]), late_periods=2)
strategy("flat line", "node_procs_running", compared("flatline", points=3), flap_count=0)
strategy("z-score", "node_memory_MemAvailable_bytes", compared("zscore", window=18, min_points=4, width=1.5),
         trigger_count=1, trigger_window=2, recovery_window=2)
answer = space.slug
"""
LIVE = """
from bkmonitor.alerts.models import Alert, Transition
from bkmonitor.strategies.models import Strategy

answer = {}
for strategy in Strategy.objects.all():
    alerts = Alert.objects.filter(source_kind="strategy", source_id=strategy.pk)
    changes = Transition.objects.filter(alert__in=alerts).order_by("at", "pk").select_related("alert")
    answer[strategy.name] = {
        "id": strategy.pk, "outcome": strategy.outcome, "judged_at": strategy.judged_at.timestamp(),
        "late": strategy.late_periods,
        "changes": [[c.alert.fingerprint, c.kind, c.severity, int(c.at.timestamp())] for c in changes],
    }
"""
REPLAY = """
from bkmonitor.evaluation.replay import replay
from bkmonitor.lib.labels import fingerprint
from bkmonitor.metrics.answers import gather
from bkmonitor.strategies.definition import parse_definition
from bkmonitor.strategies.models import Strategy

answer = {}
for strategy in Strategy.objects.all():
    end = ENDS[strategy.name]
    start = STARTS[strategy.name]
    found = replay(parse_definition(strategy.definition), "lab", start, end, ask=gather)
    changes = []
    for labels, shown in zip(found.labels, found.shown.tolist()):
        before = 0
        for tick, now in zip(found.ticks.tolist(), shown):
            if now != before:
                kind = "fired" if not before else "resolved" if not now else "worsened" if now < before else "eased"
                changes.append([fingerprint(labels), kind, now or before, tick])
            before = now
    answer[strategy.name] = {"changes": changes, "counts": dict(found.counts)}
"""


def run(folder: Path, minutes: float) -> dict[str, dict[str, Any]]:
    """Evaluate for so long and replay it; return by strategy what each has told.

    Keys: live and replayed, lists of (series, kind, severity, Unix seconds) in one
    order; counts, of the points that the replay judged.
    """
    with running_stack(folder, roles=False) as stack:
        begin_sending(stack)
        stack.shell(SEED)
        stack.start("worker", "evaluate,alert,notify,default")
        stack.start("beat")
        starts = first_ticks(folder / "bkmonitor.sqlite3")
        time.sleep(minutes * 60)
        stack.roles["beat"].stop()
        stack.roles["worker"].stop(timeout_s=60)
        live = stack.shell(LIVE)
        # The newest ticks would have been judged again, for what came late.
        ends = {
            name: int(one["judged_at"]) - one["late"] * INTERVAL_S
            for name, one in live.items()
        }
        code = REPLAY.replace("STARTS", repr(starts)).replace("ENDS", repr(ends))
        replayed = stack.shell(code)
    return {
        name: {
            "outcome": one["outcome"],
            "live": in_order(
                [each for each in one["changes"] if each[3] <= ends[name]]
            ),
            "replayed": in_order(replayed[name]["changes"]),
            "counts": replayed[name]["counts"],
        }
        for name, one in live.items()
    }


def first_ticks(database: Path) -> dict[str, int]:
    """Wait for the first tick of every strategy, which a replay has to begin with."""
    found: dict[str, int] = {}
    query = "SELECT name, judged_at, judged_from FROM strategies_strategy"

    def all_found() -> bool:
        with contextlib.closing(sqlite3.connect(database, timeout=10)) as rows:
            for name, at, since in rows.execute(query).fetchall():
                if not at:
                    return False
                found.setdefault(name, first_tick(_seconds(at), _seconds(since)))
        return True

    wait_for(all_found, what="the first evaluations", timeout_s=60)
    return found


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp()


def first_tick(judged_at: float, judged_from: float) -> int:
    """Return the first tick that was judged, by the newest one soon after.

    An evaluation that comes late judges every tick since the strategy was saved.
    """
    return min(int(judged_at), math.ceil(judged_from / INTERVAL_S) * INTERVAL_S)


def begin_sending(stack: Stack) -> None:
    """Have vmagent scrape a node_exporter into the space."""
    port = free_port()
    command = [
        need("prometheus-node-exporter"),
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    node = start(command, port=port, folder=stack.folder, name="node")
    stack.parts.callback(node.stop)
    wait_for(lambda: answers(f"{node.url}/metrics"), what="node_exporter")
    config = stack.folder / "scrape.yml"
    config.write_text(SCRAPE.format(port=port))
    agent_port = free_port()
    command = [need("vmagent"), f"-promscrape.config={config}"]
    command += [
        f"-remoteWrite.url={stack.store.url}/api/v1/write?extra_label=space=lab"
    ]
    command += [f"-remoteWrite.tmpDataPath={stack.folder / 'queue'}"]
    command += [
        "-remoteWrite.flushInterval=500ms",
        f"-httpListenAddr=127.0.0.1:{agent_port}",
    ]
    agent = start(command, port=agent_port, folder=stack.folder, name="vmagent")
    stack.parts.callback(agent.stop)
    # A rate needs some samples before the first tick.
    time.sleep(45)


def in_order(changes: list[list[Any]]) -> list[tuple[Any, ...]]:
    """Sort changes by moment and series."""
    return sorted((tuple(change) for change in changes), key=lambda one: (one[3], one))


def main() -> int:
    """Compare for as many minutes as asked for; say what differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("minutes", type=float, nargs="?", default=60.0)
    minutes = parser.parse_args().minutes
    with tempfile.TemporaryDirectory(prefix="bkm-replay-") as folder:
        found = run(Path(folder), minutes)
    same = True
    for name, one in found.items():
        live, replayed = one["live"], one["replayed"]
        equal = live == replayed
        same &= equal
        sys.stdout.write(
            f"{name:>18}: {len(live)} changes live, {len(replayed)} replayed, "
            f"{'the same' if equal else 'DIFFERENT'}; {one['outcome']}, {one['counts']}\n"
        )
        if not equal:
            sys.stdout.write(f"  only live: {sorted(set(live) - set(replayed))[:10]}\n")
            sys.stdout.write(
                f"  only replayed: {sorted(set(replayed) - set(live))[:10]}\n"
            )
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
