"""What an evaluation says, in a shape that a hundred thousand series fit in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bkmonitor.lib.errors import InvalidInput
from bkmonitor.lib.frame import Severities, Values
from bkmonitor.lib.labels import Labels
from bkmonitor.lib.sentence import Sentence

__all__ = ["HELD", "NORMAL", "Sentence", "Source", "Verdicts"]

NORMAL = 0
# Not judged: an alert that is open stays as it is, none is opened.
HELD = -1


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


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What one evaluation of one source says about each of its series.

    labels     S label sets, without the source's own labels
    severity   (S,) int8: 1..3 firing, NORMAL when over, HELD when not judged
    values     (S,) float64: the newest value, NaN where there is none
    sentences  one for each series with a severity of 1..3, by row; for one that is
               NORMAL, how its end is told, if not by its value
    absent_is_normal  what a series means that is not in `labels`: over, or its
               data is missing and it stays as it is
    changed_at what an alert means that began before it and is not in `labels`: over,
               since the source looked elsewhere then
    at         the moment the evaluation is for
    """

    source: Source
    at: datetime
    labels: tuple[Labels, ...]
    severity: Severities
    values: Values
    sentences: Mapping[int, Sentence]
    absent_is_normal: bool = False
    changed_at: datetime | None = None

    def __post_init__(self) -> None:
        if not len(self.labels) == len(self.severity) == len(self.values):
            raise InvalidInput(
                f"{len(self.labels)} series, {len(self.severity)} severities, "
                f"{len(self.values)} values"
            )
