"""How the time to stop is shared out."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StopTimes:
    """Seconds that each part has, all of them shares of one grace.

    `soft` is how long a worker lets running tasks finish before it hands them back,
    and how long gunicorn waits for requests; `program` is when the supervisor kills
    a program that is still there; `store` is the same for Redis and VictoriaMetrics,
    which are stopped after everything that uses them.
    """

    soft: float
    program: int
    store: int


def stop_times(grace_s: float) -> StopTimes:
    """Share out `grace_s` seconds; no share is zero, and their sum stays within it.

    A worker whose soft time is over needs a second or two, more on a busy machine,
    to hand back its work: that is the distance between `soft` and `program`.
    """
    store = max(1, int(min(grace_s * 0.2, 6)))
    program = max(1, int(max(grace_s * 0.75, grace_s - store - 2)))
    return StopTimes(
        soft=max(0.5, grace_s * 0.4, program - 8.0), program=program, store=store
    )
