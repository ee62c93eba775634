"""A sign of life for each queue: the only proof that somebody works it."""

import redis

from bkmonitor.pipeline.queues import KEY_PREFIX, QUEUES, UNROUTED

SUNG = f"{KEY_PREFIX}canary"


def sing(client: redis.Redis, queue: str, *, at: float) -> None:
    """Note that a worker of `queue` was at work at `at` (Unix seconds)."""
    client.hset(SUNG, queue, f"{at:.3f}")


def ages(client: redis.Redis, *, now: float) -> dict[str, float]:
    """Return, for each queue that ever sang, the seconds since it last did."""
    sung = client.hgetall(SUNG)
    return {
        queue: max(0.0, now - float(sung[queue.encode()]))
        for queue in QUEUES
        if queue.encode() in sung
    }


def depths(client: redis.Redis) -> dict[str, int]:
    """Return how many messages wait in each queue, the unrouted ones too."""
    names = (*QUEUES, UNROUTED)
    with client.pipeline(transaction=False) as pipe:
        for name in names:
            pipe.llen(f"{KEY_PREFIX}{name}")
        return dict(zip(names, map(int, pipe.execute()), strict=True))
