"""A process that evaluates strategies as a worker does, and tells what it takes."""

import os
import resource
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import django

SLUG = "bench"


def start(environ: dict[str, str]) -> None:
    """Get Django ready in this process."""
    os.environ.update(environ)
    django.setup()


def make_strategies(expressions: Sequence[str], count: int) -> list[int]:
    """Return the keys of new strategies: above 90 in `count` points of as many."""
    from bkmonitor.accounts.models import Space  # noqa: PLC0415
    from bkmonitor.strategies.models import Strategy  # noqa: PLC0415

    space, _ = Space.objects.get_or_create(slug=SLUG, defaults={"name": SLUG})
    groups = [[{"operator": ">", "value": 90.0}]]
    level = {"severity": 1, "detectors": [{"kind": "threshold", "any_of": groups}]}
    made = Strategy.objects.bulk_create(
        Strategy(
            space=space,
            name=f"{expression} {count}",
            expression=expression,
            levels=[level],
            trigger_count=count,
            trigger_window=count,
            next_run_at=datetime.now(UTC),
        )
        for expression in expressions
    )
    return [strategy.pk for strategy in made]


def forget(ids: Sequence[int]) -> None:
    """Take away everything that evaluations of these strategies have left."""
    from bkmonitor.alerts.models import Alert, Note, Transition, Watermark  # noqa: PLC0415
    from bkmonitor.strategies.models import Strategy  # noqa: PLC0415

    alerts = Alert.objects.filter(source_id__in=ids)
    for rows in (Transition, Note):
        rows.objects.filter(alert__in=alerts)._raw_delete("default")  # type: ignore[attr-defined]
    alerts._raw_delete("default")
    Watermark.objects.filter(source_id__in=ids).delete()
    Strategy.objects.filter(pk__in=ids).update(judged_at=None, judged_from=None)


def evaluate(batch: tuple[Sequence[int], int]) -> dict[str, Any]:
    """Evaluate a batch at a tick; return what it gave and what it took."""
    from django.db import connection  # noqa: PLC0415

    from bkmonitor.pipeline.flow import evaluate_batch  # noqa: PLC0415

    ids, tick = batch
    statements = 0

    def count_statement(execute: Any, *asked: Any) -> Any:
        nonlocal statements
        statements += 1
        return execute(*asked)

    begin, cpu = time.monotonic(), time.process_time()
    with connection.execute_wrapper(count_statement):
        changed = evaluate_batch(ids, tick, clock=lambda: datetime.now(UTC))
    return {
        "changed": changed,
        "seconds": time.monotonic() - begin,
        "cpu_s": time.process_time() - cpu,
        "statements": statements,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def failing(ids: Sequence[int]) -> list[str]:
    """Return why strategies could not be judged."""
    from bkmonitor.strategies.models import Strategy  # noqa: PLC0415

    rows = Strategy.objects.filter(pk__in=ids, outcome="failing")
    return list(rows.values_list("outcome_reason", flat=True)[:3])


def firing(ids: Sequence[int]) -> int:
    """Return how many alerts of these strategies fire."""
    from bkmonitor.alerts.models import Alert  # noqa: PLC0415

    return Alert.objects.filter(source_id__in=ids, state="firing").count()
