"""What was judged of a series of late, as the rows of its alerts keep it.

The newest judgement is kept, not what people were told: an evaluation begins with the
samples of moments judged before, for some may have come late, and from what is kept
here it goes on as if it had seen all of them at their time.
"""

from collections.abc import Sequence

from bkmonitor.evaluation.memory import KEPT, Flap, Memory, flapping
from bkmonitor.lib.frame import Severities

# (moment, severity) of every change, from old to new; severity 0 is the end of a problem.
History = list[tuple[float, int]]


def settle(history: Sequence[Sequence[float]], before: float) -> History:
    """Return what was known before a moment, as short as it can be told.

    Of a problem its beginning and its last severity remain, and the newest KEPT
    beginnings and ends. Units: seconds since 1970.
    """
    kept: History = []
    for moment, severity in history:
        if moment >= before:
            break
        if severity and kept and kept[-1][1]:
            kept[-1] = (kept[-1][0], int(severity))
        else:
            kept.append((moment, int(severity)))
    return kept[-KEPT:]


def remember(
    memory: Memory, row: int, settled: History, moment: float, flap: Flap
) -> None:
    """Write into a memory what a series' settled history comes to just before a moment."""
    if not settled:
        return
    memory.changes[row, -len(settled) :] = [at for at, _severity in settled]
    severity = settled[-1][1]
    memory.severity[row] = memory.shown[row] = severity
    # The end of a problem is held back while the series flaps; `advance` tells whether
    # it still does.
    held = not severity and len(settled) > 1 and flap.count > 0
    if held and flapping(memory.changes[row : row + 1], moment, flap)[0]:
        memory.shown[row] = settled[-2][1]


def go_on(
    settled: History, moments: Sequence[float], severity: Severities
) -> list[list[float]]:
    """Return the history after moments judged anew, in the shape of a row.

    Shapes  severity (K,): what the trigger said at each of the moments.
    """
    found = [[at, now] for at, now in settled]
    last = settled[-1][1] if settled else 0
    for moment, now in zip(moments, severity.tolist(), strict=True):
        if now != last:
            found.append([moment, now])
            last = now
    return found
