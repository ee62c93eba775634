"""Targets that answer no ping."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from bkmonitor.detection.parameters import Parameter, settle
from bkmonitor.detection.parameters import marked as _
from bkmonitor.detection.past import why_unjudged
from bkmonitor.detection.port import Findings, Lookback, View
from bkmonitor.lib.sentence import Sentence, number_param

ALL_LOST = {"ratio": 1.0, "percent": 100.0}


@dataclass(frozen=True, slots=True)
class PingUnreachable:
    """Targets of which every packet was lost.

    Shapes  (S, T) losses -> (S, T) findings; no history.
    Units   the loss is a ratio (1 is all) or percent (100 is all), as `loss_in` says.
    Gaps    NaN is not judged: no measurement is no loss.
    Errors  InvalidInput for another unit.
    Source  bk-monitor's ping unreachable.
    """

    kind: ClassVar[str] = "ping_unreachable"
    title: ClassVar[str] = _("Ping unreachable")
    about: ClassVar[str] = _("The value is a packet loss, and everything was lost.")

    loss_in: Annotated[
        str,
        Parameter(
            _("The loss is"),
            choices=(("ratio", _("a ratio, 0 to 1")), ("percent", _("0 to 100 %"))),
        ),
    ] = "ratio"

    def __post_init__(self) -> None:
        settle(self)

    def lookbacks(self, step_s: int) -> Sequence[Lookback]:
        """Say that no earlier point is needed."""
        return ()

    def judge(self, view: View) -> Findings:
        """Mark the points of which everything was lost."""
        lost = view.values
        return Findings(
            lost >= ALL_LOST[self.loss_in], why_unjudged(lost, np.isnan(lost))
        )

    def explain(self, facts: Mapping[str, float]) -> Sentence:
        """Say that the target answers no ping."""
        return Sentence(self.kind, {"value": number_param(facts["value"])})
