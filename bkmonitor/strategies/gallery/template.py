"""What a ready strategy is made of."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bkmonitor.strategies.promql import metric_names

CRITICAL, WARNING = 1, 2
Level = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A ready strategy, and what there is to know of it before it is used.

    key       its name in addresses
    title     what it notices; the strategy's name. Marked for translation, as `about`
    about     when it is a problem, and what is behind it
    strategy  the fields of the strategy but for its name
    needs     the metrics it needs, if those that its expressions name are not it
    """

    key: str
    title: str
    about: str
    strategy: Mapping[str, Any]
    needs: tuple[str, ...] = ()

    @property
    def fields(self) -> dict[str, Any]:
        """Return the fields that a strategy made from this is saved with."""
        return {"name": self.title, "interval_s": 60, **self.strategy}

    @property
    def metrics(self) -> frozenset[str]:
        """Return the names of the metrics without which it judges nothing."""
        named = frozenset(
            name
            for expression in self._expressions()
            for name in metric_names(expression)
        )
        return frozenset(self.needs) or named

    def _expressions(self) -> Iterator[str]:
        yield self.strategy["expression"]
        yield from (
            level["expression"]
            for level in self.strategy["levels"]
            if "expression" in level
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What several templates watch.

    sender  who sends the metrics, by the name of the program
    how     how its samples get here, in a sentence that is marked for translation
    """

    key: str
    title: str
    sender: str
    how: str
    templates: tuple[Template, ...] = field(repr=False)


def above(
    *, warning: float | None = None, critical: float | None = None
) -> list[Level]:
    """Return levels for values that are too large."""
    return _limits(">", warning, critical)


def below(
    *, warning: float | None = None, critical: float | None = None
) -> list[Level]:
    """Return levels for values that are too small."""
    return _limits("<", warning, critical)


def level(severity: int, *detectors: Mapping[str, Any]) -> Level:
    """Return a level for points that all of the detectors find anomalous."""
    return {"severity": severity, "detectors": [dict(each) for each in detectors]}


def there(severity: int) -> Level:
    """Return a level for whatever an expression that filters returns."""
    return level(severity, {"kind": "present"})


def limit(operator: str, value: float) -> dict[str, Any]:
    """Return a fixed limit as a detector."""
    groups = [[{"operator": operator, "value": float(value)}]]
    return {"kind": "threshold", "any_of": groups}


def lasting(points: int, *, of: int | None = None, recovery: int = 5) -> dict[str, int]:
    """Return a trigger: so many points anomalous of so many, and what ends it."""
    return {
        "trigger_count": points,
        "trigger_window": of or points,
        "recovery_window": recovery,
    }


def missed(severity: int, *, after: int = 5) -> dict[str, Any]:
    """Return the policy that tells of every series that stops coming."""
    return {"policy": "series", "after": after, "severity": severity}


def _limits(
    operator: str, warning: float | None, critical: float | None
) -> list[Level]:
    wanted = ((CRITICAL, critical), (WARNING, warning))
    return [
        level(severity, limit(operator, value))
        for severity, value in wanted
        if value is not None
    ]
