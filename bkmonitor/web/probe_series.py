"""What the store knows of a probe: response times, their parts, how often it was up."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bkmonitor.metrics.query import query_instant, query_range
from bkmonitor.metrics.tsdb.current import is_on
from bkmonitor.probes.models import Probe
from bkmonitor.web.charts import chart, result_columns

SPANS: Mapping[str, int] = {"1h": 3600, "24h": 86400, "7d": 604800, "30d": 2592000}
OF = ("duration", "phases")
# Enough for a chart across a page; no finer than samples usually come.
POINTS = 240
FINEST_S = 15


def probe_chart(probe: Probe, span_s: int, of: str, now: datetime) -> dict[str, Any]:
    """Return a chart of response times, in seconds, or of their parts.

    Where the store has none, they are those of the looks that ride on the row.
    """
    if not is_on():
        return _of_row(probe) if of == "duration" else chart("complete", None)
    step = max(FINEST_S, probe.interval_s, -(-span_s // POINTS))
    # A step holds several looks; a range vector shorter than their distance is empty.
    window = max(step, 2 * probe.interval_s)
    metric = "probe_phase_seconds" if of == "phases" else "probe_duration_seconds"
    by = "phase" if of == "phases" else "probe"
    promql = f"avg by ({by}) (avg_over_time({metric}{selector(probe)}[{window}s]))"
    end = now.timestamp()
    result = query_range(probe.space.slug, promql, end - span_s, end, step)
    if of == "duration" and result.frame is not None and not result.frame.labels:
        # Too young for the store, or its samples are not there yet.
        return _of_row(probe)
    answer = chart(result.outcome, result.frame, result.reason)
    if result.frame is not None:
        named = [labels.get(by, "") for labels in result.frame.labels]
        answer["series"] = named[: len(answer["series"])]
    return answer


def uptimes(probe: Probe, now: datetime) -> dict[str, float]:
    """Return the share of looks, 0 to 1, that found the target up, by span of time.

    A span of which the store knows nothing is left out.
    """
    if not is_on():
        return {}
    spans = ("1d", "7d", "30d")
    promql = " or ".join(
        f'label_replace(avg(avg_over_time(probe_success{selector(probe)}[{span}])), "span", "{span}", "", "")'
        for span in spans
    )
    frame = query_instant(probe.space.slug, promql, now.timestamp()).frame
    if frame is None:
        return {}
    return {
        labels["span"]: float(row[-1])
        for labels, row in zip(frame.labels, frame.values, strict=True)
    }


def selector(probe: Probe) -> str:
    """Return the PromQL selector of a probe's own series."""
    name = probe.name.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
    return f'{{job="probe",probe="{name}"}}'


def _of_row(probe: Probe) -> dict[str, Any]:
    columns = result_columns(probe.results)
    return {"outcome": "complete", "reason": "", "columns": columns, "series": [probe.name], "hidden": 0}  # fmt: skip
