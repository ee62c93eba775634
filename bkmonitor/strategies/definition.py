"""What a strategy asks for, parsed from the fields of its row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bkmonitor.detection.port import Detector
from bkmonitor.detection.registry import COMPARING, parse_detector
from bkmonitor.lib.errors import InvalidInput
from bkmonitor.strategies.no_data import DAY_S, parse_no_data
from bkmonitor.strategies.promql import filters

ALL, ANY = "all", "any"
SEVERITIES = (1, 2, 3)
MOST_POINTS = 1000
LEVEL_FIELDS = frozenset(
    {"severity", "detectors", "match", "expression", "trigger", "over_when"}
)


@dataclass(frozen=True, slots=True)
class Level:
    """When a series has a problem of one severity.

    expression  the PromQL whose series are judged
    filters     a series that is absent is normal, for the expression drops it, or
                because being there is all that is asked of it
    match       whether all detectors must find a point anomalous, or any of them
    count, window, recovery  the trigger, in points
    over_when   what a point must be for the problem to end, if not just normal
    """

    severity: int
    expression: str
    filters: bool
    detectors: tuple[Detector, ...]
    match: str
    count: int
    window: int
    recovery: int
    over_when: Detector | None = None

    @property
    def only_present(self) -> bool:
        """Return whether being there is all that is asked of a point."""
        return all(detector.kind == "present" for detector in self.detectors)


@dataclass(frozen=True, slots=True)
class Definition:
    """All that an evaluation needs to know of a strategy.

    forget_s  after how long without a sample a series is forgotten
    """

    interval_s: int
    levels: tuple[Level, ...]
    late_periods: int = 0
    flap_count: int = 0
    flap_window_s: int = 0
    unit: str = ""
    forget_s: int = 7 * DAY_S

    @property
    def absent_is_normal(self) -> bool:
        """Return whether a series that no level's expression returns is normal."""
        return all(level.filters for level in self.levels)

    @property
    def compares_series(self) -> bool:
        """Return whether what is said of a series depends on which others there are."""
        kinds = {one.kind for level in self.levels for one in level.detectors}
        return not kinds.isdisjoint(COMPARING)


def parse_definition(fields: Mapping[str, Any]) -> Definition:
    """Return the definition in the fields of a strategy's row, saved or not.

    Errors  InvalidInput names the first thing that is wrong of `levels`, or of the
            expression.
    """
    levels = tuple(_level(raw, fields) for raw in _entries(fields.get("levels")))
    if len({level.severity for level in levels}) < len(levels):
        raise _wrong("each severity can stand there once")
    return Definition(
        interval_s=int(fields["interval_s"]),
        levels=levels,
        late_periods=int(fields.get("late_periods", 0)),
        flap_count=int(fields.get("flap_count", 0)),
        flap_window_s=int(fields.get("flap_window_s", 0)),
        unit=str(fields.get("unit", "")),
        forget_s=parse_no_data(fields.get("no_data") or {}).forget_s,
    )


@dataclass(frozen=True, slots=True)
class LimitLine:
    """A fixed limit that a chart draws as a line."""

    severity: int
    operator: str
    value: float


def limit_lines(levels: Sequence[Mapping[str, Any]]) -> list[LimitLine]:
    """Return the fixed limits of a strategy's levels, as a chart draws them."""
    return [
        LimitLine(level["severity"], condition["operator"], condition["value"])
        for level in levels
        for detector in level["detectors"]
        if detector["kind"] == "threshold"
        for group in detector["any_of"]
        for condition in group
    ]


def _entries(raw: Any) -> Sequence[Mapping[str, Any]]:
    if not isinstance(raw, Sequence) or isinstance(raw, str) or not raw:
        raise _wrong("at least one is needed, else nothing is ever a problem")
    for entry in raw:
        if not isinstance(entry, Mapping):
            raise _wrong(f"{entry!r} is not a level")
        if unknown := set(entry) - LEVEL_FIELDS:
            raise _wrong(f"a level has no {', '.join(sorted(unknown))}")
    return raw


def _level(raw: Mapping[str, Any], fields: Mapping[str, Any]) -> Level:
    severity, match = raw.get("severity"), raw.get("match", ALL)
    if severity not in SEVERITIES:
        raise _wrong(f"severity {severity!r} is none of 1, 2, 3")
    if match not in (ALL, ANY):
        raise _wrong(f"match {match!r} is none of all, any")
    expression = str(raw.get("expression") or fields.get("expression", ""))
    detectors = _detectors(raw.get("detectors"))
    only_present = all(detector.kind == "present" for detector in detectors)
    count, window, recovery = _trigger(raw.get("trigger"), fields)
    return Level(
        severity=severity,
        expression=expression,
        filters=filters(expression) or only_present,
        detectors=detectors,
        match=match,
        count=count,
        window=window,
        recovery=recovery,
        over_when=_over_when(raw.get("over_when")),
    )


def _detectors(raw: Any) -> tuple[Detector, ...]:
    if not isinstance(raw, Sequence) or isinstance(raw, str) or not raw:
        raise _wrong("each level needs at least one detector")
    found = []
    for entry in raw:
        if not isinstance(entry, Mapping):
            raise _wrong(f"{entry!r} is not a detector")
        try:
            found.append(parse_detector(entry))
        except InvalidInput as error:
            raise _wrong(str(error)) from error
    return tuple(found)


def _trigger(raw: Any, fields: Mapping[str, Any]) -> tuple[int, int, int]:
    given = raw or {}
    if not isinstance(given, Mapping) or set(given) - {"count", "window", "recovery"}:
        raise _wrong(f"a trigger has count, window and recovery, not {raw!r}")
    numbers = (
        given.get("count", fields.get("trigger_count", 1)),
        given.get("window", fields.get("trigger_window", 1)),
        given.get("recovery", fields.get("recovery_window", 1)),
    )
    if not all(isinstance(number, int) for number in numbers):
        raise _wrong(f"a trigger has whole numbers, not {raw!r}")
    count, window, recovery = numbers
    if not (1 <= count <= window <= MOST_POINTS and 1 <= recovery <= MOST_POINTS):
        raise _wrong(
            f"a trigger needs 1 ≤ count ≤ window ≤ {MOST_POINTS} and "
            f"1 ≤ recovery ≤ {MOST_POINTS}, not {count} of {window}, {recovery}"
        )
    return count, window, recovery


def _over_when(raw: Any) -> Detector | None:
    if not raw:
        return None
    try:
        return parse_detector({"kind": "threshold", "any_of": raw})
    except InvalidInput as error:
        raise _wrong(f"over_when: {error}") from error


def _wrong(sentence: str) -> InvalidInput:
    return InvalidInput(f"levels: {sentence}", {"levels": sentence})
