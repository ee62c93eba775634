"""Since when the series of alerts have no sample, by the rows of an evaluation."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from bkmonitor.alerts.models import Alert
from bkmonitor.evaluation.forgetting import BEFORE, Gaps, forgotten, let_go
from bkmonitor.evaluation.levels import States
from bkmonitor.evaluation.verdict import Verdicts
from bkmonitor.lib.frame import Mask


@dataclass(frozen=True, slots=True)
class RowGaps:
    """The gaps of some rows at each moment, and where a row is forgotten."""

    place: Mapping[int, int]
    gaps: Gaps
    gone: Mask

    def over(self, states: States) -> States:
        """Return the states of all rows, where what is forgotten is held no more."""
        if not self.gone.any():
            return states
        whole = np.zeros(states.shape[:2], dtype=np.bool_)
        whole[[*self.place]] = self.gone
        return let_go(states, whole)

    def forgotten_for(self, row: int, moment: int, at: float) -> float | None:
        """Return for how long a forgotten row has been without a sample, in seconds."""
        place = self.place.get(row)
        if place is None or not self.gone[place, moment]:
            return None
        return float(at - self.gaps[place, moment])

    def newest(self) -> dict[int, float]:
        """Return the gap that each row is in at the newest moment, NaN for none."""
        return dict(zip(self.place, self.gaps[:, -1].tolist(), strict=True))


def row_gaps(
    verdicts: Verdicts, rows: Iterable[int], alerts: Mapping[int, Alert]
) -> RowGaps:
    """Return the gaps of rows, of which those beyond the verdicts' have no sample.

    A gap that began before what was asked for began when the row's alert says, and
    else with it: the evaluation before had a sample just before.
    """
    place = {row: at for at, row in enumerate(dict.fromkeys(rows))}
    known = np.array([*place], dtype=np.int64)
    moments = np.array([moment.timestamp() for moment in verdicts.moments])
    forgetting, seen = verdicts.forgetting, known < len(verdicts.labels)
    gaps = np.full((len(known), len(moments)), BEFORE)
    gaps[seen] = forgetting.gaps(known[seen])
    begins = moments[-1] if forgetting.begins is None else forgetting.begins
    for at in np.flatnonzero((gaps == BEFORE).any(axis=1)).tolist():
        alert = alerts.get(int(known[at]))
        since = (
            alert.missing_since.timestamp() if alert and alert.missing_since else begins
        )
        gaps[at, gaps[at] == BEFORE] = since
    return RowGaps(place, gaps, forgotten(gaps, moments, forgetting.after_s))
