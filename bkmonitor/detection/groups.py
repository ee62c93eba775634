"""Series that belong together by their labels."""

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from bkmonitor.lib.frame import Mask
from bkmonitor.lib.labels import Labels


def number_groups(labels: Sequence[Labels], by: Sequence[str]) -> NDArray[np.int64]:
    """Return for each series the number of its group: the same labels `by`.

    Numbers are from 0 on, without holes. A series that lacks one of the labels belongs
    to those that lack it as well; without any labels, all are one group.

    Shapes  S label sets -> (S,).
    """
    columns = [[each.get(name, "") for each in labels] for name in by]
    keys = _keys(columns, len(labels))
    numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    return np.fromiter(map(numbers.__getitem__, keys), np.int64, len(keys))


def sum_by(groups: NDArray[np.int64], marks: Mask) -> NDArray[np.float64]:
    """Return for each point how many of its group's are marked at that time.

    Shapes  groups (S,), as numbered; marks (S, T) -> (S, T).
    """
    if not len(groups):
        return np.zeros(marks.shape, dtype=np.float64)
    order = np.argsort(groups, kind="stable")
    begins = np.flatnonzero(np.diff(groups[order], prepend=-1))
    sums = np.add.reduceat(marks[order], begins, axis=0, dtype=np.float64)
    return np.asarray(sums[groups])


def _keys(columns: Sequence[Sequence[str]], count: int) -> Sequence[Hashable]:
    if len(columns) == 1:
        return columns[0]
    return list(zip(*columns, strict=True)) if columns else [()] * count
