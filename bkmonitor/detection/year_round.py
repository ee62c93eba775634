"""Values against those of the same time on earlier days."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from bkmonitor.detection.change import Change, ChangeOver
from bkmonitor.detection.parameters import Parameter
from bkmonitor.detection.parameters import marked as _
from bkmonitor.detection.past import days_back, steps_of

WEEK = 7

FallDays = Annotated[
    int | None, Parameter(_("Fall: days before"), unit="days", low=1, high=31)
]
RiseDays = Annotated[
    int | None, Parameter(_("Rise: days before"), unit="days", low=1, high=31)
]


@dataclass(frozen=True, slots=True)
class YearRound(Change):
    """Values that fell or rose by so many percent from the same time last week.

    Shapes, units, gaps and errors are those of `Change`, with the point 7 days back.
    Source  bk-monitor's simple year round, made to hold for zero and below it.
    """

    kind: ClassVar[str] = "year_round"
    title: ClassVar[str] = _("Change from last week")
    about: ClassVar[str] = _(
        "The value fell or rose by some percent from the same time last week."
    )

    def steps_back(self, step_s: int) -> int:
        """Return a week in steps."""
        return steps_of(WEEK, step_s)


@dataclass(frozen=True, slots=True)
class YearRoundAdvanced(ChangeOver):
    """Values that fell or rose by so many percent from the same time on earlier days.

    Shapes, units, gaps and errors are those of `ChangeOver`, with the same time on the
    1 to 31 days before.
    Source  bk-monitor's advanced year round, with the sign of what was kept.
    """

    kind: ClassVar[str] = "year_round_advanced"
    title: ClassVar[str] = _("Change from earlier days")
    about: ClassVar[str] = _(
        "The value fell or rose by some percent from the mean of the last days at the"
        " same time, or from that of so many days before."
    )

    fall_over: FallDays = None
    rise_over: RiseDays = None

    def all_steps_back(self, count: int, step_s: int) -> Sequence[int]:
        """Return each of the last `count` days in steps."""
        return days_back(count, step_s)
