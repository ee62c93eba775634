"""A band about what is usual, and the points that leave it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from bkmonitor.detection.middles import QUIET, Counts
from bkmonitor.detection.parameters import Parameter, settle
from bkmonitor.detection.parameters import marked as _
from bkmonitor.detection.past import why_too_few
from bkmonitor.detection.port import Findings
from bkmonitor.lib.frame import Values
from bkmonitor.lib.sentence import Sentence, number_param

SIDES = (
    ("both", _("above and below")),
    ("upper", _("above")),
    ("lower", _("below")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """What a user sets of every detector that has a band.

    From its middle the band reaches to both sides by the greatest of three lengths:
    `width` deviations, `min_width`, and `min_width_percent` of the middle. The last
    two let a series that hardly ever changes move a little.

    Units   width is in standard deviations, min_width in the unit of the values.
    Errors  InvalidInput naming the parameter and the value.
    """

    kind: ClassVar[str]

    width: Annotated[float, Parameter(_("Width in deviations"), above=0)] = 3.0
    side: Annotated[str, Parameter(_("Side"), choices=SIDES)] = "both"
    min_width: Annotated[float, Parameter(_("Width at least"), "value", low=0)] = 0.0
    min_width_percent: Annotated[
        float, Parameter(_("Width at least, of the usual value"), "percent", low=0)
    ] = 5.0

    def __post_init__(self) -> None:
        settle(self)

    @QUIET
    def compare(
        self, values: Values, usual: Values, sigma: Values, known: Counts, *, least: int
    ) -> Findings:
        """Mark the values outside the band; its edges belong to it.

        Shapes  (S, T), or what broadcasts to it; `known` is how much `usual` and
                `sigma` are of, and `least` what it takes to judge by them.
        Facts   usual, lower, upper; NaN where too little is known, and on the side
                that is not looked at.
        """
        enough = known >= least
        percent = self.min_width_percent / 100 * np.abs(usual)
        margin = np.fmax(np.fmax(self.width * sigma, self.min_width), percent)
        usual, margin = np.where(enough, [usual, margin], np.nan)
        nowhere = np.full_like(usual, np.nan)
        lower = nowhere if self.side == "upper" else usual - margin
        upper = nowhere if self.side == "lower" else usual + margin
        return Findings(
            (values < lower) | (values > upper),
            why_too_few(values, known, enough),
            {"usual": usual, "lower": lower, "upper": upper},
        )

    def explain(self, facts: Mapping[str, float]) -> Sentence:
        """Name the edge that the value is beyond, and what is usual."""
        value = facts["value"]
        edge = facts["upper"] if value > facts["upper"] else facts["lower"]
        told = {"value": value, "edge": edge, "usual": facts["usual"]}
        params = {name: number_param(number) for name, number in told.items()}
        return Sentence(self.kind, params)
