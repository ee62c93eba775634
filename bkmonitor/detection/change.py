"""How far values have moved from what they were, in percent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np

from bkmonitor.detection.parameters import Parameter, settle, wrong
from bkmonitor.detection.parameters import marked as _
from bkmonitor.detection.past import lookbacks_of, mean_of, why_unjudged
from bkmonitor.detection.port import Findings, Lookback, View
from bkmonitor.lib.frame import Mask, Values
from bkmonitor.lib.sentence import Sentence, number_param

MEAN, EXACT = "mean", "exact"

Fall = Annotated[
    float | None, Parameter(_("Falls by at least"), unit="percent", above=0)
]
Rise = Annotated[
    float | None, Parameter(_("Rises by at least"), unit="percent", above=0)
]
Against = Annotated[
    str,
    Parameter(
        _("Compared with"),
        choices=((MEAN, _("the mean of all")), (EXACT, _("the farthest alone"))),
    ),
]
# For a subclass to say again, with what it counts and how many there may be.
Over = Annotated[int | None, Parameter("", low=1)]


@dataclass(frozen=True, slots=True)
class Past:
    """What values are held against, and what an explanation needs to say of it.

    values  (S, T) float64; facts broadcast to it
    """

    values: Values
    facts: Mapping[str, Values]


@dataclass(frozen=True, slots=True)
class Change:
    """A fall or a rise by so many percent from one earlier point.

    Percent are of the size of what was: from -10 to -5 is a rise of 50 %. From 0 every
    change is beyond any percentage; a value that did not move is normal.

    Shapes  (S, T) points and one earlier point for each -> (S, T) findings.
    Units   any, the same for values and past: scaling them changes nothing.
    Gaps    NaN is not judged; NO_HISTORY where the earlier point is a gap or infinite.
    Errors  InvalidInput unless a fall or a rise is watched, by more than 0 %.
    """

    kind: ClassVar[str]

    fall_percent: Fall = None
    rise_percent: Rise = None

    def __post_init__(self) -> None:
        settle(self)
        if self.fall_percent is None and self.rise_percent is None:
            raise wrong("rise_percent", "is needed, or fall_percent")

    def steps_back(self, step_s: int) -> int:
        """Return how many steps back the earlier point lies."""
        raise NotImplementedError

    def lookbacks(self, step_s: int) -> Sequence[Lookback]:
        """Say that the earlier point is needed."""
        return lookbacks_of([self.steps_back(step_s)])

    def judge(self, view: View) -> Findings:
        """Mark the points that are too far from the earlier one."""
        steps = self.steps_back(view.step_s)
        then = (view.times - steps * view.step_s).astype(np.float64)
        past = Past(view.at(steps), {"reference_at": then})
        return judge_change(view.values, self, fall=past, rise=past)

    def explain(self, facts: Mapping[str, float]) -> Sentence:
        """Say how far the value is from the earlier one."""
        return Sentence(self.kind, tell_change(facts, self))


@dataclass(frozen=True, slots=True)
class ChangeOver(Change):
    """A fall or a rise by so many percent from several earlier points.

    Values are held against the mean of the last n, or against the n-th back alone; n
    may differ for falls and rises.

    Gaps    a mean is of the points that are known; NO_HISTORY where none is. No other
            point stands in for the n-th: where it is missing there is no history.
    Errors  InvalidInput unless each side that is watched has its n, and no other.
    """

    fall_over: Over = None
    rise_over: Over = None
    against: Against = MEAN

    def __post_init__(self) -> None:
        Change.__post_init__(self)
        for side, percent, count in (
            ("fall", self.fall_percent, self.fall_over),
            ("rise", self.rise_percent, self.rise_over),
        ):
            if (percent is None) != (count is None):
                needed = f"is needed with {side}_percent, and without it is not"
                raise wrong(f"{side}_over", needed)

    def all_steps_back(self, count: int, step_s: int) -> Sequence[int]:
        """Return how many steps back each of the last `count` points lies."""
        raise NotImplementedError

    def lookbacks(self, step_s: int) -> Sequence[Lookback]:
        """Say that the last n points are needed, or the n-th back alone."""
        counts = [count for count in (self.fall_over, self.rise_over) if count]
        if self.against == MEAN:
            return lookbacks_of(self.all_steps_back(max(counts), step_s))
        return lookbacks_of(self.all_steps_back(n, step_s)[-1] for n in counts)

    def judge(self, view: View) -> Findings:
        """Mark the points that are too far from the earlier ones."""
        counts = {count for count in (self.fall_over, self.rise_over) if count}
        pasts = {count: self._look_back(view, count) for count in counts}
        return judge_change(
            view.values,
            self,
            fall=pasts[self.fall_over or self.rise_over or 0],
            rise=pasts[self.rise_over or self.fall_over or 0],
        )

    def _look_back(self, view: View, count: int) -> Past:
        steps = self.all_steps_back(count, view.step_s)
        told = np.array(float(count))
        if self.against == MEAN:
            mean, known = mean_of(view, steps)
            return Past(mean, {"count": told, "known": known})
        ago_s = np.array(float(steps[-1] * view.step_s))
        return Past(view.at(steps[-1]), {"count": told, "ago_s": ago_s})


def judge_change(
    values: Values, watched: Change, *, fall: Past, rise: Past
) -> Findings:
    """Mark the values that fell or rose too far from their past.

    A point of which one side cannot be judged has NO_HISTORY, unless the other side is
    an anomaly.
    """
    falls, rises, unknown = np.zeros((3, *values.shape), np.bool_)
    up, down = watched.rise_percent, watched.fall_percent
    margin = None
    # What overflows is beyond all numbers there are, and infinity less itself is none.
    with np.errstate(over="ignore", invalid="ignore"):
        if up is not None:
            margin = _margin(rise.values, up)
            rises = (values >= rise.values + margin) & (values != rise.values)
            unknown |= ~np.isfinite(margin)
        if down is not None:
            if margin is None or fall is not rise or up != down:
                margin = _margin(fall.values, down)
                unknown |= ~np.isfinite(margin)
            falls = (values <= fall.values - margin) & (values != fall.values)
    anomalous = falls | rises
    unknown &= ~anomalous
    return Findings(anomalous, why_unjudged(values, unknown), _facts(rises, fall, rise))


def tell_change(facts: Mapping[str, float], watched: Change) -> dict[str, Any]:
    """Return the parameters of a sentence about a change in percent.

    `percent` is the size of the change, None from a reference of 0.
    """
    value, reference = float(facts["value"]), float(facts["reference"])
    rose = value > reference
    percent = abs((value - reference) / reference * 100) if reference else None
    told = {name: number_param(fact) for name, fact in facts.items()}
    return told | {
        "percent": None if percent is None else number_param(percent),
        "direction": "up" if rose else "down",
        "limit": watched.rise_percent if rose else watched.fall_percent,
    }


def _margin(past: Values, percent: float) -> Values:
    """Return how far values may move from their past: not a number if it is unknown.

    First times the percentage, then by 100: 10 % of 3 is 0.3 to the last digit. In
    place, since the memory of another array costs more than to fill it.
    """
    margin = np.abs(past)
    margin *= percent
    margin /= 100
    return margin


def _facts(rises: Mask, fall: Past, rise: Past) -> Mapping[str, Values]:
    """Return the facts of the side that each anomaly is of."""
    rose = {"reference": rise.values, **rise.facts}
    if fall is rise:
        return rose
    fell = {"reference": fall.values, **fall.facts}
    return {name: np.where(rises, rose[name], fell[name]) for name in rose}
