"""100,000 series that all start firing at one tick, go on, and all resolve.

Run on PostgreSQL: bin/with-postgres .venv/bin/python -m tests.bench.crowd [SERIES].
Says for each tick how long `alerts.record` took, how many statements it sent, and the
most memory the process has had.
"""

import os
import resource
import sys
import time
from datetime import timedelta

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bkmonitor.config.settings")

import django

django.setup()

import numpy as np  # noqa: E402
from django.db import connection  # noqa: E402
from django.test.utils import setup_databases, teardown_databases  # noqa: E402

from bkmonitor.alerts.models import Alert, Transition  # noqa: E402
from bkmonitor.alerts.services import record  # noqa: E402
from bkmonitor.evaluation.verdict import Sentence, Source, at_one_moment  # noqa: E402
from tests.factories import NOON, make_space  # noqa: E402

SERIES = 100_000


def main() -> None:
    series = int(sys.argv[1]) if len(sys.argv) > 1 else SERIES
    databases = setup_databases(verbosity=0, interactive=False)
    try:
        measure(series)
    finally:
        teardown_databases(databases, verbosity=0)


def measure(series: int) -> None:
    space = make_space()
    source = Source(
        "strategy", 1, "cpu", space.pk, {"team": "db"}, "{{ labels.instance }}: {{ value }}"
    )  # fmt: skip
    labels = [
        {"instance": f"host-{n:06d}:9100", "job": "node", "dc": f"dc{n % 20}"}
        for n in range(series)
    ]
    limit = {"operator": ">", "limit": 90.0}
    for minute, (what, severity) in enumerate(
        [("calm", 0), ("all start firing", 1), ("all go on", 1), ("all resolve", 0)]
    ):
        values = np.full(series, 95.0 + minute / 10)
        told = {
            row: Sentence("limit", {"value": float(values[row]), **limit})
            for row in range(series if severity else 0)
        }
        verdicts = at_one_moment(
            source,
            NOON + timedelta(minutes=minute),
            labels,
            np.full(series, severity, dtype=np.int8),
            values,
            told,
        )
        print(f"{what:>18}: {timed(verdicts)}")
    assert Alert.objects.filter(state="resolved").count() == series
    assert Transition.objects.count() == 2 * series


def timed(verdicts: object) -> str:
    statements = [0]

    def count(execute, sql, params, many, context):  # type: ignore[no-untyped-def]
        statements[0] += 1
        return execute(sql, params, many, context)

    begin, cpu = time.perf_counter(), time.process_time()
    with connection.execute_wrapper(count):
        changed = record([verdicts])  # type: ignore[list-item]
    taken, cpu = time.perf_counter() - begin, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return (
        f"{taken:6.2f} s ({cpu:5.2f} s of our CPU), {changed} changes, "
        f"{statements[0]} statements, at most {peak:.0f} MB"
    )


if __name__ == "__main__":
    main()
