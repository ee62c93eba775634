"""Judge probes by the results on their own rows: no other store is asked."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import numpy as np

from bkmonitor.evaluation.levels import (
    ANOMALOUS,
    FIRES,
    GAP,
    HOLDS,
    NORMAL_POINT,
    Marks,
    Trigger,
    judge_level,
)
from bkmonitor.evaluation.verdict import (
    HELD,
    NORMAL,
    Sentence,
    Source,
    Verdicts,
    at_one_moment,
)
from bkmonitor.lib.frame import Severities
from bkmonitor.probes.models import Probe
from bkmonitor.probes.samples import label_set
from bkmonitor.probes.slots import slot_of

# A result is [unix seconds, 1 up | 0 down | None not judged, seconds, text].
Result = Sequence[Any]


def judge_probes(probes: Iterable[Probe], at: datetime) -> list[Verdicts]:
    """Return what each probe's results amount to; a probe never run says nothing.

    A probe is one series. A look that was not judged, or a slot without one, is a
    gap: it is no anomaly, and as the newest it leaves an open alert as it is. Each
    verdict is of the moment of the newest look, or of `at` if that is later.
    """
    alike: dict[Trigger, list[Probe]] = defaultdict(list)
    for probe in probes:
        if probe.results:
            alike[_trigger(probe)].append(probe)
    return [
        verdicts
        for trigger, some in alike.items()
        for verdicts in _judge_alike(some, at, trigger)
    ]


def _trigger(probe: Probe) -> Trigger:
    return Trigger(probe.trigger_count, probe.trigger_window, probe.recovery_window)


def _judge_alike(
    probes: Sequence[Probe], at: datetime, trigger: Trigger
) -> Iterable[Verdicts]:
    marks = np.stack([_points(probe, trigger.points) for probe in probes])
    states = judge_level(marks, trigger, 1)[:, 0]
    for probe, state in zip(probes, states, strict=True):
        calm = HELD if state == HOLDS else NORMAL
        severity = probe.severity if state == FIRES else calm
        yield _verdicts(probe, at, np.array([severity], dtype=np.int8))


def _points(probe: Probe, points: int) -> Marks:
    """Return the newest slots, from old to new; a later result in a slot wins.

    A result that claims to be later than the newest one is left out: a clock that
    was set back must not stop the judgement of a whole batch.
    """
    row = np.full(points, GAP, dtype=np.int8)
    newest = slot_of(probe.results[-1][0], probe.pk, probe.interval_s)
    filled = None
    for at, mark, *_rest in reversed(probe.results):
        back = newest - slot_of(at, probe.pk, probe.interval_s)
        if back >= points:
            break
        if back >= 0 and back != filled:
            row[points - 1 - back] = (
                GAP if mark is None else NORMAL_POINT if mark else ANOMALOUS
            )
            filled = back
    return row


def _verdicts(probe: Probe, at: datetime, severity: Severities) -> Verdicts:
    newest = probe.results[-1]
    return at_one_moment(
        source=source_of(probe),
        at=max(at, probe.last_run_at or at),
        # What a probe is called may change; its one series stays the same.
        labels=({},),
        severity=severity,
        values=np.array([newest[2]], dtype=np.float64),
        sentences={0: _sentence(probe, firing=bool(severity[0] > 0))},
    )


def _sentence(probe: Probe, *, firing: bool) -> Sentence:
    """Say what the newest look has shown that speaks for the verdict."""
    if not firing:
        return Sentence("probe.up", {"seconds": probe.results[-1][2]})
    down = [entry for entry in probe.results if entry[1] == 0]
    return Sentence(
        "probe.down",
        {
            "error": down[-1][3] if down else "",
            "kind": probe.kind,
            "target": probe.target,
        },
    )


def source_of(probe: Probe) -> Source:
    """Return the probe as a source of alerts."""
    return Source(
        kind="probe",
        id=probe.pk,
        name=probe.name,
        space_id=probe.space_id,
        labels=label_set(probe.name, probe.target, probe.labels),
        runbook_url=probe.runbook_url,
    )
