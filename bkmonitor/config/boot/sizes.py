"""How many processes each program gets."""

from collections.abc import Mapping
from typing import Any

from bkmonitor.config.boot.machine import effective_cpus, memory_limit
from bkmonitor.pipeline.queues import QUEUES

# Measured: a worker's child with the application loaded, and some room to work.
CHILD_BYTES = 150 << 20
# Evaluation and probing are work for a processor; the others wait for a database
# or for somebody else's server.
FIXED = {"alert": 1, "notify": 2, "default": 1}


def concurrency(values: Mapping[str, Any]) -> dict[str, int]:
    """Return the number of processes of each queue's worker program.

    BKM_WORKER_CONCURRENCY wins for all of them; otherwise it is what processors and
    memory of this container allow, from 1 to 8.
    """
    asked = values["BKM_WORKER_CONCURRENCY"]
    if asked:
        return dict.fromkeys(QUEUES, asked)
    limit = memory_limit()
    fits = int(limit * 0.8 / CHILD_BYTES / len(QUEUES)) if limit else 8
    most = max(1, min(effective_cpus(), fits, 8))
    return {queue: min(FIXED.get(queue, most), max(1, fits)) for queue in QUEUES}


def web_workers(values: Mapping[str, Any]) -> int:
    """Return the number of gunicorn's processes: 2 to 4, by processors."""
    asked: int = values["BKM_WEB_WORKERS"]
    return asked or max(2, min(effective_cpus(), 4))
