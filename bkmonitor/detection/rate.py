"""How fast values rise and fall."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from bkmonitor.detection.middles import QUIET
from bkmonitor.detection.parameters import Parameter, settle, wrong
from bkmonitor.detection.parameters import marked as _
from bkmonitor.detection.past import why_unjudged
from bkmonitor.detection.port import Findings, Lookback, View
from bkmonitor.lib.frame import Mask, Values
from bkmonitor.lib.sentence import Sentence, number_param

PER_S: Mapping[str, int] = {"second": 1, "minute": 60, "hour": 3600}


@dataclass(frozen=True, slots=True, kw_only=True)
class RateOfChange:
    """Points that were reached by more than so much a second, minute or hour.

    rate = (value - before) / seconds between them * seconds of `per`, `before` being
    the point `steps` earlier; in percent, of the size of `before`. From 0, every change
    is more than any per cent.

    Shapes  (S, T) points and those `steps` before -> (S, T) findings.
    Units   limit is in the unit of the values, per `per`; scaling both changes nothing.
    Gaps    NaN is not judged. No other point stands in for the one `steps` before:
            where it is NaN or infinite there is no history.
    Errors  InvalidInput naming the parameter and the value, and unless one of the two
            limits is set.
    Source  the difference quotient; as `delta` and `deriv` of Prometheus.
    """

    kind: ClassVar[str] = "rate_of_change"
    title: ClassVar[str] = _("Rate of change")
    about: ClassVar[str] = _("The value rises or falls faster than a limit.")

    limit: Annotated[float | None, Parameter(_("Faster than"), "value", above=0)] = None
    limit_percent: Annotated[
        float | None,
        Parameter(_("Faster than, of the value before"), "percent", above=0),
    ] = None
    per: Annotated[
        str,
        Parameter(
            _("Per"),
            choices=(
                ("second", _("a second")),
                ("minute", _("a minute")),
                ("hour", _("an hour")),
            ),
        ),
    ] = "minute"
    direction: Annotated[
        str,
        Parameter(
            _("Direction"),
            choices=(
                ("both", _("rises and falls")),
                ("up", _("rises")),
                ("down", _("falls")),
            ),
        ),
    ] = "both"
    steps: Annotated[
        int,
        Parameter(
            _("Compared with so many points before"), "points", low=1, high=10_000
        ),
    ] = 1

    def __post_init__(self) -> None:
        settle(self)
        if (self.limit is None) == (self.limit_percent is None):
            raise wrong("limit", "or limit_percent must be set, and not both")

    def lookbacks(self, step_s: int) -> Sequence[Lookback]:
        """Ask for the point to compare with."""
        return (Lookback(self.steps, self.steps),)

    @QUIET
    def judge(self, view: View) -> Findings:
        """Mark the points that were reached too fast."""
        values, before = view.values, view.at(self.steps)
        known = np.isfinite(before)
        before[~known] = np.nan
        over_s = self.steps * view.step_s
        change = values - before
        # Multiplied, not divided: from 0, any change is faster than any per cent.
        too_fast = np.abs(change) * PER_S[self.per] > self._bound(before) * over_s
        return Findings(
            too_fast & self._looked_at(change),
            why_unjudged(values, ~known),
            {"before": before, "over_s": np.array(float(over_s))},
        )

    def explain(self, facts: Mapping[str, float]) -> Sentence:
        """Say from what to what the value went, how fast, and the limit."""
        value, before, over_s = (facts[each] for each in ("value", "before", "over_s"))
        rate = (value - before) / over_s * PER_S[self.per]
        limit, of = self.limit, "value"
        if self.limit_percent is not None:
            limit, of = self.limit_percent, "percent"
            rate = rate / abs(before) * 100 if before else np.copysign(np.inf, rate)
        numbers = {"value": value, "before": before, "over_s": over_s, "rate": rate}
        told = {name: number_param(each) for name, each in numbers.items()}
        return Sentence(self.kind, {**told, "limit": limit, "in": of, "per": self.per})

    def _bound(self, before: Values) -> Values:
        if self.limit_percent is not None:
            return self.limit_percent / 100 * np.abs(before)
        return np.asarray(self.limit, dtype=np.float64)

    def _looked_at(self, change: Values) -> Mask:
        if self.direction == "both":
            return np.ones(change.shape, np.bool_)
        return np.asarray(change > 0 if self.direction == "up" else change < 0)
