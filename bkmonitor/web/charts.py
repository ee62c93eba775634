"""Frames and probe results in the shape that charts want."""

from collections.abc import Sequence
from math import isfinite
from typing import Any

from bkmonitor.lib.frame import Frame
from bkmonitor.lib.labels import Labels

Column = list[Any]
MOST_SERIES = 50


def uplot_columns(frame: Frame) -> list[Column]:
    """Return [times, series 1, series 2, ...]; a gap (NaN) becomes null."""
    rows = frame.values.tolist()
    return [
        frame.times.tolist(),
        *([value if isfinite(value) else None for value in row] for row in rows),
    ]


def chart(outcome: str, frame: Frame | None, reason: str = "") -> dict[str, Any]:
    """Return what the chart part of a page fetches, as JSON.

    `columns` and the names of their `series`; `outcome` is complete, partial or
    failed, with its `reason` in words. At most MOST_SERIES lines are drawn and
    `hidden` says how many are not.
    """
    if frame is None:
        return {"outcome": outcome, "reason": reason, "columns": [], "series": []}
    columns = uplot_columns(frame)
    return {
        "outcome": outcome,
        "reason": reason,
        "columns": columns[: MOST_SERIES + 1],
        "series": series_names(frame.labels)[:MOST_SERIES],
        "hidden": max(0, len(frame.labels) - MOST_SERIES),
    }


def series_names(labels: Sequence[Labels]) -> list[str]:
    """Name each series by the labels in which they differ, the metric's name in front."""
    names = {name for one in labels for name in one} - {"__name__", "space"}
    telling = {
        name
        for name in names
        if len(labels) == 1 or len({one.get(name) for one in labels}) > 1
    }
    return [_name(one, telling) for one in labels]


def _name(labels: Labels, telling: set[str]) -> str:
    inner = ", ".join(f"{k}={labels[k]}" for k in sorted(telling & labels.keys()))
    metric = labels.get("__name__", "")
    if not inner:
        return metric or "value"
    return f"{metric}{{{inner}}}" if metric else inner


def result_columns(results: Sequence[Sequence[Any]]) -> list[Column]:
    """Return [times, seconds] of a probe's results; a look that failed is a gap."""
    return [
        [int(result[0]) for result in results],
        [result[2] if result[1] == 1 else None for result in results],
    ]
