"""Answers of Prometheus' query API, turned into frames."""

import re
from collections.abc import Mapping
from contextlib import suppress
from itertools import chain
from typing import Any

import numpy as np
import orjson

from bkmonitor.lib.errors import UpstreamUnavailable
from bkmonitor.lib.frame import Frame, Times, Values
from bkmonitor.lib.garbage import collected_later
from bkmonitor.lib.http import Answer
from bkmonitor.metrics.tsdb import cut
from bkmonitor.metrics.tsdb.interning import labels_of
from bkmonitor.metrics.tsdb.pieces import MOST_CELLS, too_many
from bkmonitor.metrics.tsdb.port import Result

# What Prometheus has to say of an expression; nothing is missing because of it.
ADVICE = ("PromQL info:", "PromQL warning:")


@collected_later()
def instant_result(body: bytes, at: float) -> Result:
    """Return one moment as a frame with one column, `at`.

    Errors  UpstreamUnavailable if the body is not such an answer.
    """
    times = np.array([int(at)], dtype=np.int64)
    with suppress(cut.OtherShape):
        for rows in cut.cuts(body, cut.VECTOR):
            with suppress(cut.OtherShape):
                labels, values = cut.cut_vector(rows)
                return _result(rows.envelope, Frame(times, values, labels))
    return _read_instant(body, times)


@collected_later()
def range_result(body: bytes, start: int, end: int, step_s: int) -> Result:
    """Return a stretch of time as a frame on the clock start, start + step_s ... end.

    Gaps    NaN where a series has no sample.
    Errors  UpstreamUnavailable if the body is not such an answer.
    """
    times = np.arange(start, end + 1, step_s, dtype=np.int64)
    refused = None
    with suppress(cut.OtherShape):
        for rows in cut.cuts(body, cut.MATRIX):
            refused = _too_many(len(rows.names), len(times))
            if not refused:
                with suppress(cut.OtherShape):
                    labels, values = cut.cut_matrix(rows, times)
                    return _result(rows.envelope, Frame(times, values, labels))
    return refused or _read_range(body, times, step_s)


def _read_instant(body: bytes, times: Times) -> Result:
    try:
        answer = orjson.loads(body)
        kind, rows = answer["data"]["resultType"], answer["data"]["result"]
        if kind == "scalar":
            rows = [{"metric": {}, "value": rows}]
        values = np.fromiter((float(row["value"][1]) for row in rows), np.float64)
        labels = tuple(labels_of([row["metric"] for row in rows]))
        return _result(answer, Frame(times, values.reshape(-1, 1), labels))
    except (LookupError, AttributeError, TypeError, ValueError) as error:
        raise UpstreamUnavailable(f"the answer makes no sense: {error}") from error


def _read_range(body: bytes, times: Times, step_s: int) -> Result:
    try:
        answer = orjson.loads(body)
        rows = answer["data"]["result"]
        if refused := _too_many(len(rows), len(times)):
            return refused
        labels = tuple(labels_of([row["metric"] for row in rows]))
        return _result(answer, Frame(times, _grid(rows, times, step_s), labels))
    except (LookupError, AttributeError, TypeError, ValueError) as error:
        raise UpstreamUnavailable(f"the answer makes no sense: {error}") from error


def _too_many(series: int, points: int) -> Result | None:
    if series * points <= MOST_CELLS:
        return None
    return too_many(f"{series} series of {points} points")


def error_text(answer: Answer) -> str:
    """Return what the store says went wrong, without what it says of itself."""
    try:
        said = str(orjson.loads(answer.body)["error"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        said = answer.body.decode(errors="replace").strip()
    # error when executing query="..." for (time=..., step=...): the reason
    said = re.sub(
        r'\Aerror when executing query=".*" (for|on the time range) \([^)]*\): ',
        "",
        said,
        flags=re.DOTALL,
    )
    return said[:1000] or f"the store answered {answer.status}"


def _grid(rows: list[Any], times: Times, step_s: int) -> Values:
    counts = [len(row["values"]) for row in rows]
    pairs = list(chain.from_iterable(row["values"] for row in rows))
    stamps = np.fromiter((pair[0] for pair in pairs), np.float64, len(pairs))
    found = np.fromiter((float(pair[1]) for pair in pairs), np.float64, len(pairs))
    columns = np.rint((stamps - times[0]) / step_s).astype(np.int64)
    owners = np.repeat(np.arange(len(rows)), counts)
    inside = (columns >= 0) & (columns < len(times))
    grid = np.full((len(rows), len(times)), np.nan)
    grid[owners[inside], columns[inside]] = found[inside]
    return grid


def _result(answer: Mapping[str, Any], frame: Frame) -> Result:
    """Return the frame as what the answer says of itself."""
    if answer.get("status", "success") != "success" or answer.get("error"):
        said = answer.get("error") or f"its status is {answer['status']}"
        return Result("failed", None, f"the store could not answer: {said}")
    if answer.get("isPartial"):
        return Result("partial", frame, "a part of the store did not answer")
    told = [str(warning) for warning in answer.get("warnings") or ()]
    serious = [warning for warning in told if not warning.startswith(ADVICE)]
    if serious:
        return Result("partial", frame, f"the store warns: {'; '.join(serious)}"[:1000])
    return Result("complete", frame)
