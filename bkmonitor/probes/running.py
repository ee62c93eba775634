"""One look at each of a batch of probes' targets, and what is written of it."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bkmonitor.lib.errors import InvalidInput
from bkmonitor.lib.telemetry import PROBES
from bkmonitor.probes.kinds.look import Look, Outcome, Target
from bkmonitor.probes.kinds.registry import KINDS
from bkmonitor.probes.models import Probe
from bkmonitor.probes.rows import as_column
from bkmonitor.probes.samples import label_set, write_samples

# Enough for the bars of a page; a longer window keeps more.
KEPT = 60
LONGEST_TEXT = 300
STATES = {
    Outcome.UP: (1, Probe.State.UP),
    Outcome.DOWN: (0, Probe.State.DOWN),
    Outcome.NOT_JUDGED: (None, Probe.State.UNKNOWN),
}


@dataclass(frozen=True, slots=True)
class RunReport:
    """What came of a run.

    probes    the rows as they are after it, to be judged
    samples   lines of the text exposition format by the slug of their space
    written   the columns of the probes that were looked at
    counts    looks by outcome
    """

    probes: tuple[Probe, ...]
    samples: Mapping[str, bytes]
    written: Sequence[Mapping[str, Any]]
    counts: Mapping[str, int]


def look_at_rows(
    rows: Sequence[Probe], tick: int, at: int, *, allow_private: bool
) -> RunReport:
    """Look at the targets of the rows that were not looked at since the tick.

    The rows are changed in memory; `written` is what has to be stored. Units: tick
    and at are Unix seconds, `at` is the moment that the looks are noted under.
    """
    since = datetime.fromtimestamp(tick, UTC)
    todo = [row for row in rows if row.last_run_at is None or row.last_run_at < since]
    looks = _look_by_kind(todo, allow_private=allow_private)
    lines: dict[str, list[str]] = defaultdict(list)
    counts: Counter[str] = Counter()
    by_kind: Counter[tuple[str, str]] = Counter()
    for probe, look in zip(todo, looks, strict=True):
        _note(probe, look, at)
        labels = label_set(probe.name, probe.target, probe.labels)
        lines[probe.space.slug].append(write_samples(labels, look, at * 1000))
        counts[look.outcome] += 1
        by_kind[probe.kind, look.outcome] += 1
    for (kind, outcome), number in by_kind.items():
        PROBES.labels(kind, outcome).inc(number)
    samples = {space: "".join(some).encode() for space, some in lines.items()}
    return RunReport(
        probes=tuple(rows),
        samples={space: text for space, text in samples.items() if text},
        written=[_columns(probe) for probe in todo],
        counts=counts,
    )


def _look_by_kind(probes: Sequence[Probe], *, allow_private: bool) -> list[Look]:
    """Look at all targets; the kinds do not wait for one another."""
    looks: dict[int, Look] = {}
    by_kind: dict[str, list[Probe]] = defaultdict(list)
    for probe in probes:
        try:
            KINDS[probe.kind].check(probe.target, probe.settings)
            by_kind[probe.kind].append(probe)
        except InvalidInput as error:
            # Stored by a release that knew other settings.
            looks[probe.pk] = Look(Outcome.NOT_JUDGED, 0.0, str(error))

    def look(kind: str) -> None:
        some = by_kind[kind]
        targets = [Target(p.target, float(p.timeout_s), p.settings) for p in some]
        seen = KINDS[kind].look(targets, allow_private=allow_private)
        looks.update(zip((probe.pk for probe in some), seen, strict=True))

    if len(by_kind) > 1:
        with ThreadPoolExecutor(len(by_kind)) as pool:
            list(pool.map(look, by_kind))
    else:
        for kind in by_kind:
            look(kind)
    return [looks[probe.pk] for probe in probes]


def _note(probe: Probe, look: Look, at: int) -> None:
    mark, state = STATES[look.outcome]
    entry = [at, mark, round(look.seconds, 6), look.text[:LONGEST_TEXT]]
    kept = max(KEPT, probe.trigger_window + probe.recovery_window)
    probe.results = [*probe.results, entry][-kept:]
    probe.state = state
    probe.last_run_at = datetime.fromtimestamp(at, UTC)
    if look.certificate_expires_at is not None:
        probe.certificate_expires_at = datetime.fromtimestamp(
            look.certificate_expires_at, UTC
        )
    elif look.outcome is Outcome.UP:
        probe.certificate_expires_at = None


def _columns(probe: Probe) -> dict[str, Any]:
    return {
        "id": probe.pk,
        "kind": probe.kind,
        "target": probe.target,
        "results": probe.results,
        "state": probe.state,
        "last_run_at": as_column(probe.last_run_at),
        "certificate_expires_at": as_column(probe.certificate_expires_at),
    }
