"""What a container may use is read from its cgroup."""

import os

import pytest

from bkmonitor.config.boot.machine import effective_cpus, memory_limit


@pytest.mark.parametrize(
    ("files", "cpus"),
    [
        pytest.param({"cpu.max": "50000 100000"}, 1, id="half a processor is one"),
        pytest.param({"cpu.max": "max 100000"}, None, id="no quota: affinity"),
        pytest.param(
            {"cpu/cpu.cfs_quota_us": "100000", "cpu/cpu.cfs_period_us": "100000"},
            1,
            id="version 1",
        ),
        pytest.param(
            {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"},
            None,
            id="version 1 without a quota",
        ),
        pytest.param({}, None, id="no cgroup at all"),
    ],
)
def test_processors(tmp_path, files, cpus):
    lay(tmp_path, files)

    assert effective_cpus(tmp_path) == (cpus or len(os.sched_getaffinity(0)))


@pytest.mark.parametrize(
    ("files", "limit"),
    [
        pytest.param({"memory.max": "536870912"}, 512 << 20, id="version 2"),
        pytest.param({"memory.max": "max"}, None, id="version 2 without a limit"),
        pytest.param(
            {"memory/memory.limit_in_bytes": "9223372036854771712"},
            None,
            id="version 1 without a limit",
        ),
        pytest.param({}, None, id="no cgroup at all"),
    ],
)
def test_memory(tmp_path, files, limit):
    lay(tmp_path, files)

    assert memory_limit(tmp_path) == limit


def lay(folder, files):
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text + "\n")
