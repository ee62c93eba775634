"""Judge what is missing: series that were expected and have not come."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from bkmonitor.evaluation.verdict import HELD, NORMAL, Source, Verdicts, at_one_moment
from bkmonitor.lib.labels import Labels
from bkmonitor.lib.sentence import Sentence
from bkmonitor.strategies.no_data import GROUP, NoData

Key = tuple[tuple[str, str], ...]
# The alert for a whole source has no label of any series.
WHOLE: Key = ()


@dataclass(frozen=True, slots=True)
class Expected:
    """A series that is expected.

    missed  for how many evaluations in a row it has not come, this one counted
    forgotten  it has been missing for so long that it is expected no more
    came    it has come before; else it stands for anything, of which nothing has yet
    """

    labels: Labels
    missed: int
    forgotten: bool = False
    came: bool = True


def judge_missing(
    source: Source, policy: NoData, expected: Sequence[Expected], at: datetime
) -> Verdicts:
    """Return what a strategy's missing series amount to; `source` is of kind no_data.

    A unit is a series, or all series that share the labels of the policy's group; it
    is lost when every series of it has missed as many evaluations as the policy
    asks. When all units are lost the source is: that is one alert and not one for
    each. The series of a source that is lost stop one after the other, so while none
    comes no unit is told by itself; what was open before stays.
    """
    units = _units(policy, [one for one in expected if not one.forgotten])
    gone = _units(policy, [one for one in expected if one.forgotten])
    lost = {
        key: all(one.missed >= policy.after for one in unit)
        for key, unit in units.items()
    }
    silent = len(units) > 1 and all(
        one.missed for unit in units.values() for one in unit
    )
    whole = silent and all(lost.values())
    rows: dict[Key, tuple[int, Sentence]] = {
        key: (NORMAL, Sentence("no_data.forgotten")) for key in gone
    }
    for key, unit in units.items():
        rows[key] = _said(unit, policy, lost=lost[key], silent=silent)
    if whole:
        series = sum(len(unit) for unit in units.values())
        told = Sentence("no_data.source", {"series": series})
        rows[WHOLE] = (policy.severity, told)
    elif WHOLE not in rows and len(units) > 1:
        rows[WHOLE] = (HELD if silent else NORMAL, Sentence("no_data.back"))
    elif WHOLE not in rows and gone and not units:
        rows[WHOLE] = (NORMAL, Sentence("no_data.forgotten"))
    return at_one_moment(
        source,
        at,
        [dict(key) for key in rows],
        np.array([severity for severity, _told in rows.values()], dtype=np.int8),
        np.full(len(rows), np.nan),
        {row: told for row, (_severity, told) in enumerate(rows.values())},
        absent_is_normal=True,
    )


def _units(
    policy: NoData, expected: Iterable[Expected]
) -> Mapping[Key, list[Expected]]:
    units: dict[Key, list[Expected]] = {}
    for one in expected:
        labels = one.labels
        if policy.policy == GROUP and one.came:
            labels = {name: labels.get(name, "") for name in policy.by}
        units.setdefault(tuple(sorted(labels.items())), []).append(one)
    return units


def _said(
    unit: Sequence[Expected], policy: NoData, *, lost: bool, silent: bool
) -> tuple[int, Sentence]:
    """Return the severity of a unit, and what is told of it."""
    if not lost or silent:
        here = any(not one.missed for one in unit)
        return NORMAL if here else HELD, Sentence("no_data.back")
    missed = min(one.missed for one in unit)
    if not unit[0].came:
        return policy.severity, Sentence("no_data.never", {"missed": missed})
    if len(unit) == 1:
        return policy.severity, Sentence("no_data.series", {"missed": missed})
    told = {"missed": missed, "series": len(unit)}
    return policy.severity, Sentence("no_data.group", told)
