"""What this container may really use of the machine."""

import math
import os
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")


def effective_cpus(cgroup: Path = CGROUP) -> int:
    """Return how many processors are ours, from 1: affinity, and the cgroup's quota.

    `os.cpu_count()` and affinity know nothing of a quota; a container with half a
    processor on a machine of 64 would start 64 workers.
    """
    ours = len(os.sched_getaffinity(0))
    quota = _quota(cgroup)
    return max(1, min(ours, math.ceil(quota))) if quota else max(1, ours)


def memory_limit(cgroup: Path = CGROUP) -> int | None:
    """Return the cgroup's memory limit in bytes; None when there is none."""
    for path in (
        cgroup / "memory.max",
        cgroup / "memory" / "memory.limit_in_bytes",
    ):
        text = _read(path)
        # Version 1 writes a number near 2^63 for "no limit".
        if text.isdecimal() and int(text) < 1 << 50:
            return int(text)
    return None


def _quota(cgroup: Path) -> float | None:
    quota, _, period = _read(cgroup / "cpu.max").partition(" ")
    if not quota:
        quota = _read(cgroup / "cpu" / "cpu.cfs_quota_us")
        period = _read(cgroup / "cpu" / "cpu.cfs_period_us")
    if quota.isdecimal() and period.isdecimal() and int(period):
        return int(quota) / int(period)
    return None


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
