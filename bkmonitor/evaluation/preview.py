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

# A person waits for it: ticks times series that are judged, and seconds.
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
    left_out  how many series there are besides, too many to judge in such a time
    """

    times: Times
    series: Sequence[Drawn]
    summary: Summary
    edges: Mapping[str, Values]
    filters: bool
    left_out: int = 0

    @property
    def all_series(self) -> int:
        """Return how many series there are, judged or not."""
        return self.summary.series + self.left_out


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
    the one whose key is `only`. As many series are judged as are soon judged over so
    long a time, the first of them by their labels.

    Units   Unix seconds.
    Errors  InvalidInput names the field: what is wrong with the definition, or `from`
            where the time is too long, where there are too many series to ask for, or
            to judge if detectors hold them against each other. NotJudged with the reason where the store's
            answer is not complete.
    """
    definition = check_definition({**fields, "levels": fields.get("levels") or NOTHING_YET})  # fmt: skip
    try:
        ticks = ticks_of(definition.interval_s, int(start), int(end))
    except InvalidInput as error:
        raise InvalidInput(str(error), {"from": str(error)}) from error
    stride = -(-len(ticks) // MOST_DRAWN)
    found = Backtest(definition.flap_window_s if definition.flap_count else 0)
    drawing, left_out = Drawing(stride, only), 0
    deadline = time.monotonic() + WITHIN_S
    for part in replay_in_parts(
        definition,
        space,
        int(start),
        int(end),
        ask=_ask,
        stride=stride,
        most_series=max(1, MOST_POINTS // len(ticks)),
    ):
        found.add(part.replay)
        drawing.add(part)
        left_out = part.left_out
        there = len(part.replay.labels) + left_out
        if left_out and (definition.compares_series or there * stride > MOST_POINTS):
            raise _too_many(there, part.whole)
        if part.done < part.whole and time.monotonic() > deadline:
            raise _too_long(_("This takes too long to wait for"))
    return Preview(
        drawing.times(),
        drawing.series(found, shown),
        found.summary(),
        drawing.edges(),
        definition.absent_is_normal,
        left_out,
    )


def _ask(questions: Sequence[Question]) -> Answers:
    return gather(questions, within_s=WITHIN_S)


def _too_many(series: int, ticks: int) -> InvalidInput:
    return _too_long(
        _("%(series)s series at %(ticks)s moments are too many to wait for")
        % {"series": f"{series:,}", "ticks": f"{ticks:,}"}
    )


def _too_long(sentence: str) -> InvalidInput:
    told = _("%(sentence)s. Choose a shorter time, or use the command replay_strategy.") % {"sentence": sentence}  # fmt: skip
    return InvalidInput(told, {"from": told})
