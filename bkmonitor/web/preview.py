"""A preview as the pages show it: in words, as a chart, as a list of series."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from math import isfinite
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bkmonitor.evaluation.backtest import FiringSpan
from bkmonitor.evaluation.drawing import Drawn
from bkmonitor.evaluation.preview import Preview, preview
from bkmonitor.evaluation.telling import tell_not_replayed, tell_summary, tell_unjudged
from bkmonitor.lib.errors import InvalidInput, NotJudged
from bkmonitor.lib.frame import Values
from bkmonitor.metrics.tsdb.current import is_on
from bkmonitor.strategies.models import DEFINING, Strategy
from bkmonitor.web.charts import Column, series_names
from bkmonitor.web.durations import duration

SPANS: dict[str, tuple[int, str | Promise]] = {
    "1h": (3600, gettext_lazy("1 hour")),
    "6h": (6 * 3600, gettext_lazy("6 hours")),
    "24h": (86400, gettext_lazy("24 hours")),
    "7d": (7 * 86400, gettext_lazy("7 days")),
    "30d": (30 * 86400, gettext_lazy("30 days")),
}
MOST_SHOWN = 20
# Spans of time in which something fired, of all series that are drawn.
MOST_STRETCHES = 300
# Of how many series the anomalies are marked: those that have a colour of their own.
MARKED = 6
DIGITS = 6


@dataclass(frozen=True, slots=True)
class Shown:
    """What to show of a definition.

    outcome   complete; failed, as the store said; "invalid" for what cannot be
              evaluated and "long" for a time that is too long; "empty" for nothing
              typed yet, "off" without a store
    reason    in words, unless complete
    problems  what of the levels is left out, for it is not complete
    remarks   what of the strategy no preview shows
    judges    there is a level to judge by
    only      the key of the series that is shown alone
    """

    outcome: str
    reason: str = ""
    found: Preview | None = None
    only: str = ""
    problems: Sequence[str] = ()
    remarks: Sequence[str] = ()
    judges: bool = True
    chart: dict[str, Any] = field(default_factory=dict)

    @property
    def told(self) -> str:
        """Return what would have fired, in a sentence."""
        if not self.judges:
            return _("The series as they are: there is no level yet to judge them by")
        return tell_summary(self.found.summary, duration) if self.found else ""

    @property
    def nothing_there(self) -> bool:
        """Tell whether there is no series where there should be some."""
        found = self.found
        return found is not None and not (found.series or found.filters or self.only)

    @property
    def unjudged(self) -> list[tuple[str, int]]:
        """Return how many points were not judged, by why."""
        return tell_unjudged(self.found.summary.unjudged) if self.found else []

    @property
    def hidden(self) -> int:
        """Return how many series are not shown."""
        return self.found.summary.series - len(self.found.series) if self.found else 0

    @property
    def newest(self) -> list[tuple[Drawn, FiringSpan]]:
        """Return the newest alerts of the series that are shown."""
        series = self.found.series if self.found else ()
        spans = [(one, span) for one in series for span in one.spans]
        return sorted(spans, key=lambda pair: -pair[1].start)[:MOST_SHOWN]


def show(
    space: str,
    fields: Mapping[str, Any],
    span: str,
    now: datetime,
    *,
    only: str = "",
    problems: Sequence[str] = (),
) -> Shown:
    """Replay a definition over a span up to now; never raise.

    `fields` are those of a strategy's row; what does not define it may be left out.
    """
    levels: Sequence[Mapping[str, Any]] = fields.get("levels") or ()
    everywhere = levels and all(level.get("expression") for level in levels)
    if not str(fields.get("expression", "")).strip() and not everywhere:
        return Shown("empty")
    if not is_on():
        return Shown("off")
    # The samples of the newest moment may still be on their way.
    end = now.timestamp() - int(fields.get("delay_s", Strategy().delay_s))
    known = {name: fields[name] for name in DEFINING if name in fields}
    try:
        found = preview(
            space, known, end - SPANS[span][0], end, shown=MOST_SHOWN, only=only
        )
    except InvalidInput as error:
        wrong = "long" if "from" in error.fields else "invalid"
        return Shown(wrong, next(iter(error.fields.values()), str(error)))
    except NotJudged as error:
        return Shown("failed", str(error))
    remarks = tell_not_replayed(fields.get("no_data") or {})
    chart = chart_of(found)
    return Shown("complete", "", found, only, problems, remarks, bool(levels), chart)


def chart_of(found: Preview) -> dict[str, Any]:
    """Return what the chart draws, as JSON.

    `columns` are [times, a row for each series, a row for each edge]; `marks` say for
    each series [index, severity] of its anomalies; `stretches` [from, to, severity].
    """
    return {
        "outcome": "complete",
        "reason": "",
        "columns": [
            found.times.tolist(),
            *(_column(one.values) for one in found.series),
            *(_column(values) for values in found.edges.values()),
        ],
        "series": series_names([one.labels for one in found.series]),
        "edges": list(found.edges),
        "marks": [_marks(one) for one in found.series[:MARKED]],
        "stretches": stretches_of([span for one in found.series for span in one.spans]),
    }


def _column(values: Values) -> Column:
    return [float(f"{v:.{DIGITS}g}") if isfinite(v) else None for v in values.tolist()]


def _marks(one: Drawn) -> list[tuple[int, int]]:
    return [(at, mark) for at, mark in enumerate(one.points.tolist()) if mark > 0]


def stretches_of(spans: Sequence[FiringSpan]) -> list[tuple[int, int | None, int]]:
    """Return when something fired, by the worst severity of all that did.

    Where several overlap there is one stretch of the worst; the newest are kept.
    """
    changes: list[tuple[float, int, int]] = []
    for span in spans:
        end = float("inf") if span.end is None else span.end
        steps = [*span.severities, (end, 0)]
        for (begin, severity), (stop, _next) in pairwise(steps):
            changes += [(begin, severity, 1), (stop, severity, -1)]
    open_now = {1: 0, 2: 0, 3: 0}
    found: list[tuple[int, int | None, int]] = []
    worst, since = 0, 0.0
    for at, severity, step in sorted(changes):
        open_now[severity] += step
        now = next((each for each, count in open_now.items() if count), 0)
        if now != worst:
            if worst and at > since:
                found.append((int(since), int(at) if isfinite(at) else None, worst))
            worst, since = now, at
    return found[-MOST_STRETCHES:]
