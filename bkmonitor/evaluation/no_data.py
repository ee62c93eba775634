"""Judge what is missing: series that were expected and have not come."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from bkmonitor.evaluation.verdict import HELD, NORMAL, Source, Verdicts, at_one_moment
from bkmonitor.lib.labels import Labels
from bkmonitor.lib.sentence import Sentence
from bkmonitor.strategies.no_data import GROUP, NoData

# The alert for a whole source has no label of any series.
WHOLE: Labels = {}


@dataclass(frozen=True, slots=True)
class Expected:
    """A series that has come before.

    missed  for how many evaluations in a row it has not come, this one counted
    forgotten  it has been missing for so long that it is expected no more
    """

    labels: Labels
    missed: int
    forgotten: bool = False


def judge_missing(
    source: Source, policy: NoData, expected: Sequence[Expected], at: datetime
) -> Verdicts:
    """Return what a strategy's missing series amount to; `source` is of kind no_data.

    A unit is a series, or all series that share the labels of the policy's group; it
    is lost when every series of it has missed as many evaluations as the policy
    asks. When all units are lost the source is: that is one alert and not one for
    each, though what was open before stays.
    """
    units = _units(policy, [one for one in expected if not one.forgotten])
    gone = _units(policy, [one for one in expected if one.forgotten])
    lost = [all(one.missed >= policy.after for one in unit) for unit in units.values()]
    whole = len(units) > 1 and all(lost)
    rows: list[tuple[Labels, int, Sentence]] = []
    for (key, unit), is_lost in zip(units.items(), lost, strict=True):
        severity = HELD if whole else policy.severity if is_lost else NORMAL
        rows.append((dict(key), severity, _sentence(unit, lost=is_lost)))
    rows += [
        (dict(key), NORMAL, Sentence("no_data.forgotten"))
        for key in gone.keys() - units.keys()
    ]
    if len(units) > 1:
        told = Sentence("no_data.source", {"series": len(expected)})
        back = Sentence("no_data.back")
        rows.append(
            (WHOLE, policy.severity if whole else NORMAL, told if whole else back)
        )
    return at_one_moment(
        source,
        at,
        [labels for labels, _severity, _told in rows],
        np.array([severity for _labels, severity, _told in rows], dtype=np.int8),
        np.full(len(rows), np.nan),
        {row: told for row, (_labels, _severity, told) in enumerate(rows)},
        absent_is_normal=True,
    )


Key = tuple[tuple[str, str], ...]


def _units(
    policy: NoData, expected: Iterable[Expected]
) -> Mapping[Key, list[Expected]]:
    units: dict[Key, list[Expected]] = {}
    for one in expected:
        labels = one.labels
        if policy.policy == GROUP:
            labels = {name: labels.get(name, "") for name in policy.by}
        units.setdefault(tuple(sorted(labels.items())), []).append(one)
    return units


def _sentence(unit: Sequence[Expected], *, lost: bool) -> Sentence:
    if not lost:
        return Sentence("no_data.back")
    missed = min(one.missed for one in unit)
    if len(unit) == 1:
        return Sentence("no_data.series", {"missed": missed})
    return Sentence("no_data.group", {"missed": missed, "series": len(unit)})
