"""Whatever is there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from bkmonitor.detection.parameters import marked as _
from bkmonitor.detection.port import Findings, Lookback, Reason, View
from bkmonitor.lib.sentence import Sentence, number_param


@dataclass(frozen=True, slots=True)
class Present:
    """Every point that there is, is an anomaly: for expressions that filter.

    Shapes  (S, T) points -> (S, T) findings; no history.
    Units   any: the value is not looked at, 0 is a value.
    Gaps    NaN is not judged.
    Source  Prometheus' alerting rules: whatever an expression returns, alerts.
    """

    kind: ClassVar[str] = "present"
    title: ClassVar[str] = _("Anything there")
    about: ClassVar[str] = _(
        "Every series that the expression returns, as in cpu > 90."
    )

    def lookbacks(self, step_s: int) -> Sequence[Lookback]:
        """Say that no earlier point is needed."""
        return ()

    def judge(self, view: View) -> Findings:
        """Mark every point that is no gap."""
        gap = np.isnan(view.values)
        return Findings(~gap, gap.astype(np.int8) * np.int8(Reason.GAP))

    def explain(self, facts: Mapping[str, float]) -> Sentence:
        """Say that the condition holds, and the value."""
        return Sentence("any", {"value": number_param(facts["value"])})
