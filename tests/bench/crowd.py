"""100,000 series that all start firing at one tick, go on, and all resolve.

Run on PostgreSQL: bin/with-postgres .venv/bin/python -m tests.bench.crowd [SERIES].
The series are in a VictoriaMetrics and belong to strategies of 10,000 each, which are
evaluated in one batch: query, decode, detect, state, alerts. Then every change is routed,
500 at a time as the task does it, to
a receiver. Says for each tick how long both took,
how many statements they sent, and the most memory the process has had.
"""

import os
import resource
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bkmonitor.config.settings")

import django

django.setup()

from cramjam import snappy  # noqa: E402
from django.db import connection  # noqa: E402
from django.test.utils import setup_databases, teardown_databases  # noqa: E402

from bkmonitor.accounts.models import Space  # noqa: E402
from bkmonitor.alerts.models import Alert, Transition  # noqa: E402
from bkmonitor.metrics.tsdb.current import replaced_by  # noqa: E402
from bkmonitor.metrics.tsdb.victoriametrics import VictoriaMetrics  # noqa: E402
from bkmonitor.notifications.models import Notification  # noqa: E402
from bkmonitor.pipeline.flow import evaluate_batch  # noqa: E402
from bkmonitor.pipeline.tasks import BATCH  # noqa: E402
from bkmonitor.routing.services import route_pending  # noqa: E402
from bkmonitor.strategies.models import Strategy  # noqa: E402
from tests.factories import (  # noqa: E402
    make_level,
    make_receiver,
    make_space,
    make_strategy,
)
from tests.remote_write import write_series  # noqa: E402
from tests.servers import victoria_metrics  # noqa: E402

SERIES, OF_ONE = 100_000, 10_000
STEP_S = 60
TURNS = (("calm", 50.0), ("all start firing", 95.0), ("all go on", 96.0), ("all resolve", 50.0))  # fmt: skip
# At a time, so that no request is too large.
SENT = 5_000


def main(series: int = SERIES) -> None:
    """Print a line for each tick."""
    databases = setup_databases(verbosity=0, interactive=False)
    try:
        with (
            tempfile.TemporaryDirectory(prefix="pytest-bench-") as folder,
            victoria_metrics(Path(folder)) as store,
            replaced_by(VictoriaMetrics(store.url, store.url)),
        ):
            first = int(time.time()) // STEP_S * STEP_S - 10 * STEP_S
            space = make_space(slug="bench")
            send(store.url, series, first)
            measure(space, series, first)
    finally:
        teardown_databases(databases, verbosity=0)


def send(url: str, series: int, first: int) -> None:
    """Have the store hold a sample of each series at each tick."""
    samples = [((first + at * STEP_S) * 1000, value) for at, (_, value) in enumerate(TURNS)]  # fmt: skip
    for begin in range(0, series, SENT):
        some = [(labels(n), samples) for n in range(begin, min(begin + SENT, series))]
        request = urllib.request.Request(  # noqa: S310
            f"{url}/api/v1/write?extra_label=space=bench",
            bytes(snappy.compress_raw(write_series(some))),
            {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy"},
        )
        urllib.request.urlopen(request, timeout=60).close()  # noqa: S310
    urllib.request.urlopen(f"{url}/internal/force_flush", timeout=60).close()  # noqa: S310


def labels(number: int) -> list[tuple[str, str]]:
    """Return a label set like those of a fleet of machines."""
    return [
        ("__name__", "bench_crowd"),
        ("dc", f"dc{number % 20}"),
        ("instance", f"host-{number:06d}:9100"),
        ("job", "node"),
        ("part", str(number // OF_ONE)),
    ]


def measure(space: Space, series: int, first: int) -> None:
    """Evaluate each tick and route what changed."""
    make_receiver(space)
    strategies = [
        make_strategy(
            space,
            name=f"cpu {part}",
            expression=f'bench_crowd{{part="{part}"}}',
            levels=[make_level(1, ">", 90.0)],
            labels={"team": "db"},
            summary="{{ labels.instance }}: {{ value }}",
        ).pk
        for part in range(-(-series // OF_ONE))
    ]
    for at, (what, _value) in enumerate(TURNS):
        tick = first + at * STEP_S
        print(f"{what:>18}: evaluated {timed(lambda tick=tick: evaluate(strategies, tick))}")  # fmt: skip
        print(f"{'':18}     routed {timed(route)}", flush=True)
    failing = Strategy.objects.exclude(outcome="complete").values_list("outcome_reason")
    assert not failing, list(failing)
    assert Alert.objects.filter(state="resolved").count() == series
    assert Transition.objects.filter(routed_at__isnull=False).count() == 2 * series
    print(f"{Notification.objects.count()} notifications")


def evaluate(strategies: Sequence[int], tick: int) -> int:
    """Evaluate all of them in one batch."""
    return evaluate_batch(strategies, tick, clock=lambda: datetime.now(UTC))


def route() -> int:
    """Route whatever waits, as the task does."""
    routed = 0
    while some := route_pending(datetime.now(UTC), limit=BATCH):
        routed += some
    return routed


def timed(work: Callable[[], int]) -> str:
    """Return in words what some work took."""
    statements = [0]

    def count(execute, sql, params, many, context):  # type: ignore[no-untyped-def]
        statements[0] += 1
        return execute(sql, params, many, context)

    begin, cpu = time.perf_counter(), time.process_time()
    with connection.execute_wrapper(count):
        changed = work()
    taken, cpu = time.perf_counter() - begin, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return (
        f"{taken:6.2f} s ({cpu:5.2f} s of our CPU), {changed} changes, "
        f"{statements[0]} statements, at most {peak:.0f} MB"
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
