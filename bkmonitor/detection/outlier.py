"""Values against those of the other series of their group, at the same moment."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray

from bkmonitor.detection.band import Band
from bkmonitor.detection.groups import number_groups
from bkmonitor.detection.middles import Counts, take_median_and_sigma
from bkmonitor.detection.parameters import Parameter
from bkmonitor.detection.parameters import marked as _
from bkmonitor.detection.port import Findings, Lookback, View
from bkmonitor.detection.slices import SLICE_BYTES
from bkmonitor.lib.frame import Values
from bkmonitor.lib.labels import Labels
from bkmonitor.lib.sentence import Sentence, number_param

Part = tuple[NDArray[np.int64], slice]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlier(Band):
    """Series that differ from the others that have the same labels `by`.

    |value - median| > width * 1.4826 * MAD, both over all members of the group that
    have a point at this moment, the judged one included. Less than half of a group may
    be outliers. Without labels in `by`, all series are one group; a series without one
    of the labels belongs to those that lack it as well.

    Shapes  (S, T) points -> (S, T) findings; no history.
    Units   any; scaling values and min_width alike changes nothing.
    Gaps    NaN and infinities are no members; with fewer than min_members at a
            moment none is judged.
    Errors  InvalidInput naming the parameter and the value.
    Source  B. Iglewicz, D. C. Hoaglin, How to Detect and Handle Outliers (1993).
    """

    kind: ClassVar[str] = "outlier"
    title: ClassVar[str] = _("Outlier in a group")
    about: ClassVar[str] = _(
        "The series differs from the others with the same labels at the same moment."
    )

    by: Annotated[tuple[str, ...], Parameter(_("Labels that make a group"))] = ()
    min_members: Annotated[int, Parameter(_("Members of a group, at least"), low=3)] = 5

    def lookbacks(self, step_s: int) -> Sequence[Lookback]:
        """Say that no earlier point is needed."""
        return ()

    def judge(self, view: View) -> Findings:
        """Mark the points outside of their group's band."""
        values = view.values
        middle, sigma = np.full((2, *values.shape), np.nan)
        members = np.zeros(values.shape, np.int64)
        for rows in _group_rows(view.labels, self.by):
            for part in _cut(rows, len(view.times)):
                group = _middle_of_groups(values[part])
                middle[part], sigma[part], members[part] = group
        found = self.compare(values, middle, sigma, members, least=self.min_members)
        facts = {**found.facts, "members": members.astype(np.float64)}
        return Findings(found.anomalous, found.unjudged, facts)

    def explain(self, facts: Mapping[str, float]) -> Sentence:
        """Name the edge that the value is beyond, what is usual, and in which group."""
        told = Band.explain(self, facts)
        group = {"members": number_param(facts["members"]), "by": list(self.by)}
        return Sentence(told.id, {**told.params, **group})


def _group_rows(
    labels: Sequence[Labels], by: tuple[str, ...]
) -> Iterator[NDArray[np.int64]]:
    """Yield the rows of all groups of one size after the other, (groups, members)."""
    group_of = number_groups(labels, by)
    sizes = np.bincount(group_of)
    rows, starts = np.argsort(group_of, kind="stable"), np.cumsum(sizes) - sizes
    for size in np.unique(sizes):
        yield rows[starts[sizes == size][:, None] + np.arange(size)]


def _cut(rows: NDArray[np.int64], times: int) -> Iterator[Part]:
    """Yield what to take of (S, T) so that a part of (groups, members, t) is small."""
    groups, members = rows.shape
    room = max(SLICE_BYTES // (8 * members), 1)
    moments = min(room, max(times, 1))
    for group in range(0, groups, room // moments):
        for moment in range(0, times, moments):
            part = rows[group : group + room // moments]
            yield part, slice(moment, moment + moments)


def _middle_of_groups(values: Values) -> tuple[Values, Values, Counts]:
    """Return median, spread and count of groups (G, M, T), each (G, 1, T)."""
    members = np.ascontiguousarray(np.moveaxis(values, 1, -1))
    members[np.isinf(members)] = np.nan
    median, sigma, known = take_median_and_sigma(members)
    return median[:, None], sigma[:, None], known[:, None]
