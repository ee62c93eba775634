"""promtool's unit tests of rules: read, and written, so that it says whether we agree."""

import re
import struct
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bkmonitor.lib.durations import parse_duration, write_duration
from tests.servers import need

# What Prometheus writes where a series ends: one of the many NaNs.
STALE: float = struct.unpack("<d", struct.pack("<Q", 0x7FF0000000000002))[0]
NUMBER = r"[-+]?(?:\d+\.?\d*(?:e[-+]?\d+)?|NaN|Inf)"
ITEM = re.compile(
    rf"(?P<word>_|stale|{NUMBER})(?:(?P<step>[-+]\d+\.?\d*))?(?:x(?P<times>\d+))?\Z"
)
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')

Labels = dict[str, str]


@dataclass(frozen=True)
class Series:
    """A series of a unit test: its labels, and a value or None for each interval."""

    labels: Labels
    values: Sequence[float | None]


def parse_series(series: str, values: str) -> Series:
    """Read what stands in `input_series`."""
    name, _, rest = series.partition("{")
    labels = {key: text.replace('\\"', '"') for key, text in LABEL.findall(rest)}
    expanded = [value for item in values.split() for value in _expanded(item)]
    return Series({"__name__": name, **labels}, expanded)


def _expanded(item: str) -> Iterator[float | None]:
    found = ITEM.match(item)
    assert found, f"{item!r} is none of promtool's notations"
    word, times = found["word"], int(found["times"] or 0)
    if word == "_":
        yield from [None] * max(times, 1)
        return
    value = STALE if word == "stale" else float(word)
    for number in range(times + 1):
        yield value + number * float(found["step"]) if found["step"] else value


@dataclass(frozen=True)
class Case:
    """One test of a unit test file."""

    name: str
    interval_s: int
    series: Sequence[Series]
    expected: Sequence[Mapping[str, Any]]
    raw: Mapping[str, Any]

    @property
    def end_s(self) -> int:
        """Return the last moment; every series says what it is there.

        For what a store makes of one that merely ends is its own affair.
        """
        (length,) = {len(one.values) for one in self.series}
        return self.interval_s * (length - 1)


@dataclass(frozen=True)
class UnitFile:
    """A unit test file, and the rules it is about."""

    path: Path
    rules: Path
    step_s: int
    cases: Sequence[Case]


def read_unit_file(path: Path) -> UnitFile:
    """Read a file that tests one rule file."""
    raw = yaml.safe_load(path.read_text())
    (rules,) = raw["rule_files"]
    cases = [
        Case(
            name=one["name"],
            interval_s=seconds(one["interval"]),
            series=[parse_series(**each) for each in one["input_series"]],
            expected=one["alert_rule_test"],
            raw=one,
        )
        for one in raw["tests"]
    ]
    folder = path.parent
    return UnitFile(
        path, (folder / rules).resolve(), seconds(raw["evaluation_interval"]), cases
    )


def seconds(text: str) -> int:
    """Return a length of time of a unit test file."""
    found = parse_duration(text)
    assert found is not None
    return int(found)


def write_check(
    path: Path,
    unit: UnitFile,
    case: Case,
    rules: str,
    said: Mapping[tuple[int, str], list[Any]],
) -> None:
    """Write a test of the same series that expects what was said of every moment."""
    path.with_suffix(".rules").write_text(rules)
    tests = [
        {
            "eval_time": write_duration(at_s),
            "alertname": name,
            "exp_alerts": [
                {"exp_labels": labels, "exp_annotations": texts}
                for labels, texts in alerts
            ],
        }
        for (at_s, name), alerts in said.items()
    ]
    whole = {
        "rule_files": [str(path.with_suffix(".rules"))],
        "evaluation_interval": write_duration(unit.step_s),
        "tests": [dict(case.raw) | {"alert_rule_test": tests}],
    }
    path.write_text(yaml.safe_dump(whole, sort_keys=False))


def promtool(*words: str) -> str:
    """Run promtool; return what it wrote. Fails with that if promtool does."""
    done = subprocess.run(
        [need("promtool"), *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{done.stdout[-5000:]}\n{done.stderr[-5000:]}"
    return done.stdout
