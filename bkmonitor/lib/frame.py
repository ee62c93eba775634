"""The shape in which series travel."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bkmonitor.lib.errors import InvalidInput
from bkmonitor.lib.labels import Labels

Times = NDArray[np.int64]
Values = NDArray[np.float64]
Mask = NDArray[np.bool_]
Severities = NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Frame:
    """A block of series on one shared clock.

    times   (T,)    int64, Unix seconds, ascending
    values  (S, T)  float64, NaN where a series has no sample
    labels  S label sets, one per row of values
    """

    times: Times
    values: Values
    labels: tuple[Labels, ...]

    def __post_init__(self) -> None:
        if self.values.shape != (len(self.labels), len(self.times)):
            raise InvalidInput(
                f"values {self.values.shape} must be "
                f"({len(self.labels)} series, {len(self.times)} times)"
            )
