"""Processes that are gone, or do not listen where they should."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from bkmonitor.detection.parameters import Parameter, settle
from bkmonitor.detection.parameters import marked as _
from bkmonitor.detection.past import why_unjudged
from bkmonitor.detection.port import Findings, Lookback, View
from bkmonitor.lib.labels import Labels
from bkmonitor.lib.sentence import Sentence

# How collectors write an empty list into a label.
EMPTY = frozenset({"", "[]", "null"})
PROBLEMS = {1: "missing", 2: "closed", 3: "elsewhere"}


@dataclass(frozen=True, slots=True)
class ProcessPort:
    """Processes that do not run, or whose ports are closed or bound elsewhere.

    The value is 1 while the process runs. One label lists the ports that it should
    listen on and does not, another those that it has bound to another address.

    Shapes  (S, T) points -> (S, T) findings; no history.
    Units   1 is running and every other value is not, 0 included.
    Gaps    NaN is not judged; a label that is absent is an empty list.
    Errors  InvalidInput for what is not the name of a label.
    Source  bk-monitor's process port, over its metric proc_port.proc_exists.
    """

    kind: ClassVar[str] = "process_port"
    title: ClassVar[str] = _("Process and ports")
    about: ClassVar[str] = _(
        "The process does not run (the value is not 1), or labels list ports that are"
        " closed or bound to another address."
    )

    closed_label: Annotated[str, Parameter(_("Label of the closed ports"))] = (
        "nonlisten"
    )
    elsewhere_label: Annotated[
        str, Parameter(_("Label of the ports bound elsewhere"))
    ] = "not_accurate_listen"

    def __post_init__(self) -> None:
        settle(self)

    def lookbacks(self, step_s: int) -> Sequence[Lookback]:
        """Say that no earlier point is needed."""
        return ()

    def judge(self, view: View) -> Findings:
        """Mark the points with a problem, and note the first of three."""
        values = view.values
        running = [self._problem_of(labels) for labels in view.labels]
        problem = np.where(
            values == 1, np.array(running, dtype=np.float64).reshape(-1, 1), 1.0
        )
        gap = np.isnan(values)
        problem[gap] = 0
        return Findings(problem > 0, why_unjudged(values, gap), {"problem": problem})

    def explain(self, facts: Mapping[str, float]) -> Sentence:
        """Say which problem it is; the labels of the alert name the ports."""
        return Sentence(self.kind, {"problem": PROBLEMS[int(facts["problem"])]})

    def _problem_of(self, labels: Labels) -> int:
        if labels.get(self.closed_label, "").strip() not in EMPTY:
            return 2
        return 3 if labels.get(self.elsewhere_label, "").strip() not in EMPTY else 0
