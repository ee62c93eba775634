"""Values against those just before them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from bkmonitor.detection.change import Change, ChangeOver
from bkmonitor.detection.parameters import Parameter
from bkmonitor.detection.parameters import marked as _

FallPoints = Annotated[
    int | None, Parameter(_("Fall: points before"), unit="points", low=1, high=1000)
]
RisePoints = Annotated[
    int | None, Parameter(_("Rise: points before"), unit="points", low=1, high=1000)
]


@dataclass(frozen=True, slots=True)
class RingRatio(Change):
    """Values that fell or rose by so many percent from the point before.

    Shapes, units, gaps and errors are those of `Change`, with the point one step back.
    Source  bk-monitor's simple ring ratio, made to hold for zero and below it.
    """

    kind: ClassVar[str] = "ring_ratio"
    title: ClassVar[str] = _("Change from the point before")
    about: ClassVar[str] = _(
        "The value fell or rose by some percent from the point before."
    )

    def steps_back(self, step_s: int) -> int:
        """Return one: the point before."""
        return 1


@dataclass(frozen=True, slots=True)
class RingRatioAdvanced(ChangeOver):
    """Values that fell or rose by so many percent from the points before.

    Shapes, units, gaps and errors are those of `ChangeOver`, with the 1 to 1000 points
    before each; memory does not grow with their number.
    Source  bk-monitor's advanced ring ratio, with the n-th point back as just that.
    """

    kind: ClassVar[str] = "ring_ratio_advanced"
    title: ClassVar[str] = _("Change from several points before")
    about: ClassVar[str] = _(
        "The value fell or rose by some percent from the mean of the last points,"
        " or from the one so many points before."
    )

    fall_over: FallPoints = None
    rise_over: RisePoints = None

    def all_steps_back(self, count: int, step_s: int) -> Sequence[int]:
        """Return every step up to `count`."""
        return range(1, count + 1)
