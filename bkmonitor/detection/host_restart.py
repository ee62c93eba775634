"""Hosts that started again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from bkmonitor.detection.parameters import Parameter, settle
from bkmonitor.detection.parameters import marked as _
from bkmonitor.detection.past import rows_of, why_unjudged
from bkmonitor.detection.port import Findings, Lookback, View
from bkmonitor.lib.frame import Values
from bkmonitor.lib.sentence import Sentence, number_param


@dataclass(frozen=True, slots=True)
class HostRestart:
    """Uptimes that are short, and were longer before: the host was there, and restarted.

    0 <= uptime <= within_s, and some point of the last `known_s` seconds is larger. A
    host without such a point is new, or was down for longer than that. Nobody can tell,
    so it is not judged until it has been up for longer than `within_s`.

    Shapes  (S, T) uptimes and those before them -> (S, T) findings.
    Units   uptimes in seconds.
    Gaps    NaN is not judged. A short uptime without a longer one has NO_HISTORY.
    Errors  InvalidInput for lengths out of their bounds.
    Source  bk-monitor's host restart, over any point of the window and not two of it.
    """

    kind: ClassVar[str] = "host_restart"
    title: ClassVar[str] = _("Host restart")
    about: ClassVar[str] = _(
        "The value is an uptime in seconds, is short, and was longer before."
    )

    within_s: Annotated[
        float, Parameter(_("Started within"), unit="seconds", above=0, high=86_400)
    ] = 600.0
    known_s: Annotated[
        float, Parameter(_("Seen before within"), unit="seconds", above=0, high=86_400)
    ] = 3600.0

    def __post_init__(self) -> None:
        settle(self)

    def lookbacks(self, step_s: int) -> Sequence[Lookback]:
        """Say that the points of `known_s` seconds are needed."""
        return (Lookback(1, self._steps(step_s)),)

    def judge(self, view: View) -> Findings:
        """Mark the short uptimes that were longer before."""
        uptime = view.values
        short = (uptime >= 0) & (uptime <= self.within_s)
        longest = np.full(uptime.shape, np.nan)
        # The past of the few that started of late says it all.
        rows = np.flatnonzero(short.any(axis=1))
        if len(rows):
            longest[rows] = self._longest(rows_of(view, rows))
        restarted = short & (longest > uptime)
        unknown = why_unjudged(uptime, short & ~restarted)
        return Findings(restarted, unknown, {"before": longest})

    def explain(self, facts: Mapping[str, float]) -> Sentence:
        """Say how long ago the host started, and how long it had been up."""
        told = {name: number_param(fact) for name, fact in facts.items()}
        return Sentence(self.kind, told)

    def _longest(self, view: View) -> Values:
        """Return the longest uptime before each point, NaN where none is known."""
        longest = view.at(1)
        for steps in range(2, self._steps(view.step_s) + 1):
            np.fmax(longest, view.at(steps), out=longest)
        return longest

    def _steps(self, step_s: int) -> int:
        return max(round(self.known_s / step_s), 1)
