"""What a definition would have done, saved or not: what the editor and the API show."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from bkmonitor.evaluation.backtest import Backtest, Summary
from bkmonitor.evaluation.drawing import Drawing, Drawn
from bkmonitor.evaluation.replay import replay_in_parts, ticks_of
from bkmonitor.evaluation.views import Answers
from bkmonitor.lib.errors import InvalidInput
from bkmonitor.lib.frame import Times, Values
from bkmonitor.metrics.answers import Question, gather
from bkmonitor.strategies.schema import check_definition

# A person waits for it: ticks times series, and seconds.
MOST_POINTS = 6_000_000
WITHIN_S = 20.0
# Across a page; a longer time is thinned to so many points.
MOST_DRAWN = 600
# Before a limit has been typed nothing is beyond it: no value is that large.
_LARGEST = [[{"operator": ">", "value": 1.7976931348623157e308}]]
NOTHING_YET = [
    {"severity": 3, "detectors": [{"kind": "threshold", "any_of": _LARGEST}]}
]


@dataclass(frozen=True, slots=True)
class Preview:
    """What a definition would have done over a stretch of time.

    times    (B,) int64, Unix seconds
    series   the ones to show, the worst first; `summary` counts all
    edges    for a single series, by name what its detectors held it against: (B,)
    filters  a series that is absent is normal
    """

    times: Times
    series: Sequence[Drawn]
    summary: Summary
    edges: Mapping[str, Values]
    filters: bool


def preview(
    space: str,
    fields: Mapping[str, Any],
    start: float,
    end: float,
    *,
    shown: int = 20,
    only: str = "",
) -> Preview:
    """Replay a definition from start to end, by the fields of a strategy's row.

    Without levels the series are shown as they are. At most `shown` series are, or
    the one whose key is `only`.

    Units   Unix seconds.
    Errors  InvalidInput names the field: what is wrong with the definition, or `from`
            where the time is too long for so many series. NotJudged with the reason
            where the store's answer is not complete.
    """
    definition = check_definition({**fields, "levels": fields.get("levels") or NOTHING_YET})  # fmt: skip
    try:
        ticks = ticks_of(definition.interval_s, int(start), int(end))
    except InvalidInput as error:
        raise InvalidInput(str(error), {"from": str(error)}) from error
    stride = -(-len(ticks) // MOST_DRAWN)
    found = Backtest(definition.flap_window_s if definition.flap_count else 0)
    drawing = Drawing(stride, only)
    deadline = time.monotonic() + WITHIN_S
    for part in replay_in_parts(
        definition, space, int(start), int(end), ask=_ask, stride=stride
    ):
        found.add(part.replay)
        drawing.add(part)
        _check_time(len(part.replay.labels), part.whole)
        if part.done < part.whole and time.monotonic() > deadline:
            raise _too_long(_("This takes too long to wait for"))
    return Preview(
        drawing.times(),
        drawing.series(found, shown),
        found.summary(),
        drawing.edges(),
        definition.absent_is_normal,
    )


def _ask(questions: Sequence[Question]) -> Answers:
    return gather(questions, within_s=WITHIN_S)


def _check_time(series: int, ticks: int) -> None:
    if series * ticks > MOST_POINTS:
        raise _too_long(
            _("%(series)s series at %(ticks)s moments are too many to wait for")
            % {"series": f"{series:,}", "ticks": f"{ticks:,}"}
        )


def _too_long(sentence: str) -> InvalidInput:
    told = _("%(sentence)s. Choose a shorter time, or use the command replay_strategy.") % {"sentence": sentence}  # fmt: skip
    return InvalidInput(told, {"from": told})
