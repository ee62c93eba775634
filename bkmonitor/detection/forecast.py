"""Values that will be beyond a limit before long."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from bkmonitor.detection.conditions import OPERATORS
from bkmonitor.detection.middles import QUIET, count_known
from bkmonitor.detection.parameters import Parameter, settle, wrong
from bkmonitor.detection.parameters import marked as _
from bkmonitor.detection.past import why_too_few
from bkmonitor.detection.port import Findings, Lookback, View
from bkmonitor.detection.slices import SLICE_BYTES, copy_past, judge_in_slices
from bkmonitor.detection.trends import (
    MOST_POINTS,
    Smoothing,
    Trend,
    fit_line,
    fit_seasons,
    smooth,
)
from bkmonitor.lib.frame import Mask, Values
from bkmonitor.lib.sentence import Sentence, number_param

DAY_S = 86_400
METHODS = (
    ("linear", _("a straight line")),
    ("holt", _("smoothed level and slope")),
    ("holt_winters", _("smoothed, with a season of a day")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """Points from which the way leads beyond a limit within the horizon.

    What is to come is drawn out from the last `history_s` seconds, the judged point
    included, in one of three ways: `linear`, a straight line that outliers do not turn;
    `holt`, level and slope smoothed exponentially, which follows bends; `holt_winters`,
    with a season of a day beside, from at least two whole days. Anomalous is a point
    when one of the predictions up to `horizon_s` ahead is beyond the limit, or when it
    is beyond itself, however short its past.

    Shapes  (S, T) points, (S, T, N) with those before -> (S, T) findings.
    Units   limit is in the unit of the values; scaling both changes nothing.
    Gaps    NaN is not judged; gaps and infinities in the past do not count, and with
            fewer than min_points left the point is not judged. Half of them have to be
            of the older half of `history_s`: the noise of the minutes that a young
            series has, drawn out over hours, reaches any limit.
    Errors  InvalidInput naming the parameter and the value.
    Source  those of `fit_line`, `fit_seasons` and `smooth`.
    """

    kind: ClassVar[str] = "forecast"
    title: ClassVar[str] = _("Forecast")
    about: ClassVar[str] = _("The value will be beyond a limit before long.")

    operator: Annotated[
        str,
        Parameter(
            _("Comparison"),
            choices=tuple((each, each) for each in (">", ">=", "<", "<=")),
        ),
    ]
    limit: Annotated[float, Parameter(_("Limit"), "value")]
    horizon_s: Annotated[
        int, Parameter(_("Within"), "seconds", low=60, high=30 * DAY_S)
    ] = 4 * 3600
    history_s: Annotated[
        int, Parameter(_("Judged by the last"), "seconds", low=60, high=30 * DAY_S)
    ] = 6 * 3600
    method: Annotated[str, Parameter(_("Method"), choices=METHODS)] = "linear"
    min_points: Annotated[int, Parameter(_("Points at least"), low=3)] = 10
    level_share: Annotated[
        float, Parameter(_("Smoothing of the level"), above=0, high=1)
    ] = 0.1
    slope_share: Annotated[
        float, Parameter(_("Smoothing of the slope"), low=0, high=1)
    ] = 0.02
    season_share: Annotated[
        float, Parameter(_("Smoothing of the season"), low=0, high=1)
    ] = 0.1

    def __post_init__(self) -> None:
        settle(self)
        if self.method == "holt_winters" and self.history_s < 2 * DAY_S:
            raise wrong("history_s", f"{self.history_s} is less than two days")

    def lookbacks(self, step_s: int) -> Sequence[Lookback]:
        """Ask for the points that the prediction is made from."""
        return (Lookback(1, self._points(step_s) - 1),)

    def judge(self, view: View) -> Findings:
        """Mark the points from which the limit is near."""
        pairs = MOST_POINTS * (MOST_POINTS - 1) // 2
        points = max(self._points(view.step_s), pairs)
        # Smoothing goes through the points one by one: the more series, the better.
        room = SLICE_BYTES if self.method == "linear" else 3 * SLICE_BYTES
        return judge_in_slices(self._judge, view, points, slice_bytes=room)

    def explain(self, facts: Mapping[str, float]) -> Sentence:
        """Say when the value will be beyond the limit, or that it is."""
        told = {"operator": self.operator, "limit": self.limit}
        if not facts["in_s"]:
            return Sentence("limit", {"value": number_param(facts["value"]), **told})
        names = ("value", "in_s", "predicted")
        numbers = {name: number_param(facts[name]) for name in names}
        return Sentence(self.kind, {**numbers, **told, "horizon_s": self.horizon_s})

    @QUIET
    def _judge(self, view: View) -> Findings:
        points = copy_past(view, [Lookback(0, self._points(view.step_s) - 1)])
        known = count_known(points)
        older = count_known(points[..., points.shape[-1] // 2 :])
        values = view.values
        trend = self._fit(points, self._season(view.step_s))
        steps = max(self.horizon_s // view.step_s, 1)
        enough = (known >= self.min_points) & (older >= self.min_points // 2)
        enough &= ~np.isnan(trend.level + trend.slope)
        ahead = np.where(enough, self._first_beyond(trend, steps), np.nan)
        ahead[self._beyond(values)] = 0.0
        ahead[np.isnan(values)] = np.nan
        facts = {"in_s": ahead * view.step_s, "predicted": trend.predict(steps)}
        anomalous = ~np.isnan(ahead)
        return Findings(
            anomalous, why_too_few(values, known, enough | anomalous), facts
        )

    def _points(self, step_s: int) -> int:
        if self.method == "holt_winters":
            return self.history_s // DAY_S * self._season(step_s)
        return max(self.history_s // step_s + 1, 2)

    def _season(self, step_s: int) -> int:
        return max(round(DAY_S / step_s), 1)

    def _fit(self, points: Values, season: int) -> Trend:
        if self.method == "linear":
            return fit_line(points)
        share = Smoothing(self.level_share, self.slope_share, self.season_share)
        if self.method == "holt":
            return smooth(points, fit_line(points.copy()), share)
        return smooth(points, fit_seasons(points, season), share)

    def _first_beyond(self, trend: Trend, steps: int) -> Values:
        """Return how many steps ahead the first prediction is beyond; NaN if none is."""
        if trend.season is None:
            crossing = np.clip((self.limit - trend.level) / trend.slope, 1, steps)
            crossing[self._beyond(trend.predict(1))] = 1.0
            # A line that leads away from the limit is beyond it for a moment at most.
            return np.where(self._beyond(trend.predict(steps)), crossing, np.nan)
        first = np.full(trend.level.shape, np.nan)
        for ahead in range(steps, 0, -1):
            first[self._beyond(trend.predict(ahead))] = ahead
        return first

    def _beyond(self, values: Values) -> Mask:
        return np.asarray(OPERATORS[self.operator](values, self.limit))
