"""What a configuration comes to, for a person to read."""

from collections.abc import Mapping
from typing import Any

from bkmonitor.config.boot.machine import effective_cpus, memory_limit
from bkmonitor.config.boot.sizes import concurrency, web_workers
from bkmonitor.config.boot.stop import stop_times
from bkmonitor.config.variables import VARIABLES, Configuration


def report(configuration: Configuration) -> str:
    """Return every value, secrets masked, and what was decided from them."""
    values = configuration.values
    shown = [f"{v.name}={_shown(v.secret, values[v.name])}" for v in VARIABLES]
    return "\n".join([*shown, "", *decisions(values)]) + "\n"


def decisions(values: Mapping[str, Any]) -> list[str]:
    """Return the numbers that follow from the values and from the machine."""
    limit = memory_limit()
    memory = f"{limit >> 20} MiB" if limit else "no limit"
    sizes = concurrency(values)
    times = stop_times(values["BKM_STOP_GRACE"])
    web, threads = web_workers(values), values["BKM_WEB_THREADS"]
    workers = sum(sizes.values()) + len(sizes)
    return [
        f"processors: {effective_cpus()}, memory: {memory}",
        f"web: {web} processes of {threads} threads",
        "workers: " + ", ".join(f"{queue} {size}" for queue, size in sizes.items()),
        f"stop: {times.soft:g} s for running work, {times.program} s for a program,"
        f" {times.store} s for a store",
        f"database connections: {web * threads} for a web container,"
        f" {workers} for a worker container, 1 for a beat",
    ]


def _shown(secret: bool, value: Any) -> str:
    if secret and value:
        return "(given)"
    return ",".join(value) if isinstance(value, tuple) else str(value)
