"""Every task tells how long it ran and how it ended."""

import logging
import time
from typing import Any

from celery import Task

from bkmonitor.lib.telemetry import TASK_SECONDS, TASKS

logger = logging.getLogger(__name__)


class MeasuredTask(Task):  # type: ignore[type-arg]
    """A task whose runs are counted by name and outcome, its arguments untold."""

    abstract = True

    def before_start(self, task_id: str, args: Any, kwargs: Any) -> None:
        """Note when the run began."""
        self.request.update(began=time.perf_counter())

    def after_return(  # noqa: PLR0913
        self, status: str, retval: Any, task_id: str, args: Any, kwargs: Any, einfo: Any
    ) -> None:
        """Count the run and log it with its duration."""
        took = time.perf_counter() - getattr(self.request, "began", time.perf_counter())
        name = (self.name or "").rpartition(".")[2]
        TASKS.labels(name, status.lower()).inc()
        TASK_SECONDS.labels(name).observe(took)
        logger.log(
            logging.DEBUG if status == "SUCCESS" else logging.WARNING,
            "task.done",
            extra={"task": name, "outcome": status.lower(), "seconds": round(took, 4)},
        )
