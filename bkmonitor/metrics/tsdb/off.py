"""No time series database at all."""

from collections.abc import Sequence

from bkmonitor.lib.errors import UpstreamUnavailable
from bkmonitor.lib.http import Answer
from bkmonitor.metrics.tsdb.port import Form, Parameters, Result, Scraped

REASON = "metrics are off: BKM_VM_WRITE_URL is not set"


class Off:
    """Answers every call with the fact that metrics are off."""

    def query_instant(
        self, space: str, promql: str, at: float, *, timeout_s: float
    ) -> Result:
        """Fail with the reason."""
        return Result("failed", None, REASON)

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
        """Fail with the reason."""
        return Result("failed", None, REASON)

    def ask(
        self, space: str, path: str, parameters: Parameters, *, timeout_s: float
    ) -> Answer:
        """Raise UpstreamUnavailable with the reason."""
        raise UpstreamUnavailable(REASON)

    def push(self, space: str, form: Form, body: bytes, *, encoding: str) -> Answer:
        """Raise UpstreamUnavailable with the reason."""
        raise UpstreamUnavailable(REASON)

    def scraped(self) -> Sequence[Scraped]:
        """Raise UpstreamUnavailable with the reason."""
        raise UpstreamUnavailable(REASON)
