"""Two things measured in turn, and compared pair by pair."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median

# Units a second, and what one unit costs.
Measure = Callable[[], tuple[float, float]]


@dataclass
class Comparison:
    """The rates and costs of both sides, pair by pair."""

    our_rate: list[float] = field(default_factory=list)
    our_cost: list[float] = field(default_factory=list)
    their_rate: list[float] = field(default_factory=list)
    their_cost: list[float] = field(default_factory=list)

    @property
    def ratios(self) -> list[float]:
        """Our rate by theirs, of each pair."""
        pairs = zip(self.our_rate, self.their_rate, strict=True)
        return [ours / theirs for ours, theirs in pairs]

    def told(self, peer: str) -> str:
        """Return the medians and the range of the ratios in one line."""
        low, high = min(self.ratios), max(self.ratios)
        return (
            f"{median(self.our_rate):.0f}, {peer} {median(self.their_rate):.0f}, "
            f"ratio {median(self.ratios):.2f} [{low:.2f}..{high:.2f}] "
            f"of {len(self.ratios)} pairs"
        )


@dataclass
class Goals:
    """The goals that were told of so far, and whether one of them was missed."""

    missed: bool = False

    def told(self, reached: bool) -> str:
        """Return what became of a goal, in a word."""
        self.missed |= not reached
        return "reached" if reached else "MISSED"

    def leave(self) -> None:
        """End the process, as failed where a goal was missed."""
        sys.exit(1 if self.missed else 0)


def compare(ours: Measure, theirs: Measure, pairs: int) -> Comparison:
    """Measure both `pairs` times, in the order A B B A, after one round to warm up."""
    ours(), theirs()
    result = Comparison()
    for number in range(pairs):
        sides = [(ours, result.our_rate, result.our_cost)]
        sides.append((theirs, result.their_rate, result.their_cost))
        for measure, rates, costs in sides if number % 2 == 0 else reversed(sides):
            rate, cost = measure()
            rates.append(rate)
            costs.append(cost)
    return result
