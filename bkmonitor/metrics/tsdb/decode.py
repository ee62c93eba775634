"""Answers of Prometheus' query API, turned into frames."""

import re
from itertools import chain
from typing import Any

import numpy as np
import orjson

from bkmonitor.lib.errors import UpstreamUnavailable
from bkmonitor.lib.frame import Frame, Times, Values
from bkmonitor.lib.garbage import collected_later
from bkmonitor.lib.http import Answer
from bkmonitor.lib.labels import Labels
from bkmonitor.metrics.tsdb.port import Result

# A frame is dense: series that live shortly each cost a whole row.
MOST_CELLS = 50_000_000


@collected_later()
def instant_result(body: bytes, at: float) -> Result:
    """Return one moment as a frame with one column, `at`.

    Errors  UpstreamUnavailable if the body is not such an answer.
    """
    try:
        answer = orjson.loads(body)
        kind, rows = answer["data"]["resultType"], answer["data"]["result"]
        if kind == "scalar":
            rows = [{"metric": {}, "value": rows}]
        values = np.fromiter((float(row["value"][1]) for row in rows), np.float64)
        frame = Frame(
            np.array([int(at)], dtype=np.int64), values.reshape(-1, 1), _labels(rows)
        )
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
        raise UpstreamUnavailable(f"the answer makes no sense: {error}") from error
    return _result(answer, frame)


@collected_later()
def range_result(body: bytes, start: int, end: int, step_s: int) -> Result:
    """Return a stretch of time as a frame on the clock start, start + step_s ... end.

    Gaps    NaN where a series has no sample.
    Errors  UpstreamUnavailable if the body is not such an answer.
    """
    times = np.arange(start, end + 1, step_s, dtype=np.int64)
    try:
        answer = orjson.loads(body)
        rows = answer["data"]["result"]
        if len(rows) * len(times) > MOST_CELLS:
            reason = f"{len(rows)} series of {len(times)} points are too many at once"
            return Result("failed", None, reason)
        frame = Frame(times, _grid(rows, times, step_s), _labels(rows))
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
        raise UpstreamUnavailable(f"the answer makes no sense: {error}") from error
    return _result(answer, frame)


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


def _labels(rows: list[Any]) -> tuple[Labels, ...]:
    """Return the label sets without `space`, which is the same for all of them."""
    for row in rows:
        row["metric"].pop("space", None)
    return tuple(row["metric"] for row in rows)


def _result(answer: dict[str, Any], frame: Frame) -> Result:
    if answer.get("isPartial"):
        return Result("partial", frame, "a part of the store did not answer")
    return Result("complete", frame)
