"""How what was judged of one series changes the alerts that are recorded of it.

Pure: from what the rows say and what the fold of the newest moments says come the
changes to make. An evaluation judges moments again that were recorded already, for
samples that came late; what is recorded is never taken back, only continued.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from bkmonitor.lib.frame import Severities


@dataclass(frozen=True, slots=True)
class Known:
    """What is recorded of one series.

    severity  of its open alert, 0 for none
    since     when that became so, in Unix seconds
    """

    severity: int = 0
    since: float = -inf


@dataclass(frozen=True, slots=True)
class Step:
    """One change: at which moment, and to which severity; 0 ends the alert."""

    moment: int
    severity: int


def steps(shown: Severities, moments: Sequence[float], known: Known) -> list[Step]:
    """Return the changes that lead from what is recorded to what was judged.

    A moment that was judged before says again what is recorded, unless samples came
    late: a problem that nobody saw at its time begins, alters or ends at that time.

    Shapes  shown (K,): the severity at each moment, 0 for none.
    Units   moments ascending, in Unix seconds.
    """
    found: list[Step] = []
    severity = known.severity
    for at, (moment, now) in enumerate(zip(moments, shown.tolist(), strict=True)):
        if moment > known.since and now != severity:
            severity = now
            found.append(Step(at, severity))
    return found
