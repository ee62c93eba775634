"""How what was judged of one series changes the alerts that are recorded of it.

Pure: from what the rows say and what the fold of the newest moments says come the
changes to make. An evaluation may judge moments again that were recorded already,
for samples that came late; then only what nobody has been told of is a change.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bkmonitor.lib.frame import Severities


@dataclass(frozen=True, slots=True)
class Known:
    """What is recorded of one series.

    severity   of its open alert, 0 for none
    ended_at   when its newest alert that is over ended, in Unix seconds, else None
    """

    severity: int = 0
    ended_at: float | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One change: at which moment, and to which severity; 0 ends the alert."""

    moment: int
    severity: int


def steps(
    shown: Severities, moments: Sequence[float], known: Known, judged_until: float
) -> list[Step]:
    """Return the changes that lead from what is recorded to what was judged.

    Shapes  shown (K,): the severity at each moment, 0 for none.
    Units   moments ascending and judged_until in Unix seconds; the moments up to
            judged_until have been judged before.
    """
    new_from = int(np.searchsorted(np.asarray(moments), judged_until, side="right"))
    found: list[Step] = []
    severity = known.severity
    if not severity:
        found, severity = _late(shown[:new_from], moments, known)
    for at in range(new_from, len(moments)):
        if int(shown[at]) != severity:
            severity = int(shown[at])
            found.append(Step(at, severity))
    return found


def _late(
    shown: Severities, moments: Sequence[float], known: Known
) -> tuple[list[Step], int]:
    """Return the problems among moments judged before that nobody saw at their time."""
    since = -np.inf if known.ended_at is None else known.ended_at
    found: list[Step] = []
    severity = 0
    for at, (moment, now) in enumerate(zip(moments, shown.tolist(), strict=False)):
        if moment <= since:
            continue
        if now != severity:
            severity = now
            found.append(Step(at, severity))
    return found, severity
