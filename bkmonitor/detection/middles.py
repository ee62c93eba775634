"""The middle of some points, and how far they lie from it."""

import numpy as np
from numpy.typing import NDArray

from bkmonitor.lib.frame import Values

Counts = NDArray[np.int64]

# Makes the MAD of normally distributed points their standard deviation.
MAD_TO_SIGMA = 1.4826

# What overflows, or is of nothing, becomes an infinity or a gap, which compare as such.
QUIET = np.errstate(all="ignore")


@QUIET
def take_medians(points: Values) -> tuple[Values, Counts]:
    """Return the median along the last axis, and how many points it is of.

    Shapes  points (..., N), N >= 1 -> (...), (...). Sorts `points` in place: hand over
            an array that nobody else reads.
    Units   those of the points.
    Gaps    NaN does not count; the median of nothing but gaps is NaN.
    """
    points.sort(axis=-1)  # gaps come last
    size = points.shape[-1]
    if np.isnan(points[..., -1]).any():
        known = count_known(points)
        below = _pick(points, np.maximum(known - 1, 0) // 2)
        above = _pick(points, np.minimum(known // 2, size - 1))
    else:
        known = np.full(points.shape[:-1], size)
        below, above = points[..., (size - 1) // 2], points[..., size // 2]
    # Not half the sum: of equal points the median is their very value.
    return below + (above - below) / 2, known


@QUIET
def take_median_and_sigma(points: Values) -> tuple[Values, Values, Counts]:
    """Return median, spread and count along the last axis, whatever half of it is.

    The spread is the median absolute deviation from the median, on the scale of a
    standard deviation.

    Shapes  points (..., N), N >= 1 -> three of (...). Overwrites `points`.
    Units   those of the points.
    Gaps    NaN does not count; of nothing but gaps both are NaN.
    Source  F. R. Hampel, The influence curve and its role in robust estimation,
            Journal of the American Statistical Association 69 (1974).
    """
    median, known = take_medians(points)
    points -= median[..., None]
    deviation, _ = take_medians(np.abs(points, out=points))
    return median, MAD_TO_SIGMA * deviation, known


@QUIET
def take_mean_and_sigma(points: Values) -> tuple[Values, Values, Counts]:
    """Return mean, sample standard deviation and count along the last axis.

    Shapes  points (..., N), N >= 1 -> three of (...). Overwrites `points`.
    Units   those of the points.
    Gaps    NaN does not count; of nothing but gaps the mean is NaN, of less than two
            points the deviation is.
    Source  T. F. Chan, G. H. Golub, R. J. LeVeque, Algorithms for computing the sample
            variance, The American Statistician 37 (1983): the textbook algorithm on
            shifted data.
    """
    # Shifted by one of their own, points lie as far from zero as from each other: no
    # digits are lost that count, and equal points deviate by exactly nothing.
    shift = points[..., 0].copy()
    if np.isnan(shift).any():
        shift = np.where(np.isnan(shift), np.fmax.reduce(points, axis=-1), shift)
    points -= shift[..., None]
    known = count_known(points)
    if (known < points.shape[-1]).any():
        points[np.isnan(points)] = 0.0
    total = points.sum(axis=-1)
    squares = np.einsum("...n,...n->...", points, points) - total * total / known
    variance = np.maximum(squares, 0.0) / (known - 1)
    return shift + total / known, np.sqrt(np.where(known > 1, variance, np.nan)), known


def count_known(points: Values) -> Counts:
    """Return how many along the last axis are no gaps, (..., N) -> (...)."""
    gap = np.isnan(points)
    if not gap.any():  # by far the quickest, and by far the most often
        return np.full(points.shape[:-1], points.shape[-1])
    return np.asarray(points.shape[-1] - gap.sum(axis=-1))


def _pick(points: Values, at: Counts) -> Values:
    return np.asarray(np.take_along_axis(points, at[..., None], axis=-1)[..., 0])
