"""From verdicts to alerts: the one road by which a problem is opened, altered, ended."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

import numpy as np
from django.db import transaction
from django.db.models import Q

from bkmonitor.alerts.changes import CHANGED, Changes, end, packed, transition, write
from bkmonitor.alerts.episodes import Known, Step, steps
from bkmonitor.alerts.gaps import row_gaps
from bkmonitor.alerts.history import History, go_on, remember, settle
from bkmonitor.alerts.models import Alert, Note, Transition
from bkmonitor.alerts.watermarks import SourceKey, key_of, of_sources
from bkmonitor.alerts.watermarks import advance as advance_marks
from bkmonitor.evaluation.levels import FIRES, HOLDS, OVER, States
from bkmonitor.evaluation.memory import Memory, advance
from bkmonitor.evaluation.texts import render_texts
from bkmonitor.evaluation.verdict import Sentence, Told, Verdicts
from bkmonitor.lib.frame import Severities
from bkmonitor.lib.garbage import collected_later
from bkmonitor.lib.labels import Labels, fingerprint, fingerprints

# What must be known of an open alert beside what may change. The rest is much, and
# loaded for the few whose severity changes.
KNOWN = ["source_kind", "source_id", "fingerprint", "started_at"]
# Of the alerts that go on, how many get their newest value written at a tick.
FRESHENED = 500
# Up to how many series a query names one by one.
MOST_NAMED = 500


@transaction.atomic
def record(batch: Sequence[Verdicts]) -> int:
    """Apply what evaluations said; return how many changes there were.

    Safe to repeat and to run late: the watermarks of the sources are locked first,
    in one order, and verdicts that are not newer than theirs change nothing.
    """
    behind = advance_marks({key_of(one.source): one.at for one in batch})
    fresh = [one for one in batch if key_of(one.source) in behind]
    newest = _newest_alerts(fresh)
    changes = Changes()
    for verdicts in fresh:
        known = newest.get(key_of(verdicts.source), {})
        _Recording(verdicts, known, changes).run()
    write(changes)
    return len(changes.transitions)


def _newest_alerts(batch: Sequence[Verdicts]) -> dict[SourceKey, dict[str, Alert]]:
    """Return the alerts that are open, or ended in the time that is judged again."""
    found: dict[SourceKey, dict[str, Alert]] = defaultdict(dict)
    if batch:
        sources = of_sources(key_of(verdicts.source) for verdicts in batch)
        since = min(verdicts.moments[0] for verdicts in batch)
        alive = Q(state=Alert.State.FIRING) | Q(ended_at__gte=since)
        rows = Alert.objects.filter(sources, alive).only(*CHANGED, *KNOWN)
        with collected_later():
            for alert in rows.order_by("pk"):
                found[alert.source_kind, alert.source_id][alert.fingerprint] = alert
    return found


class _Recording:
    """One source's verdicts, applied to its alerts.

    The rows are the series that the evaluation has seen, and behind them those of
    the open alerts that it has not.
    """

    def __init__(
        self, verdicts: Verdicts, newest: dict[str, Alert], changes: Changes
    ) -> None:
        self.verdicts, self.changes = verdicts, changes
        self.moments = [moment.timestamp() for moment in verdicts.moments]
        # By row: the open alert, and else one that has been over for so short a time
        # that moments before its end are judged again or that it counts as a flap.
        self.alerts: dict[int, Alert] = {}
        self.over: dict[int, Alert] = {}
        self.opened: dict[int, Alert] = {}
        self.settled: dict[int, History] = {}
        self.keys: list[str] | None = None
        self.absent: list[Alert] = []
        if newest:
            self._find_rows(newest)
        self.memory = Memory.blank(0)

    def run(self) -> None:
        """Fold the moments over what is known, and note what has to change."""
        states = self._states()
        firing = np.flatnonzero((states == FIRES).any(axis=(1, 2)))
        if not self.alerts and not self.over and not len(firing):
            return
        self._find_ended(firing)
        known = self.over | self.alerts
        self.gaps = row_gaps(self.verdicts, [*known, *firing.tolist()], known)
        self._note_missing(self.alerts)
        severity, shown = self._fold(self.gaps.over(states))
        rows = self._rows_to_look_at(severity, shown)
        todo = {row: self._steps(row, shown[row]) for row in rows}
        self._load_labels(
            row for row, found in todo.items() if any(step.severity for step in found)
        )
        for row, found in todo.items():
            self._apply(row, found, severity[row])
        self._note_missing(self.opened)
        self._note_flapping()
        self._freshen(shown)

    def _find_rows(self, newest: dict[str, Alert]) -> None:
        rows = {key: row for row, key in enumerate(self._all_keys())}
        for key, alert in newest.items():
            row = rows.get(key)
            if alert.ended_at is not None:
                if row is not None:
                    self.over[row] = alert
            elif row is not None:
                self.alerts[row] = alert
            else:
                self.alerts[len(rows) + len(self.absent)] = alert
                self.absent.append(alert)

    def _all_keys(self) -> list[str]:
        if self.keys is None:
            self.keys = fingerprints(self.verdicts.labels)
        return self.keys

    def _states(self) -> States:
        """Return the states of all rows; of the absent, what being absent means."""
        if not self.absent:
            return self.verdicts.states
        shape = (len(self.absent), *self.verdicts.states.shape[1:])
        absent = np.empty(shape, dtype=np.int8)
        absent[:] = np.asarray(self.verdicts.absent, dtype=np.int8)
        for at, alert in enumerate(self.absent):
            if self._belongs_to_former(alert):
                absent[at] = OVER
        return np.concatenate([self.verdicts.states, absent])

    def _is_missing(self, absent: Alert) -> bool:
        return HOLDS in self.verdicts.absent and not self._belongs_to_former(absent)

    def _belongs_to_former(self, alert: Alert) -> bool:
        changed_at = self.verdicts.changed_at
        return changed_at is not None and alert.started_at < changed_at

    def _find_ended(self, firing: Iterable[int]) -> None:
        """Find what is over of series that fire, for a flap counts earlier changes."""
        flap = self.verdicts.flap
        new = [row for row in firing if row not in self.alerts and row not in self.over]
        if not flap.count or not new:
            return
        since = datetime.fromtimestamp(self.moments[0] - flap.window_s, UTC)
        ended = Alert.objects.of_source(*key_of(self.verdicts.source)).filter(
            ended_at__gte=since
        )
        if len(new) <= MOST_NAMED:
            ended = ended.filter(fingerprint__in=[self._key_of(row) for row in new])
        found = {
            alert.fingerprint: alert
            for alert in ended.only(*CHANGED, *KNOWN).order_by("pk")
        }
        for row in new if found else ():
            if (alert := found.get(self._key_of(row))) is not None:
                self.over[row] = alert

    def _fold(self, states: States) -> tuple[Severities, Severities]:
        """Return severity and what is shown at each moment, (S, K); keep the memory."""
        memory = self._memory(len(states))
        severity = np.empty(states.shape[:2], dtype=np.int8)
        shown = np.empty_like(severity)
        for at, moment in enumerate(self.moments):
            memory = advance(memory, states[:, at], moment, self.verdicts.flap)
            severity[:, at], shown[:, at] = memory.severity, memory.shown
        self.memory = memory
        return severity, shown

    def _memory(self, series: int) -> Memory:
        """Return what was known just before the first moment."""
        memory, first = Memory.blank(series), self.moments[0]
        for row, alert in (self.over | self.alerts).items():
            self.settled[row] = settled = settle(_history_of(alert), first)
            remember(memory, row, settled, first, self.verdicts.flap)
        return memory

    def _rows_to_look_at(self, severity: Severities, shown: Severities) -> list[int]:
        recorded = np.zeros(len(shown), dtype=np.int8)
        for row, alert in self.alerts.items():
            recorded[row] = alert.severity
        look = (shown != recorded[:, None]).any(axis=1)
        for row, alert in (self.over | self.alerts).items():
            settled = self.settled[row]
            last = settled[-1][1] if settled else 0
            moved = len(settled) != len(alert.changes)
            look[row] |= moved or (severity[row] != last).any()
        return np.flatnonzero(look).tolist()

    def _load_labels(self, rows: Iterable[int]) -> None:
        """Load what the texts of open alerts may name, in one query for all."""
        alerts = {
            self.alerts[row].pk: self.alerts[row] for row in rows if row in self.alerts
        }
        found = Alert.objects.in_bulk(alerts) if alerts else {}
        for key, loaded in found.items():
            alerts[key].labels = loaded.labels

    def _steps(self, row: int, shown: Severities) -> list[Step]:
        known = _known(self.alerts.get(row), self.over.get(row))
        return steps(shown, self.moments, known)

    def _apply(self, row: int, found: Sequence[Step], severity: Severities) -> None:
        history = go_on(self.settled.get(row, []), self.moments, severity)
        alert = self.alerts.get(row)
        newest = alert or self.over.get(row)
        for step in found:
            alert = self._take(row, alert, step)
            newest = alert or newest
        if newest is not None and newest.changes != history:
            newest.changes = history
            self.changes.alter(newest)

    def _take(self, row: int, alert: Alert | None, step: Step) -> Alert | None:
        at = self.verdicts.moments[step.moment]
        if alert is None:
            return self._open(row, step, at)
        if not step.severity:
            self._resolve(row, alert, step, at)
            return None
        self._alter(row, alert, step, at)
        return alert

    def _open(self, row: int, step: Step, at: datetime) -> Alert:
        source, key = self.verdicts.source, self._key_of(row)
        told = self.verdicts.tell(row, step.moment, step.severity)
        labels = _storable({**self.verdicts.labels[row], **source.labels})
        value = _storable_value(told.value)
        summary, description = render_texts(source, labels, value, step.severity)
        alert = Alert(
            space_id=source.space_id,
            source_kind=source.kind,
            source_id=source.id,
            source_name=source.name,
            labels=labels,
            fingerprint=key,
            open_key=f"{source.kind}:{source.id}:{key}",
            severity=step.severity,
            value=value,
            sentence=packed(told.sentence),
            summary=summary,
            description=description,
            runbook_url=source.runbook_url,
            started_at=at,
        )
        self.changes.opened.append(alert)
        self.opened[row] = alert
        self._move(alert, Transition.Kind.FIRED, at)
        return alert

    def _alter(self, row: int, alert: Alert, step: Step, at: datetime) -> None:
        before = alert.severity
        alert.severity = step.severity
        self._tell(alert, self._told(row, step.moment, step.severity))
        alert.summary, alert.description = render_texts(
            self.verdicts.source, alert.labels, alert.value, step.severity
        )
        worse = step.severity < before
        kind = Transition.Kind.WORSENED if worse else Transition.Kind.EASED
        self.changes.reword(alert)
        self._move(alert, kind, at)

    def _resolve(self, row: int, alert: Alert, step: Step, at: datetime) -> None:
        reason, sentence = self._end_of(row, alert, step)
        end(alert, at, reason, sentence)
        self.changes.alter(alert)
        self._move(alert, Transition.Kind.RESOLVED, at)

    def _end_of(self, row: int, alert: Alert, step: Step) -> tuple[str, Sentence]:
        at = self.moments[step.moment]
        missing_s = self.gaps.forgotten_for(row, step.moment, at)
        if missing_s is not None and not self._belongs_to_former(alert):
            return "forgotten", Sentence("resolved.forgotten", {"missing_s": missing_s})
        if row < len(self.verdicts.labels):
            told = self._told(row, step.moment, 0)
            value = _storable_value(told.value)
            return "normal", told.sentence or Sentence(
                "resolved.normal", {"value": value}
            )
        if self._belongs_to_former(alert):
            return "source_changed", Sentence("resolved.source_changed")
        return "absent", Sentence("resolved.absent")

    def _told(self, row: int, moment: int, severity: int) -> Told:
        if row < len(self.verdicts.labels):
            return self.verdicts.tell(row, moment, severity)
        return Told(np.nan, None)

    def _note_missing(self, alerts: Mapping[int, Alert]) -> None:
        """Say of open alerts that their series' data is missing, or back again."""
        seen, newest = len(self.verdicts.labels), self.gaps.newest()
        longest = self.moments[-1] - self.verdicts.forgetting.keeps_s
        for row, alert in alerts.items():
            since, before = newest[row], alert.missing_since
            if row >= seen or since < longest:
                if self._is_missing(alert):
                    alert.missing_since = datetime.fromtimestamp(since, UTC)
            else:
                alert.missing_since = None
            if alert.missing_since != before:
                self.changes.alter(alert)
            if (before is None) != (alert.missing_since is None):
                kind = Note.Kind.DATA_MISSING if before is None else Note.Kind.DATA_BACK
                self._note(alert, kind)

    def _note_flapping(self) -> None:
        """Say of open alerts that their problem is over but the series flaps."""
        for row, alert in self.alerts.items():
            problem, shown = self.memory.severity[row], self.memory.shown[row]
            held = alert.ended_at is None and shown and not problem
            if held and alert.calm_since is None:
                alert.calm_since = self.verdicts.at
                self._note(alert, Note.Kind.FLAPPING, str(len(alert.changes)))
            elif not held and alert.calm_since is not None and alert.ended_at is None:
                alert.calm_since = None
                self.changes.alter(alert)

    def _freshen(self, shown: Severities) -> None:
        """Write the newest values of some alerts that go on; of a crowd not of all.

        A hundred thousand open alerts would cost as many rows at every tick.
        """
        last = len(self.moments) - 1
        for row, alert in self.alerts.items():
            if len(self.changes.altered) >= FRESHENED:
                return
            severity = int(shown[row, last])
            if row >= len(self.verdicts.labels) or not severity or alert.ended_at:
                continue
            told = self._told(row, last, severity)
            if told.sentence and packed(told.sentence) != alert.sentence:
                self._tell(alert, told)
                self.changes.alter(alert)

    @staticmethod
    def _tell(alert: Alert, told: Told) -> None:
        alert.value = _storable_value(told.value)
        if told.sentence:
            alert.sentence = packed(told.sentence)

    def _note(self, alert: Alert, kind: str, text: str = "") -> None:
        self.changes.alter(alert)
        note = Note(alert=alert, kind=kind, at=self.verdicts.at, text=text)
        self.changes.notes.append(note)

    def _move(self, alert: Alert, kind: str, at: datetime) -> None:
        self.changes.transitions.append(transition(alert, kind, at))

    def _key_of(self, row: int) -> str:
        if row >= len(self.verdicts.labels):
            return self.alerts[row].fingerprint
        if self.keys is not None:
            return self.keys[row]
        return fingerprint(self.verdicts.labels[row])


def _history_of(alert: Alert) -> Sequence[Sequence[float]]:
    """Return what was judged of an alert's series until it was last written."""
    history = alert.changes or [[alert.started_at.timestamp(), alert.severity]]
    if alert.ended_at is not None and history[-1][1]:
        # Not the series' values have ended it, but who took its source away.
        return [*history, [alert.ended_at.timestamp(), 0]]
    return history


def _known(alert: Alert | None, over: Alert | None) -> Known:
    if alert is not None:
        changed = alert.changes[-1][0] if alert.changes else -np.inf
        return Known(alert.severity, max(alert.started_at.timestamp(), changed))
    if over is not None and over.ended_at is not None:
        return Known(0, over.ended_at.timestamp())
    return Known()


def _storable_value(value: float) -> float | None:
    """NaN and infinities have no place in JSON; a limit knows them as they are."""
    return float(value) if np.isfinite(value) else None


def _storable(labels: Labels) -> Labels:
    """PostgreSQL's JSON has no NUL; a sender may have put one into a label."""
    return {name: value.replace("\0", "\ufffd") for name, value in labels.items()}
