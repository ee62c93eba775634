"""What there is to ask for in a space: metrics, their labels, the labels' values.

It completes what people type, so it is quick, short, and empty rather than an error:
whoever knows the name can do without.
"""

import logging
from datetime import datetime

import orjson

from bkmonitor.lib.errors import UpstreamUnavailable
from bkmonitor.lib.labels import LABEL_NAME
from bkmonitor.lib.quoting import literal, quote
from bkmonitor.metrics.tsdb.current import tsdb

MOST = 50
# What nobody sent for a day is hardly what somebody looks for.
SPAN_S = 86_400
TIMEOUT_S = 3.0

logger = logging.getLogger(__name__)


def metric_names(space: str, part: str, now: datetime) -> list[str]:
    """Return the metrics that have `part` in their name, best match first."""
    selector = f"{{__name__=~{quote(f'(?i).*{literal(part)}.*')}}}"
    if not part:
        selector = '{__name__!=""}'
    return _best(_listed(space, "label/__name__/values", selector, now), part)


def label_names(space: str, metric: str, part: str, now: datetime) -> list[str]:
    """Return the labels of a metric, or of all, that have `part` in their name."""
    found = _listed(space, "labels", _selector(metric), now)
    return _best([each for each in found if each not in ("__name__", "space")], part)


def label_values(
    space: str, metric: str, label: str, part: str, now: datetime
) -> list[str]:
    """Return the values of a metric's label that have `part` in them."""
    if not LABEL_NAME.match(label):
        return []
    return _best(_listed(space, f"label/{label}/values", _selector(metric), now), part)


def _selector(metric: str) -> str:
    return f"{{__name__={quote(metric)}}}" if metric else '{__name__!=""}'


def _listed(space: str, path: str, selector: str, now: datetime) -> list[str]:
    end = now.timestamp()
    asked = [("match[]", selector), ("start", f"{end - SPAN_S:.0f}"), ("end", f"{end:.0f}")]  # fmt: skip
    try:
        answer = tsdb().ask(space, path, asked, timeout_s=TIMEOUT_S)
        found = orjson.loads(answer.body)["data"] if answer.status == 200 else []
        return [str(each) for each in found]
    except (UpstreamUnavailable, orjson.JSONDecodeError, KeyError, TypeError) as error:
        logger.warning("metrics.catalogue_not_read", extra={"error": str(error)})
        return []


def _best(found: list[str], part: str) -> list[str]:
    wanted = part.lower()
    fits = [each for each in found if wanted in each.lower()]
    return sorted(fits, key=lambda each: (not each.lower().startswith(wanted), each))[:MOST]  # fmt: skip
