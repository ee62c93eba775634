"""How far values swing, and how large they are, against earlier swings and sizes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from bkmonitor.detection.conditions import OPERATORS
from bkmonitor.detection.parameters import Parameter, settle, wrong
from bkmonitor.detection.parameters import marked as _
from bkmonitor.detection.past import days_back, lookbacks_of, why_unjudged
from bkmonitor.detection.port import Findings, Lookback, View
from bkmonitor.lib.frame import Values
from bkmonitor.lib.sentence import Sentence, number_param


@dataclass(frozen=True, slots=True)
class RingRatioAmplitude:
    """Values that differ from the point before by so many percent of it and so much.

    |value - before| >= |before| * percent / 100 + amount, where both are at least
    `minimum`, which keeps small values from being noise.

    Shapes  (S, T) points and those one step before -> (S, T) findings.
    Units   value, minimum and amount share one unit, any: scaling all changes nothing.
    Gaps    NaN is not judged. NO_HISTORY where the point before is a gap or infinite,
            unless the value is below the minimum and thus normal in any case.
    Errors  InvalidInput for a negative percentage or amount, or if both are 0.
    Source  bk-monitor's ring ratio amplitude, with one minimum for both points.
    """

    kind: ClassVar[str] = "ring_ratio_amplitude"
    title: ClassVar[str] = _("Jump from the point before")
    about: ClassVar[str] = _(
        "The value differs from the point before by some percent and some amount."
    )

    percent: Annotated[
        float, Parameter(_("Percent of the value before"), unit="percent", low=0)
    ] = 0.0
    amount: Annotated[float, Parameter(_("Plus"), unit="value", low=0)] = 0.0
    minimum: Annotated[
        float | None, Parameter(_("Both values at least"), unit="value")
    ] = None

    def __post_init__(self) -> None:
        settle(self)
        if not self.percent and not self.amount:
            raise wrong("percent", "is needed, or an amount: both are 0")

    def lookbacks(self, step_s: int) -> Sequence[Lookback]:
        """Say that the point before is needed."""
        return lookbacks_of([1])

    def judge(self, view: View) -> Findings:
        """Mark the points that jumped from the one before."""
        values, past = view.values, view.at(1)
        with np.errstate(over="ignore", invalid="ignore"):
            limit = np.abs(past) * self.percent / 100 + self.amount
            anomalous = np.abs(values - past) >= limit
        unknown = ~np.isfinite(limit)
        anomalous &= ~unknown
        if self.minimum is not None:
            unknown &= values >= self.minimum
            anomalous &= (values >= self.minimum) & (past >= self.minimum)
        reasons = why_unjudged(values, unknown)
        return Findings(anomalous, reasons, {"reference": past, "limit": limit})

    def explain(self, facts: Mapping[str, float]) -> Sentence:
        """Say how far the value is from the one before, and how far it may be."""
        told = {name: number_param(fact) for name, fact in facts.items()}
        size = number_param(abs(facts["value"] - facts["reference"]))
        return Sentence(self.kind, told | {"change": size})


@dataclass(frozen=True, slots=True)
class EarlierDays:
    """A size that is held against the same size at the same time on earlier days.

    size now, operator, size then * percent / 100 + amount: on any of the last days.

    Shapes  (S, T) points and those of up to 31 days -> (S, T) findings.
    Units   value and amount share one unit, any: scaling both changes nothing.
    Gaps    NaN is not judged. A day whose points are missing is left out, and stays
            the day that it is; NO_HISTORY where all are missing.
    Errors  InvalidInput for a negative percentage or for none of 1 to 31 days.
    """

    kind: ClassVar[str]

    days: Annotated[int, Parameter(_("Days before"), unit="days", low=1, high=31)]
    percent: Annotated[
        float, Parameter(_("Percent of what it was"), unit="percent", low=0)
    ]
    amount: Annotated[float, Parameter(_("Plus"), unit="value")] = 0.0
    operator: Annotated[
        str,
        Parameter(
            _("Comparison"),
            choices=tuple((sign, sign) for sign in OPERATORS if sign != "!="),
        ),
    ] = ">="

    def __post_init__(self) -> None:
        settle(self)

    def size_at(self, view: View, steps: int) -> Values:
        """Return what is compared, so many steps before each judged point; (S, T)."""
        raise NotImplementedError

    def judge(self, view: View) -> Findings:
        """Mark the points that compare so with some earlier day."""
        size = self.size_at(view, 0)
        anomalous, known = (np.zeros(size.shape, np.bool_) for _each in range(2))
        day, reference = np.zeros(size.shape), np.full(size.shape, np.nan)
        compare = OPERATORS[self.operator]
        for count, steps in enumerate(days_back(self.days, view.step_s), start=1):
            then = self.size_at(view, steps)
            with np.errstate(over="ignore", invalid="ignore"):
                limit = then * self.percent / 100 + self.amount
            there = np.isfinite(limit)
            hit = compare(size, limit) & there & ~anomalous
            day[hit] = count
            reference[hit] = then[hit]
            anomalous |= hit
            known |= there
        unknown = ~known | np.isnan(size)
        return Findings(
            anomalous,
            why_unjudged(view.values, unknown),
            {"size": size, "day": day, "reference": reference},
        )

    def explain(self, facts: Mapping[str, float]) -> Sentence:
        """Say what the size is, what it was on the first day that matches, and the limit."""
        limit = facts["reference"] * self.percent / 100 + self.amount
        told = {name: number_param(fact) for name, fact in facts.items()}
        told |= {"limit": number_param(limit), "operator": self.operator}
        return Sentence(self.kind, told)


@dataclass(frozen=True, slots=True)
class YearRoundAmplitude(EarlierDays):
    """Values whose move from the point before is unlike that of earlier days.

    The size is |value - the one before|. Shapes, units, gaps and errors are those of
    `EarlierDays`; NO_HISTORY also where the point before is missing.
    Source  bk-monitor's year round amplitude; a day that is missing hides no other.
    """

    kind: ClassVar[str] = "year_round_amplitude"
    title: ClassVar[str] = _("Jump against earlier days")
    about: ClassVar[str] = _(
        "The value moved from the point before by more, or less, than it did at the"
        " same time on earlier days."
    )

    def lookbacks(self, step_s: int) -> Sequence[Lookback]:
        """Say that the point before is needed, and two of each day."""
        days = days_back(self.days, step_s)
        return lookbacks_of([1, *days, *(steps + 1 for steps in days)])

    def size_at(self, view: View, steps: int) -> Values:
        """Return how far the value moved."""
        with np.errstate(over="ignore", invalid="ignore"):
            return np.abs(view.at(steps) - view.at(steps + 1))


@dataclass(frozen=True, slots=True)
class YearRoundRange(EarlierDays):
    """Values that are unlike those at the same time on earlier days.

    The size is |value|. Shapes, units, gaps and errors are those of `EarlierDays`.
    Source  bk-monitor's year round range; each day is compared under its own number.
    """

    kind: ClassVar[str] = "year_round_range"
    title: ClassVar[str] = _("Size against earlier days")
    about: ClassVar[str] = _(
        "The value is above, or below, a share of what it was at the same time on"
        " earlier days."
    )

    def lookbacks(self, step_s: int) -> Sequence[Lookback]:
        """Say that one point of each day is needed."""
        return lookbacks_of(days_back(self.days, step_s))

    def size_at(self, view: View, steps: int) -> Values:
        """Return how large the value is."""
        return np.abs(view.at(steps))
