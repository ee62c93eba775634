"""What a chart shows, and the picture of it."""

import logging
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson
from django.conf import settings
from django.utils import timezone

from bkmonitor.lib.errors import UpstreamUnavailable
from bkmonitor.lib.program import run

logger = logging.getLogger(__name__)

TIMEOUT_S = 20.0
LARGEST = 512 * 1024


@dataclass(frozen=True, slots=True)
class Drawing:
    """One series, as a message shows it.

    times        (T,) Unix seconds, ascending
    values       (T,) numbers, None for a gap
    limit        the limit that was crossed; None when there is none
    firing_from  Unix seconds since when it fires; None when it does not
    firing_to    Unix seconds until when it fired; None while it does
    """

    times: list[int]
    values: list[float | None]
    limit: float | None = None
    firing_from: float | None = None
    firing_to: float | None = None


def draw(drawing: Drawing) -> bytes | None:
    """Return a PNG with its times in the active time zone, or None without data.

    A drawing that fails is worth a line in the log and never a message.
    """
    if not any(value is not None for value in drawing.values):
        return None
    given = orjson.dumps(
        {**asdict(drawing), "zone": timezone.get_current_timezone_name()}
    )
    # Fonts are looked for once and remembered where a read-only image may write.
    cache = {"MPLCONFIGDIR": str(Path(settings.RUN) / "matplotlib")}
    try:
        png = run(
            "bkmonitor.notifications.chart", given, timeout_s=TIMEOUT_S, environ=cache
        )
    except UpstreamUnavailable as error:
        logger.warning("chart.failed", extra={"reason": str(error)})
        return None
    return png if len(png) <= LARGEST else None
