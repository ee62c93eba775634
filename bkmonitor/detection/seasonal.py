"""Values against those of the same time in the weeks, or days, before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Annotated, ClassVar
from zoneinfo import ZoneInfo, available_timezones

import numpy as np

from bkmonitor.detection.band import Band
from bkmonitor.detection.middles import Counts, take_median_and_sigma
from bkmonitor.detection.parameters import Parameter, wrong
from bkmonitor.detection.parameters import marked as _
from bkmonitor.detection.port import Findings, Lookback, View
from bkmonitor.detection.slices import copy_past, judge_in_slices
from bkmonitor.lib.frame import Times, Values
from bkmonitor.lib.sentence import Sentence

SEASONS_S: Mapping[str, int] = {"week": 7 * 86400, "day": 86400}
# The years whose clock changes are looked for; the rules beyond are unknown anyway.
YEARS, MONTHS = range(2020, 2038), range(1, 13)
QUARTER_S = 900
ZONES = tuple((name, name) for name in sorted(available_timezones() | {"UTC"}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Seasonal(Band):
    """Points outside of what the same time of the week has been like.

    The band is made of the points from `around_s` before to `around_s` after the same
    time in each of the last `seasons` weeks (or days): their median, and width * 1.4826
    * MAD to both sides. Of k whole seasons, less than half may be out of the ordinary
    (a holiday, an incident) without moving it much.

    The same time of the week is a multiple of seven days before, by `timezone`: by UTC
    that is so many seconds; in a zone whose clocks change, it is when they showed the
    same. Seconds and shifts that are no multiple of the step are rounded to one.

    Shapes  (S, T) points, (S, T, N) before them -> (S, T) findings.
    Units   any; scaling values and min_width alike changes nothing.
    Gaps    NaN and infinities in the past do not count; with any left in fewer than
            min_seasons of the seasons the point is not judged.
    Errors  InvalidInput naming the parameter and the value, and for a step that is
            longer than the season.
    Source  F. R. Hampel, The influence curve and its role in robust estimation, Journal
            of the American Statistical Association 69 (1974), applied to each time of
            the season.
    """

    kind: ClassVar[str] = "seasonal"
    title: ClassVar[str] = _("Seasonal band")
    about: ClassVar[str] = _(
        "The value is far from what it has been at this time of the week or day."
    )

    season: Annotated[
        str,
        Parameter(_("Season"), choices=(("week", _("a week")), ("day", _("a day")))),
    ] = "week"
    seasons: Annotated[int, Parameter(_("Seasons to compare with"), low=1, high=60)] = 4
    around_s: Annotated[
        int, Parameter(_("Before and after that time"), "seconds", low=0, high=43200)
    ] = 300
    timezone: Annotated[str, Parameter(_("Time zone"), choices=ZONES)] = "UTC"
    min_seasons: Annotated[int, Parameter(_("Seasons known, at least"), low=1)] = 3

    def __post_init__(self) -> None:
        Band.__post_init__(self)
        if self.min_seasons > self.seasons:
            told = f"{self.min_seasons} of {self.seasons} are too many"
            raise wrong("min_seasons", told)

    def lookbacks(self, step_s: int) -> Sequence[Lookback]:
        """Ask for each season's points, and where clocks change for those beside."""
        return [
            self._lookback(back, shift_s, step_s)
            for back in self._backs
            for shift_s in _clock_changes_s(self.timezone)
        ]

    def judge(self, view: View) -> Findings:
        """Mark the points outside of their band."""
        points = self.seasons * (2 * (self.around_s // view.step_s) + 1)
        return judge_in_slices(self._judge, view, points)

    def explain(self, facts: Mapping[str, float]) -> Sentence:
        """Name the edge that the value is beyond, what is usual, and of which time."""
        told = Band.explain(self, facts)
        return Sentence(told.id, {**told.params, "season": self.season})

    def _judge(self, view: View) -> Findings:
        past = self._copy_seasons(view)
        known = self._count_seasons(past)
        usual, sigma, _points = take_median_and_sigma(past)
        return self.compare(view.values, usual, sigma, known, least=self.min_seasons)

    def _count_seasons(self, past: Values) -> Counts:
        gap = np.isnan(past)
        if not gap.any():
            return np.full(past.shape[:2], self.seasons)
        missed = gap.reshape(*past.shape[:2], self.seasons, -1).all(axis=-1)
        return np.asarray(self.seasons - missed.sum(axis=-1))

    def _copy_seasons(self, view: View) -> Values:
        shifts = {back: self._shifts_s(view.times, back) for back in self._backs}
        most_s = {back: int(each.max(initial=0)) for back, each in shifts.items()}
        spans = [
            self._lookback(back, shift_s, view.step_s)
            for back, shift_s in most_s.items()
        ]
        past = copy_past(view, spans)
        size = past.shape[2] // self.seasons
        for back, all_s in shifts.items():
            # Where clocks changed between the judged points.
            for shift_s in {*all_s.tolist()} - {most_s[back]}:
                span, some = (
                    self._lookback(back, shift_s, view.step_s),
                    all_s == shift_s,
                )
                season = past[..., (back - 1) * size : back * size]
                season[:, some] = copy_past(view, [span])[:, some]
        return past

    @property
    def _backs(self) -> range:
        return range(1, self.seasons + 1)

    def _lookback(self, back: int, shift_s: int, step_s: int) -> Lookback:
        if step_s > SEASONS_S[self.season]:
            raise wrong("season", f"{self.season} is shorter than {step_s} seconds")
        middle = round((back * SEASONS_S[self.season] - shift_s) / step_s)
        around = self.around_s // step_s
        return Lookback(middle - around, middle + around)

    def _shifts_s(self, times: Times, back: int) -> Times:
        """Return how many seconds after so many seasons before the clocks agreed, (T,).

        Clocks change at whole quarters of an hour: asking once for each is enough.
        """
        quarters, which = np.unique(times // QUARTER_S, return_inverse=True)
        zone, back_s = ZoneInfo(self.timezone), back * SEASONS_S[self.season]
        shifts = [
            _shift_s(each * QUARTER_S, back_s, zone) for each in quarters.tolist()
        ]
        return np.array(shifts, dtype=np.int64)[which]


def _shift_s(at: int, back_s: int, zone: ZoneInfo) -> int:
    # Within one zone, Python subtracts what the clocks show.
    then = datetime.fromtimestamp(at, zone) - timedelta(seconds=back_s)
    return round(then.timestamp()) - (at - back_s)


@cache
def _clock_changes_s(timezone: str) -> tuple[int, ...]:
    """Return by how much a zone's clocks may have changed between two moments."""
    zone = ZoneInfo(timezone)
    days = [datetime(year, month, 1, tzinfo=zone) for year in YEARS for month in MONTHS]
    offsets = {(day.utcoffset() or timedelta()).total_seconds() for day in days}
    return tuple(sorted({int(one - other) for one in offsets for other in offsets}))
