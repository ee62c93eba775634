"""Real classes behind our own ports, for tests that need no server."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bkmonitor.lib.errors import DeliveryError, UpstreamUnavailable
from bkmonitor.lib.frame import Frame
from bkmonitor.lib.http import Answer
from bkmonitor.metrics.tsdb.port import Form, Parameters, Result, Scraped
from bkmonitor.notifications.channels.port import Envelope
from bkmonitor.notifications.message import Message
from bkmonitor.notifications.models import Receiver


@dataclass
class FakeChannel:
    """A channel that remembers what it was given, and fails as often as it is told."""

    failures: list[DeliveryError] = field(default_factory=list)
    takes_chart: bool = False
    confirms: bool = False
    sent: list[tuple[Receiver, Message, Envelope]] = field(default_factory=list)

    def send(self, receiver: Receiver, message: Message, envelope: Envelope) -> str:
        if self.failures:
            raise self.failures.pop(0)
        self.sent.append((receiver, message, envelope))
        return "taken"

    def check(self, address: str, settings: Any) -> None:
        pass


@dataclass
class FakeTsdb:
    """A store that remembers what it was asked and answers what it was told to."""

    answer: Answer = field(default_factory=lambda: Answer(200, {}, b"{}"))
    result: Result = field(default_factory=lambda: Result("failed", None, "not told"))
    targets: list[Scraped] = field(default_factory=list)
    down: bool = False
    pushed: list[tuple[str, Form, bytes, str]] = field(default_factory=list)
    asked: list[tuple[str, str, Parameters]] = field(default_factory=list)

    def query_instant(
        self, space: str, promql: str, at: float, *, timeout_s: float
    ) -> Result:
        self.asked.append((space, "query", [("query", promql)]))
        return self.result

    def query_range(
        self,
        space: str,
        promql: str,
        start: float,
        end: float,
        step_s: int,
        *,
        timeout_s: float,
    ) -> Result:
        self.asked.append((space, "query_range", [("query", promql)]))
        return self.result

    def ask(
        self, space: str, path: str, parameters: Parameters, *, timeout_s: float
    ) -> Answer:
        self._fail_if_down()
        self.asked.append((space, path, parameters))
        return self.answer

    def push(self, space: str, form: Form, body: bytes, *, encoding: str) -> Answer:
        self._fail_if_down()
        self.pushed.append((space, form, body, encoding))
        return self.answer

    def scraped(self) -> list[Scraped]:
        self._fail_if_down()
        return self.targets

    def _fail_if_down(self) -> None:
        if self.down:
            raise UpstreamUnavailable("no answer from the store")


def counted(*names: str) -> Result:
    """Return what a store says that has a series of each of these names."""
    labels = tuple({"__name__": name} for name in names)
    return Result("complete", Frame(np.array([0]), np.ones((len(names), 1)), labels))
