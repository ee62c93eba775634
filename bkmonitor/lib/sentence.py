"""What is said of a thing, before it is said in a language."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Any


@dataclass(frozen=True, slots=True)
class Sentence:
    """A message id and its parameters; delivery renders it in the reader's language."""

    id: str
    params: Mapping[str, Any] = field(default_factory=dict)


def number_param(value: float) -> float | str:
    """Return a number as a parameter that JSON can hold: "inf" and "nan" are texts."""
    return float(value) if isfinite(value) else str(float(value))
