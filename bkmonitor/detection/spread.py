"""Values against the points just before them: so many deviations off."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from bkmonitor.detection.band import Band
from bkmonitor.detection.middles import (
    Counts,
    take_mean_and_sigma,
    take_median_and_sigma,
)
from bkmonitor.detection.parameters import Parameter, wrong
from bkmonitor.detection.parameters import marked as _
from bkmonitor.detection.port import Findings, Lookback, View
from bkmonitor.detection.slices import copy_past, judge_in_slices
from bkmonitor.lib.frame import Values


@dataclass(frozen=True, slots=True, kw_only=True)
class Rolling(Band):
    """A band made of the `window` points before each judged one, itself left out."""

    window: Annotated[
        int, Parameter(_("Points before"), "points", low=2, high=10_000)
    ] = 60
    min_points: Annotated[int, Parameter(_("Points known, at least"), low=2)] = 10

    def __post_init__(self) -> None:
        Band.__post_init__(self)
        if self.min_points > self.window:
            raise wrong(
                "min_points", f"{self.min_points} of {self.window} are too many"
            )

    def lookbacks(self, step_s: int) -> Sequence[Lookback]:
        """Ask for the window."""
        return (Lookback(1, self.window),)

    def judge(self, view: View) -> Findings:
        """Mark the points outside of their band."""
        return judge_in_slices(self._judge, view, self.window)

    def _judge(self, view: View) -> Findings:
        usual = self.take_usual(copy_past(view, self.lookbacks(view.step_s)))
        return self.compare(view.values, *usual, least=self.min_points)

    def take_usual(self, points: Values) -> tuple[Values, Values, Counts]:
        """Return middle, spread and count of points, (S, T, N) -> three of (S, T)."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class ZScore(Rolling):
    """Points many standard deviations from the mean of those before them.

    |value - mean| > width * s, s the sample standard deviation. A single extreme value
    in the window widens the band until it leaves the window: where that is common,
    `Mad` is the better one.

    Shapes  (S, T) points, (S, T, window) before them -> (S, T) findings.
    Units   any; scaling values and min_width alike changes nothing.
    Gaps    NaN and infinities in the window do not count; with fewer than min_points
            left the point is not judged.
    Errors  InvalidInput naming the parameter and the value.
    Source  W. A. Shewhart, Economic Control of Quality of Manufactured Product (1931).
    """

    kind: ClassVar[str] = "zscore"
    title: ClassVar[str] = _("Z-score")
    about: ClassVar[str] = _(
        "The value is many standard deviations from the mean of the points before it."
    )

    def take_usual(self, points: Values) -> tuple[Values, Values, Counts]:
        """Return mean and standard deviation."""
        return take_mean_and_sigma(points)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mad(Rolling):
    """Points far from the median of those before them, whatever half of these are.

    |value - median| > width * 1.4826 * MAD, with MAD the median of the window's
    distances from its median.

    Shapes  (S, T) points, (S, T, window) before them -> (S, T) findings.
    Units   any; scaling values and min_width alike changes nothing.
    Gaps    NaN and infinities in the window do not count; with fewer than min_points
            left the point is not judged.
    Errors  InvalidInput naming the parameter and the value.
    Source  B. Iglewicz, D. C. Hoaglin, How to Detect and Handle Outliers (1993);
            C. Leys et al., Detecting outliers, Journal of Experimental Social
            Psychology 49 (2013).
    """

    kind: ClassVar[str] = "mad"
    title: ClassVar[str] = _("Median deviation")
    about: ClassVar[str] = _(
        "The value is far from the median of the points before it; outliers among"
        " them do no harm."
    )

    def take_usual(self, points: Values) -> tuple[Values, Values, Counts]:
        """Return median and scaled MAD."""
        return take_median_and_sigma(points)
