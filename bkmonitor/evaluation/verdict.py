"""What an evaluation says, in a shape that a hundred thousand series fit in."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

import numpy as np

from bkmonitor.evaluation.forgetting import NEVER, Forgetting
from bkmonitor.evaluation.levels import FIRES, HOLDS, OVER, SEVERITIES, States
from bkmonitor.evaluation.memory import NO_FLAP, Flap
from bkmonitor.lib.errors import InvalidInput
from bkmonitor.lib.frame import Severities, Values
from bkmonitor.lib.labels import Labels
from bkmonitor.lib.sentence import Sentence

__all__ = ["HELD", "NORMAL", "Sentence", "Source", "Told", "Verdicts", "at_one_moment"]

NORMAL = 0
# Not judged: an alert that is open stays as it is, none is opened.
HELD = -1
# What being absent may mean.
STAYS, ENDS = (HOLDS,) * len(SEVERITIES), (OVER,) * len(SEVERITIES)


@dataclass(frozen=True, slots=True)
class Source:
    """What is watched, and the texts its user gave it."""

    kind: str
    id: int
    name: str
    space_id: int
    labels: Labels = field(default_factory=dict)
    summary: str = ""
    description: str = ""
    runbook_url: str = ""


class Told(NamedTuple):
    """What is told of one series at one moment: a value, NaN for none, and why."""

    value: float
    sentence: Sentence | None


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What one evaluation of one source says about each of its series.

    moments    K moments, ascending; the last is the one the evaluation is for. Those
               before it are judged again, for data that came late, or for the first
               time, after a stop.
    labels     S label sets, without the source's own labels
    states     (S, K, 3) int8: FIRES, OVER or HOLDS, for each severity
    tell       (row, moment's index, severity) -> what is told of it; severity 0 for
               a series that is over
    absent     the state, for each severity, of a series that is not in `labels`:
               OVER, or its data is missing and it HOLDS
    changed_at what an alert means that began before it and is not in `labels`: over,
               since the source looked elsewhere then
    flap       when a series counts as flapping
    forgetting when a series without samples is over, whatever being absent means
    """

    source: Source
    moments: Sequence[datetime]
    labels: Sequence[Labels]
    states: States
    tell: Callable[[int, int, int], Told]
    absent: Sequence[int] = STAYS
    changed_at: datetime | None = None
    flap: Flap = NO_FLAP
    forgetting: Forgetting = NEVER

    def __post_init__(self) -> None:
        shape = (len(self.labels), len(self.moments), len(SEVERITIES))
        if self.states.shape != shape or not self.moments:
            raise InvalidInput(f"states {self.states.shape} must be {shape}")

    @property
    def at(self) -> datetime:
        """Return the moment the evaluation is for."""
        return self.moments[-1]


def at_one_moment(
    source: Source,
    at: datetime,
    labels: Sequence[Labels],
    severity: Severities,
    values: Values,
    sentences: Mapping[int, Sentence],
    *,
    absent_is_normal: bool = False,
    changed_at: datetime | None = None,
    flap: Flap = NO_FLAP,
) -> Verdicts:
    """Return verdicts of one moment from a severity per series.

    Shapes  severity (S,): 1..3 firing, NORMAL when over, HELD when not judged;
            values (S,), NaN where there is none; sentences by row.
    """
    if not len(labels) == len(severity) == len(values):
        raise InvalidInput(
            f"{len(labels)} series, {len(severity)} severities, {len(values)} values"
        )
    given = np.asarray(severity)[:, None]
    fires = given == np.array(SEVERITIES)
    states = np.where(given == HELD, HOLDS, np.where(fires, FIRES, OVER))
    return Verdicts(
        source,
        (at,),
        labels,
        states.astype(np.int8)[:, None, :],
        lambda row, _moment, _severity: Told(float(values[row]), sentences.get(row)),
        ENDS if absent_is_normal else STAYS,
        changed_at,
        flap,
    )
