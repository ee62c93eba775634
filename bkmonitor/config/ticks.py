"""Files that a worker and the beat touch while they are really at work.

`bin/healthcheck` looks at their age. A file is touched by the consumer, not by the
process: a worker that lost its broker connection for good stops touching it.
"""

import os
from pathlib import Path
from typing import Any

from celery import bootsteps
from redbeat import RedBeatScheduler

EVERY_S = 5.0


def touch(name: str) -> None:
    """Touch the tick file of a program."""
    folder = Path(os.environ.get("BKM_RUN", "/run/bkm")) / "ticks"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).touch()


class WorkerTick(bootsteps.StartStopStep):
    """Touch the worker's file while its consumer runs; armed anew on reconnection."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, parent: Any, **options: Any) -> None:
        super().__init__(parent, **options)
        self._timer: Any = None

    def start(self, parent: Any) -> None:
        """Arm the consumer's own timer, which its stop clears."""
        name = parent.hostname.partition("@")[0]
        touch(name)
        self._timer = parent.timer.call_repeatedly(EVERY_S, touch, (name,))

    def stop(self, parent: Any) -> None:
        """Disarm; what follows is a new start or the end."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class TickingScheduler(RedBeatScheduler):  # type: ignore[misc]
    """A beat that leaves a sign: `celery_beat` at each tick, `standby` while it waits."""

    def setup_schedule(self) -> None:
        """Store the schedule; from here until the first tick another beat may lead."""
        super().setup_schedule()
        touch("standby")

    def tick(self, *args: Any, **kwargs: Any) -> Any:
        """Ring what is due, and only then say so."""
        wait = super().tick(*args, **kwargs)
        touch("celery_beat")
        return wait
