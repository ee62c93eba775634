"""Where series are heading: a level, a slope, and what the time of the day adds."""

from dataclasses import dataclass

import numpy as np

from bkmonitor.detection.middles import take_medians
from bkmonitor.lib.frame import Values

# A line through more points is no better, and the pairs grow with the square.
MOST_POINTS = 32


@dataclass(frozen=True, slots=True)
class Smoothing:
    """How much of what was not predicted changes each part of a trend, 0 to 1.

    The smaller, the slower it follows and the less it listens to noise.
    """

    level: float
    slope: float
    season: float


@dataclass(frozen=True, slots=True)
class Trend:
    """What is predicted h steps after the newest point: level + h * slope + its season.

    level, slope  (S, T); NaN where there are too few points to tell
    season        (L, S, T): what is added 1, 2 ... L steps ahead, and so on in turn;
                  None if nothing is
    """

    level: Values
    slope: Values
    season: Values | None = None

    def predict(self, steps: int) -> Values:
        """Return the prediction so many steps ahead, (S, T)."""
        line = np.asarray(self.level + steps * self.slope)
        if self.season is None:
            return line
        return np.asarray(line + self.season[(steps - 1) % len(self.season)])


def fit_line(points: Values) -> Trend:
    """Fit a straight line that a quarter of outliers does not turn.

    The slope is the median of the slopes between all pairs of points, the level the
    median of what the line leaves of each. Of more than MOST_POINTS, each run of
    neighbours counts as one point, its median.

    Shapes  points (S, T, N >= 2), the newest first -> (S, T). Overwrites `points`.
    Units   those of the points, and per step.
    Gaps    NaN does not count; within a run, it is as if its points were in its middle.
    Source  H. Theil, A rank-invariant method of linear and polynomial regression
            analysis (1950); P. K. Sen, Estimates of the regression coefficient based on
            Kendall's tau, Journal of the American Statistical Association 63 (1968).
    """
    *shape, size = points.shape
    run = -(-size // MOST_POINTS)
    kept = size - size % run
    medians, _ = take_medians(points[..., :kept].reshape(*shape, kept // run, run))
    ago = np.arange(kept // run) * run + (run - 1) / 2
    newer, older = np.triu_indices(kept // run, k=1)
    slopes = np.take(medians, newer, axis=-1)
    slopes -= np.take(medians, older, axis=-1)
    slopes /= ago[older] - ago[newer]
    slope, _ = take_medians(slopes)
    level, _ = take_medians(medians + slope[..., None] * ago)
    return Trend(level, slope)


def fit_seasons(points: Values, length: int) -> Trend:
    """Fit a straight line and a season to whole seasons, outliers or not.

    The slope is the median of the slopes between points a season apart, which the
    season thus says nothing of. What the line leaves of the points of one phase has
    the season's value as its median.

    Shapes  points (S, T, N), the newest first, N at least two of `length` -> (S, T),
            and the season (length, S, T).
    Units   those of the points, and per step.
    Gaps    NaN does not count; a phase of which nothing is known has no season.
    Source  R. M. Hirsch, J. R. Slack, R. A. Smith, Techniques of trend analysis for
            monthly water quality data, Water Resources Research 18 (1982).
    """
    *shape, size = points.shape
    slope, _ = take_medians((points[..., :-length] - points[..., length:]) / length)
    rest = points + slope[..., None] * np.arange(size)
    level, _ = take_medians(rest.copy())
    rest -= level[..., None]
    phases = np.swapaxes(rest.reshape(*shape, size // length, length), -1, -2)
    season, _ = take_medians(np.ascontiguousarray(phases))
    # The newest point is in the last phase; the next one begins a season.
    season = np.ascontiguousarray(np.moveaxis(season[..., ::-1], -1, 0))
    return Trend(level, slope, np.nan_to_num(season, copy=False))


def smooth(points: Values, start: Trend, share: Smoothing) -> Trend:
    """Follow the points with a trend, from the oldest to the newest.

    Each point corrects what was predicted for it: exponential smoothing of level and
    slope (Holt), and of an additive season (Winters). It begins with `start`, drawn out
    to before the oldest point.

    Shapes  points (S, T, N), the newest first, and a trend of them -> a trend.
    Units   those of the points, and per step.
    Gaps    a gap corrects nothing; the trend goes on.
    Source  C. C. Holt, Forecasting seasonals and trends by exponentially weighted
            moving averages (1957); P. R. Winters, Forecasting sales by exponentially
            weighted moving averages, Management Science 6 (1960); in the form of R. J.
            Hyndman, G. Athanasopoulos, Forecasting: Principles and Practice, 8.5.
    """
    level = start.level - points.shape[-1] * start.slope
    slope = start.slope.copy()
    season = None if start.season is None else start.season.copy()
    to_slope, to_season = share.level * share.slope, (1 - share.level) * share.season
    # One moment of all series after the other, as they are gone through.
    moments = np.ascontiguousarray(np.moveaxis(points[..., ::-1], -1, 0))
    holed = np.asarray(np.isnan(moments).any(axis=(1, 2)))
    for at, value in enumerate(moments):
        level += slope
        error = value - level
        if season is not None:
            error -= season[at % len(season)]
        if holed[at]:
            error[np.isnan(error)] = 0.0
        level += share.level * error
        slope += to_slope * error
        if season is not None:
            season[at % len(season)] += to_season * error
    return Trend(level, slope, season)
