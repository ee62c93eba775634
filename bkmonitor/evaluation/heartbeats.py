"""Judge heartbeats: what their pings say, and what their silence says."""

from collections.abc import Iterable
from datetime import datetime

import numpy as np

from bkmonitor.evaluation.verdict import (
    HELD,
    NORMAL,
    Sentence,
    Source,
    Verdicts,
    at_one_moment,
)
from bkmonitor.probes.lateness import Standing
from bkmonitor.probes.models import Heartbeat
from bkmonitor.probes.services import exit_status_of, standing_of


def judge_heartbeats(heartbeats: Iterable[Heartbeat], at: datetime) -> list[Verdicts]:
    """Return how each heartbeat stands at a moment; one never pinged is held."""
    return [_judge(heartbeat, at) for heartbeat in heartbeats]


def _judge(heartbeat: Heartbeat, at: datetime) -> Verdicts:
    standing = standing_of(heartbeat, at)
    status = exit_status_of(heartbeat)
    sentence = _sentence(heartbeat, standing, status)
    firing = standing in (Standing.LATE, Standing.FAILED)
    calm = NORMAL if standing is Standing.UP else HELD
    severity = heartbeat.severity if firing else calm
    return at_one_moment(
        source=source_of(heartbeat),
        at=at,
        # What a heartbeat is called may change; its one series stays the same.
        labels=({},),
        severity=np.array([severity], dtype=np.int8),
        values=np.array([np.nan if status is None else status], dtype=np.float64),
        sentences={0: sentence} if sentence else {},
    )


def _sentence(
    heartbeat: Heartbeat, standing: Standing, exit_status: int | None
) -> Sentence | None:
    if standing is Standing.FAILED:
        return Sentence("heartbeat.failed", {"exit_status": exit_status})
    if standing is Standing.LATE:
        last = heartbeat.last_ping_at
        return Sentence(
            "heartbeat.late",
            {
                "period_s": heartbeat.period_s,
                "grace_s": heartbeat.grace_s,
                "last_ping_at": last.isoformat() if last else None,
            },
        )
    return Sentence("heartbeat.up") if standing is Standing.UP else None


def source_of(heartbeat: Heartbeat) -> Source:
    """Return the heartbeat as a source of alerts."""
    return Source(
        kind="heartbeat",
        id=heartbeat.pk,
        name=heartbeat.name,
        space_id=heartbeat.space_id,
        labels={**heartbeat.labels, "heartbeat": heartbeat.name},
        runbook_url=heartbeat.runbook_url,
    )
