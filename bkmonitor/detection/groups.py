"""Series that belong together by their labels."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bkmonitor.lib.labels import Labels


def number_groups(labels: Sequence[Labels], by: Sequence[str]) -> NDArray[np.int64]:
    """Return for each series the number of its group: the same labels `by`.

    Numbers are from 0 on, without holes. A series that lacks one of the labels belongs
    to those that lack it as well; without any labels, all are one group.

    Shapes  S label sets -> (S,).
    """
    columns = [[each.get(name, "") for each in labels] for name in by]
    keys = list(zip(*columns, strict=True)) if by else [()] * len(labels)
    numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    return np.fromiter(map(numbers.__getitem__, keys), np.int64, len(keys))
