"""Memory of the idle standalone role, by process, in proportional set size.

python tests/bench/footprint.py [SECONDS]
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.bench.ratios import Goals  # noqa: E402
from tests.servers import answers, free_port, wait_for  # noqa: E402

GOAL_ALL_MB, GOAL_OWN_MB = 512, 400
FOREIGN = ("redis-server", "valkey-server", "victoria-metrics")


def descendants(root: int) -> list[int]:
    """Return a process and all that come from it."""
    parents: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents.setdefault(int(fields[1]), []).append(int(folder.name))
    found, todo = [], [root]
    while todo:
        found.append(todo.pop())
        todo += parents.get(found[-1], [])
    return found


def pss_mb(pid: int) -> float:
    """Return the proportional set size of a process in MB."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0  # it ended in this moment
    for line in lines:
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


def main(idle_s: float) -> None:
    """Start the role, wait, print its processes and the sums."""
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        environ = {k: v for k, v in os.environ.items() if not k.startswith("BKM_")} | {
            "BKM_DATA": f"{folder}/data",
            "BKM_RUN": f"{folder}/run",
            "BKM_LISTEN": f"127.0.0.1:{port}",
        }
        for each in ("data", "run"):
            (Path(folder) / each).mkdir()
        role = subprocess.Popen(
            [str(ROOT / "bin" / "entrypoint"), "standalone"],
            env=environ,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            url = f"http://127.0.0.1:{port}/healthz/ready"
            wait_for(lambda: answers(url), what="standalone", timeout_s=60)
            time.sleep(idle_s)
            rows = sorted(
                (command_of(pid), pss_mb(pid)) for pid in descendants(role.pid)
            )
        finally:
            role.terminate()
            role.wait(30)
    for program, size in rows:
        print(f"{size:7.1f} MB  {program}")
    own = sum(size for program, size in rows if not program.startswith(FOREIGN))
    goals = Goals()
    for name, size, goal in (
        ("all", sum(size for _, size in rows), GOAL_ALL_MB),
        ("own", own, GOAL_OWN_MB),
    ):
        print(f"{name} {size:.0f} MB, goal {goal} {goals.told(size <= goal)}")
    goals.leave()


def command_of(pid: int) -> str:
    """Return the words of a process's command line that tell what it is."""
    words = (
        Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    )
    return " ".join(Path(word).name for word in words[:4])[:60]


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 30.0)
