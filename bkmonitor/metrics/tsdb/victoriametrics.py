"""VictoriaMetrics, single node or anything that speaks like it."""

import re
import threading
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import orjson

from bkmonitor.lib.errors import UpstreamUnavailable
from bkmonitor.lib.http import Answer
from bkmonitor.metrics.tsdb.connection import TooLarge
from bkmonitor.metrics.tsdb.decode import error_text, instant_result, range_result
from bkmonitor.metrics.tsdb.dialect import Phrase, phrase
from bkmonitor.metrics.tsdb.line import Line
from bkmonitor.metrics.tsdb.pieces import Span, TooMuch, ask_in_pieces
from bkmonitor.metrics.tsdb.port import Form, Parameters, Result, Scraped

# 100,000 series at one moment are 19 MB.
LARGEST_ANSWER = 64 << 20
# What the store says when less time might do.
TOO_MUCH = re.compile(
    r"too many (points|samples)|-search\.maxSamplesPerQuery|not enough memory"
    r"|exceeded maximum resolution"
)
PUSH_TIMEOUT_S = 15.0
# The content type is never the sender's: VictoriaMetrics reads parameters, and
# `extra_label` with them, out of a body that says it is a form.
PUSH = {
    "remote_write": ("/api/v1/write", "application/x-protobuf"),
    "text": ("/api/v1/import/prometheus", "text/plain"),
}

# Before 1.108 VictoriaMetrics cut the labels of a sample after the first
# -maxLabelsPerTimeseries and kept the rest. `extra_label` is the last one: with
# enough labels of their own, a sender could make it drop off and name another
# space. The largest body that remote write takes (-maxInsertRequestSize, 32 MB)
# has room for fewer labels than this.
LABEL_LIMIT = 10_000_000
LIMIT_FLAG = re.compile(rb'flag\{name="maxLabelsPerTimeseries", value="(\d+)"')
CUTS_LABELS = b"vm_metrics_with_dropped_labels_total"
LIMIT_CHECK_S = 60.0
FORGEABLE = (
    "this VictoriaMetrics cuts off labels, so that samples could enter another"
    f" space; start it with -maxLabelsPerTimeseries={LABEL_LIMIT}"
)


