"""What the service asks of a time series database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from bkmonitor.lib.frame import Frame
from bkmonitor.lib.http import Answer

Outcome = Literal["complete", "partial", "failed"]
Parameters = Sequence[tuple[str, str]]
# The two forms in which senders push: remote write 1.0, and Prometheus' text.
Form = Literal["remote_write", "text"]


@dataclass(frozen=True, slots=True)
class Result:
    """What a query gave.

    complete  the frame holds everything that was asked for, perhaps no series
    partial   the frame lacks what a part of the store could not give; see reason
    failed    there is no frame; see reason
    """

    outcome: Outcome
    frame: Frame | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Scraped:
    """What the store says of one target that it scrapes."""

    job: str
    labels: Mapping[str, str]
    up: bool
    error: str
    duration_s: float
    samples: int
    # None before the first scrape.
    at: datetime | None


class Tsdb(Protocol):
    """A PromQL engine in which the label `space` keeps the tenants apart."""

    def query_instant(
        self, space: str, promql: str, at: float, *, timeout_s: float
    ) -> Result:
        """Answer one moment, `at` in Unix seconds; never raise."""

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
        """Answer a stretch of time on a clock of whole steps; never raise."""

    def ask(
        self, space: str, path: str, parameters: Parameters, *, timeout_s: float
    ) -> Answer:
        """Answer a call of Prometheus' query API, confined to a space.

        Raises UpstreamUnavailable.
        """

    def push(self, space: str, form: Form, body: bytes, *, encoding: str) -> Answer:
        """Store what a sender sent, as samples of `space` whatever they say.

        Raises UpstreamUnavailable. The answer is the store's: below 300 it has
        the samples, below 500 they are bad and sending them again is useless.
        """

    def scraped(self) -> Sequence[Scraped]:
        """List the targets that are scraped. Raises UpstreamUnavailable."""
