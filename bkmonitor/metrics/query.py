"""Ask the time series database, within one space."""

import logging

from bkmonitor.metrics.tsdb.current import tsdb
from bkmonitor.metrics.tsdb.port import Result

__all__ = ["Result", "query_instant", "query_range"]

logger = logging.getLogger(__name__)


def query_instant(
    space_slug: str, promql: str, at: float, *, timeout_s: float = 10.0
) -> Result:
    """Return what an expression gives at one moment, `at` in Unix seconds.

    Shapes  values (S, 1); the labels leave out `space` and keep `__name__`.
    Gaps    none: a series without a sample is absent.
    Errors  never raises; a store that fails gives a failed result with the reason.
    """
    result = tsdb().query_instant(space_slug, promql, at, timeout_s=timeout_s)
    return _logged(result, space_slug)


def query_range(
    space_slug: str,
    promql: str,
    start: float,
    end: float,
    step_s: int,
    *,
    timeout_s: float = 20.0,
) -> Result:
    """Return what an expression gives over a stretch of time, in Unix seconds.

    Shapes  values (S, T); T counts both ends, which are moved down to whole
            multiples of the step. At most 11,000 points.
    Gaps    NaN.
    Errors  never raises; a store that fails gives a failed result with the reason.
    """
    result = tsdb().query_range(
        space_slug, promql, start, end, step_s, timeout_s=timeout_s
    )
    return _logged(result, space_slug)


def _logged(result: Result, space_slug: str) -> Result:
    if result.outcome != "complete":
        logger.warning(
            "metrics.query_not_complete",
            extra={
                "space": space_slug,
                "outcome": result.outcome,
                "reason": result.reason,
            },
        )
    return result
