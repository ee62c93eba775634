"""Remote write through the service against directly into VictoriaMetrics.

    bin/bench remote_write, or python -m tests.bench.remote_write [PAIRS]

The two ways are measured in turn, A B B A, so that what else the machine does
falls on both; what counts is the ratio of each pair. Requests are made and
compressed beforehand, 20,000 series with nine labels, which the store knows before
the measurement begins.
"""

import os
import statistics
import sys
import tempfile
import threading
import time
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

from cramjam import snappy

from tests.bench.ratios import Goals
from tests.gateway import Gateway, running_gateway
from tests.remote_write import write_request

SERIES = 20_000
SAMPLES = 1_200_000
CLIENTS = 2
GOALS = {10_000: 0.70, 1_000: 0.45}
TICKS = os.sysconf("SC_CLK_TCK")


def bodies(size: int) -> list[bytes]:
    """Return requests of `size` samples that together hold every series once."""
    made = []
    for first in range(0, SERIES, size):
        numbers = range(first, first + size)
        series = [(labels(number), float(number)) for number in numbers]
        made.append(bytes(snappy.compress_raw(write_request(series, time.time()))))
    return made


def labels(number: int) -> list[tuple[str, str]]:
    """Return a label set like those of a fleet of machines."""
    return [
        ("__name__", "bench_requests_total"),
        ("cluster", "eu-1"),
        ("code", str(200 + number % 5)),
        ("handler", f"/api/v1/things/{number % 40}"),
        ("instance", f"host-{number // 200:04d}:9100"),
        ("job", "bench"),
        ("method", "GET"),
        ("pod", f"web-{number % 200}"),
        ("shard", str(number)),
    ]


def send(url: str, secret: str, made: list[bytes], rounds: int) -> float:
    """Send every request `rounds` times over kept connections; return the seconds."""
    barrier = threading.Barrier(CLIENTS + 1)
    refused: list[int] = []

    def client(share: list[bytes]) -> None:
        parts = urlsplit(url)
        connection = HTTPConnection(parts.hostname or "", parts.port, timeout=60)
        headers = {
            "Content-Type": "application/x-protobuf",
            "Content-Encoding": "snappy",
            "X-Prometheus-Remote-Write-Version": "0.1.0",
            "Authorization": f"Bearer {secret}",
        }
        barrier.wait()
        for body in share * rounds:
            connection.request("POST", f"{parts.path}?{parts.query}", body, headers)
            answer = connection.getresponse()
            answer.read()
            if answer.status != 204:
                refused.append(answer.status)
        connection.close()

    threads = [
        threading.Thread(target=client, args=(made[number::CLIENTS],))
        for number in range(CLIENTS)
    ]
    for thread in threads:
        thread.start()
    barrier.wait()
    begin = time.monotonic()
    for thread in threads:
        thread.join()
    if refused:
        sys.exit(f"{len(refused)} requests were refused, first with {refused[0]}")
    return time.monotonic() - begin


def cpu_s(root: int) -> float:
    """Return the CPU seconds of a process and its children, so far."""
    total = 0.0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(folder.name) == root or int(fields[1]) == root:
            total += (int(fields[11]) + int(fields[12])) / TICKS
    return total


def measure(gateway: Gateway, secret: str, size: int, pairs: int, goals: Goals) -> None:
    """Print what one size of requests gives."""
    made = bodies(size)
    rounds = SAMPLES // SERIES
    direct = f"http://127.0.0.1:{gateway.vm_port}/api/v1/write?extra_label=space=bench"
    ways = {"direct": direct, "service": f"{gateway.url}/api/v1/write"}
    web = gateway.stack.roles["web"].process.pid
    for url in ways.values():
        send(url, secret, made, 2)
    rates: dict[str, list[float]] = {"direct": [], "service": []}
    ours: list[float] = []
    for number in range(pairs):
        order = ("direct", "service") if number % 2 == 0 else ("service", "direct")
        for way in order:
            before = cpu_s(web)
            took = send(ways[way], secret, made, rounds)
            rates[way].append(SAMPLES / took)
            if way == "service":
                ours.append((cpu_s(web) - before) / SAMPLES * 1e6)
    ratios = [s / d for s, d in zip(rates["service"], rates["direct"], strict=True)]
    ratio = statistics.median(ratios)
    print(
        f"{size:>6} samples a request ({len(made[0]) / size:.1f} B each):"
        f" direct {statistics.median(rates['direct']):>9,.0f}/s,"
        f" service {statistics.median(rates['service']):>9,.0f}/s;"
        f" ratio {ratio:.2f} [{min(ratios):.2f}..{max(ratios):.2f}],"
        f" goal {GOALS[size]:.2f} {goals.told(ratio >= GOALS[size])};"
        f" our CPU {statistics.median(ours):.2f} s per million samples",
        flush=True,
    )


def main() -> None:
    """Measure both sizes; five pairs unless told otherwise."""
    pairs, goals = int(sys.argv[1]) if len(sys.argv) > 1 else 5, Goals()
    with (
        tempfile.TemporaryDirectory() as folder,
        running_gateway(Path(folder)) as gateway,
        gateway.store(),
    ):
        secret = gateway.token("bench", "ingest")
        gateway.stack.shell(
            "from bkmonitor.accounts.models import ApiToken\n"
            "answer = ApiToken.objects.update(rate_limit=0)"
        )
        for size in GOALS:
            measure(gateway, secret, size, pairs, goals)
    goals.leave()


if __name__ == "__main__":
    main()
