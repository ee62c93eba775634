"""One Redis client a process, and the same address in two dialects."""

from functools import cache

import redis


def client_url(url: str) -> str:
    """Return the address as redis-py writes it: a socket is `unix://`."""
    return url.replace("redis+socket://", "unix://", 1)


def transport_url(url: str) -> str:
    """Return the address as Celery's transport writes it: `redis+socket://`."""
    return url.replace("unix://", "redis+socket://", 1)


@cache
def client(url: str) -> redis.Redis:
    """Return this process's client; nothing is connected before the first command.

    Errors  redis.RedisError from each command, within 5 s of silence.
    """
    return redis.Redis.from_url(
        client_url(url),
        socket_timeout=5,
        socket_connect_timeout=2,
        health_check_interval=25,
    )