class VictoriaMetrics:
    """The port's calls as HTTP; spaces by `extra_label` and `extra_filters[]`."""

    def __init__(self, write_url: str, query_url: str) -> None:
        self._write = Line(write_url)
        self._query = Line(query_url)
        self._limit_lock = threading.Lock()
        self._limit_checked_at = float("-inf")
        self._forgeable = False

    def query_instant(
        self, space: str, promql: str, at: float, *, timeout_s: float
    ) -> Result:
        """Answer one moment, `at` in Unix seconds; never raise."""
        asked = [*_said(phrase(promql)), ("time", f"{at:.3f}")]
        try:
            answer = self.ask(space, "query", asked, timeout_s=timeout_s)
            return _refusal(answer) or instant_result(answer.body, at)
        except UpstreamUnavailable as error:
            return Result("failed", None, str(error))

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
        """Answer a stretch of time; never raise.

        Start and end move down to whole multiples of the step.
        """
        if step_s < 1 or end < start:
            reason = f"no points from {start} to {end} by {step_s} s"
            return Result("failed", None, reason)
        whole = Span(int(start) // step_s * step_s, int(end) // step_s * step_s, step_s)
        said, deadline = phrase(promql), time.monotonic() + timeout_s

        def ask(piece: Span) -> Result:
            return self._ask_piece(space, said, piece, deadline)

        try:
            return ask_in_pieces(ask, whole, splittable=said.splittable)
        except UpstreamUnavailable as error:
            return Result("failed", None, str(error))

    def _ask_piece(
        self, space: str, said: Phrase, piece: Span, deadline: float
    ) -> Result:
        left_s = deadline - time.monotonic()
        if left_s <= 0:
            raise UpstreamUnavailable("the answers to parts of the range took too long")
        asked = [*_said(said), ("start", str(piece.first)), ("end", str(piece.last))]
        asked.append(("step", str(piece.step_s)))
        try:
            answer = self.ask(space, "query_range", asked, timeout_s=left_s)
        except TooLarge as error:
            raise TooMuch(str(error)) from error
        refusal = _refusal(answer)
        if refusal and TOO_MUCH.search(refusal.reason):
            raise TooMuch(refusal.reason)
        return refusal or range_result(
            answer.body, piece.first, piece.last, piece.step_s
        )

    def ask(
        self, space: str, path: str, parameters: Parameters, *, timeout_s: float
    ) -> Answer:
        """Answer a call of Prometheus' query API, confined to a space.

        Raises UpstreamUnavailable. `parameters` must not come from a caller
        unchecked: another `extra_filters[]` would widen the answer.
        """
        confined = [
            *parameters,
            ("timeout", f"{timeout_s:.3f}s"),
            ("extra_filters[]", f'{{space="{space}"}}'),
        ]
        return self._query.call(
            "POST",
            f"/api/v1/{path}",
            body=urlencode(confined).encode(),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            # The store's own deadline comes first and tells the reason.
            timeout_s=timeout_s + 2.0,
            max_bytes=LARGEST_ANSWER,
        )

    def push(self, space: str, form: Form, body: bytes, *, encoding: str) -> Answer:
        """Store what a sender sent, as samples of `space` whatever they say.

        Raises UpstreamUnavailable, also for a store whose limit on labels would
        let a sender into another space.
        """
        self._refuse_forgeable()
        path, content_type = PUSH[form]
        headers = {"Content-Type": content_type}
        if encoding:
            headers["Content-Encoding"] = encoding
        return self._write.call(
            "POST",
            f"{path}?extra_label=space={space}",
            body=body,
            headers=headers,
            timeout_s=PUSH_TIMEOUT_S,
            max_bytes=1 << 20,
        )

    def scraped(self) -> Sequence[Scraped]:
        """List the targets that are scraped. Raises UpstreamUnavailable."""
        answer = self._query.call(
            "GET", "/api/v1/targets", timeout_s=10.0, max_bytes=LARGEST_ANSWER
        )
        try:
            targets = orjson.loads(answer.body)["data"]["activeTargets"]
            return [_scraped(target) for target in targets]
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
            raise UpstreamUnavailable(f"the targets make no sense: {error}") from error

    def _refuse_forgeable(self) -> None:
        """Look now and then whether labels could be cut off; refuse while they could.

        A store that does not show its flags (behind vmauth, a cluster) is left to
        the operator, whom the documentation tells.
        """
        now = time.monotonic()
        if now - self._limit_checked_at >= LIMIT_CHECK_S:
            # The first time all wait for the answer; later one looks, the others
            # go on with what is known.
            first = self._limit_checked_at < 0
            if self._limit_lock.acquire(blocking=first):
                try:
                    self._look_at_limit(now)
                finally:
                    self._limit_lock.release()
        if self._forgeable:
            raise UpstreamUnavailable(FORGEABLE)

    def _look_at_limit(self, now: float) -> None:
        if now - self._limit_checked_at < LIMIT_CHECK_S:
            return  # somebody else has just looked
        shown = self._write.call("GET", "/metrics", timeout_s=5.0, max_bytes=8 << 20)
        limit = LIMIT_FLAG.search(shown.body)
        cuts = CUTS_LABELS in shown.body
        self._forgeable = cuts and limit is not None and int(limit[1]) < LABEL_LIMIT
        self._limit_checked_at = now


def _said(said: Phrase) -> Parameters:
    """Return what is asked of the store, past what it kept of other answers.

    The points that it keeps may be of another range; and it puts the point before
    into the place of a fresh one, which `nocache` prevents too.
    """
    return [("query", said.text), ("max_lookback", said.lookback), ("nocache", "1")]


def _refusal(answer: Answer) -> Result | None:
    if answer.status != 200:
        return Result("failed", None, error_text(answer))
    kind = answer.headers.get("content-type", "application/json")
    if "json" not in kind:
        return Result("failed", None, f"the store answered with {kind}, not with JSON")
    return None


def _scraped(target: dict[str, Any]) -> Scraped:
    at = datetime.fromisoformat(str(target["lastScrape"]))
    return Scraped(
        job=str(target["scrapePool"]),
        labels=target["labels"],
        up=target["health"] == "up",
        error=str(target["lastError"]),
        duration_s=float(target["lastScrapeDuration"]),
        samples=int(target["lastSamplesScraped"]),
        at=at if at.year > 1970 else None,
    )
