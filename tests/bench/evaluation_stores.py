"""The samples of the bench of evaluations, and its peers with their rules."""

import http.server
import re
import signal
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from cramjam import snappy

from tests.remote_write import write_series
from tests.servers import (
    Server,
    answers,
    free_port,
    need,
    prometheus,
    start,
    wait_for,
)

RULES, SERIES = 1000, 100
STEP_S = 60
HOT, CALM = 95.0, 50.0
AHEAD_S = 1200
POST = {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy"}


@dataclass
class Feed:
    """Series `calm`, one of a hundred over the limit, and `bad`, all from `turn` on.

    100,000 of each: label `rule` has 1000 values, `big` has ten.
    """

    urls: Sequence[str]
    turn: int
    until: int

    def feed(self, now: float) -> None:
        """Send what is missing up to some minutes ahead of now."""
        moments = range(self.until + STEP_S, int(now) + AHEAD_S, STEP_S)
        if not moments:
            return
        kinds = {
            name: [(moment * 1000, value(moment)) for moment in moments]
            for name, value in {
                "calm": lambda _moment: CALM,
                "hot": lambda _moment: HOT,
                "bad": lambda moment: HOT if moment >= self.turn else CALM,
            }.items()
        }
        for rule in range(0, RULES, 10):
            series = [
                (labels(metric, number, each), kinds["hot" if metric == "calm" and not each else metric])
                for metric in ("bad", "calm")
                for number in range(rule, rule + 10)
                for each in range(SERIES)
            ]  # fmt: skip
            body = bytes(snappy.compress_raw(write_series(series)))
            for url in self.urls:
                request = urllib.request.Request(url, body, POST)  # noqa: S310
                urllib.request.urlopen(request, timeout=60).close()  # noqa: S310
        self.until = moments[-1]


def labels(metric: str, rule: int, number: int) -> list[tuple[str, str]]:
    """Return a label set like those of a fleet of machines."""
    return [
        ("__name__", f"bench_{metric}"),
        ("big", f"b{rule // 100}"),
        ("cluster", "eu-1"),
        ("instance", f"host-{rule:04d}-{number:03d}:9100"),
        ("job", "bench"),
        ("rule", f"r{rule:03d}"),
    ]


@dataclass
class Peer:
    """A program that evaluates rules now and then, held still between its turns.

    passes and seconds tell from its metrics what rises with each pass over a group that
    ended, and how long the newest took, given what it told before.
    """

    name: str
    server: Server
    rules: Path
    passes: Callable[[str, str], float]
    seconds: Callable[[str, str, str], float]
    asks_store: bool = False
    more: Mapping[str, object] = field(default_factory=dict)
    group: str = ""
    renewed: int = 0

    def metrics(self) -> str:
        """Return what it tells of itself."""
        url = f"{self.server.url}/metrics"
        with urllib.request.urlopen(url, timeout=60) as answer:  # noqa: S310
            return str(answer.read().decode())

    def take_rules(
        self, name: str, rules: Sequence[tuple[str, str]], wait: str
    ) -> None:
        """Have it evaluate other rules, all in one group and new to it, every 10 s."""
        self.renewed += 1
        self.group = f"{name} {self.renewed}"
        group = {
            "name": self.group,
            "interval": "10s",
            "rules": [
                {"alert": f"{self.group} {rule}", "expr": expression, "for": wait}
                for rule, expression in rules
            ],
            **self.more,
        }
        self.rules.write_text(yaml.safe_dump({"groups": [group]}))
        self.let_go()
        self.server.process.send_signal(signal.SIGHUP)

    def hold(self) -> None:
        """Keep it still, so that it costs nothing."""
        self.server.process.send_signal(signal.SIGSTOP)

    def let_go(self) -> None:
        """Let it go on."""
        self.server.process.send_signal(signal.SIGCONT)

    def run_once(self) -> float:
        """Let it make one whole pass; return how many seconds that took.

        A pass in the middle of which it was held does not count.
        """
        begin = time.monotonic()
        self.let_go()
        before = self.metrics()
        while time.monotonic() < begin + 180:
            time.sleep(0.05)
            told = self.metrics()
            if self.passes(self.group, told) > self.passes(self.group, before):
                took = self.seconds(self.group, before, told)
                if took < time.monotonic() - begin:
                    self.hold()
                    return took
                before = told
        raise TimeoutError(f"{self.name} made no pass in 180 s")


def value_of(sample: str, told: str) -> float:
    """Return the value of the sample whose name and labels match."""
    found = re.search(rf"^{sample} ([0-9.e+-]+)$", told, re.MULTILINE)
    return float(found[1]) if found else 0.0


@contextmanager
def vmalert(folder: Path, store: str, name: str, at_once: int) -> Iterator[Peer]:
    """Run vmalert, which keeps the state of its alerts in the store."""
    rules, port = folder / f"vmalert-{at_once}.yml", free_port()
    rules.write_text("groups: []\n")
    duration = r'vmalert_iteration_duration_seconds_{}\{{group="{}"[^\n]*\}}'

    def passes(group: str, told: str) -> float:
        return value_of(duration.format("count", group), told)

    def seconds(group: str, before: str, after: str) -> float:
        total = duration.format("sum", group)
        spent = value_of(total, after) - value_of(total, before)
        return spent / (passes(group, after) - passes(group, before))

    with sink() as notifier:
        command = [need("vmalert"), f"-rule={rules}", f"-datasource.url={store}"]
        command += [f"-remoteWrite.url={store}", f"-notifier.url={notifier}"]
        command += [f"-httpListenAddr=127.0.0.1:{port}"]
        server = start(command, port=port, folder=folder, name=rules.stem)
        wait_for(lambda: answers(f"{server.url}/health"), what="vmalert")
        more = {"concurrency": at_once}
        peer = Peer(name, server, rules, passes, seconds, asks_store=True, more=more)
        try:
            yield peer
        finally:
            peer.let_go()
            server.stop()


@contextmanager
def prometheus_peer(folder: Path) -> Iterator[Peer]:
    """Run Prometheus, which has the samples in its own memory."""
    rules = folder / "prometheus-rules.yml"
    rules.write_text("groups: []\n")
    config = f"global: {{scrape_interval: 1h}}\nrule_files: [{rules}]\n"
    sample = r'prometheus_rule_group_{}\{{rule_group="[^"]*;{}"\}}'

    def passes(group: str, told: str) -> float:
        # Its counter of iterations rises when one begins; this is set when it ended.
        return value_of(sample.format("last_evaluation_timestamp_seconds", group), told)

    def seconds(group: str, _before: str, after: str) -> float:
        return value_of(sample.format("last_duration_seconds", group), after)

    receives = "--web.enable-remote-write-receiver"
    with prometheus(folder, receives, config=config) as server:
        peer = Peer("Prometheus", server, rules, passes, seconds)
        try:
            yield peer
        finally:
            peer.let_go()


@contextmanager
def sink() -> Iterator[str]:
    """Run an Alertmanager that takes everything and does nothing."""

    class Sink(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:  # noqa: N802
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            """Keep quiet."""

    class Quiet(http.server.ThreadingHTTPServer):
        def handle_error(self, *_args: object) -> None:
            """Say nothing of a peer that ended."""

    server = Quiet(("127.0.0.1", 0), Sink)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
