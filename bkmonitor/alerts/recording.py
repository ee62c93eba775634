"""From verdicts to alerts: the one road by which a problem is opened, altered, ended."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import numpy as np
from django.db import transaction

from bkmonitor.alerts.changes import CHANGED, Changes, end, packed, transition, write
from bkmonitor.alerts.episodes import Known, Step, steps
from bkmonitor.alerts.models import Alert, Note, Transition
from bkmonitor.alerts.watermarks import SourceKey, key_of, of_sources
from bkmonitor.alerts.watermarks import advance as advance_marks
from bkmonitor.evaluation.levels import FIRES, HOLDS, OVER, States
from bkmonitor.evaluation.memory import KEPT, Memory, advance
from bkmonitor.evaluation.texts import render_texts
from bkmonitor.evaluation.verdict import Sentence, Told, Verdicts
from bkmonitor.lib.frame import Severities
from bkmonitor.lib.garbage import collected_later
from bkmonitor.lib.labels import Labels, fingerprint

# What must be known of an open alert beside what may change. The rest is much, and
# loaded for the few whose severity changes.
KNOWN = ["source_kind", "source_id", "fingerprint", "started_at"]
# Of the alerts that go on, how many get their newest value written at a tick.
FRESHENED = 500


@transaction.atomic
def record(batch: Sequence[Verdicts]) -> int:
    """Apply what evaluations said; return how many changes there were.

    Safe to repeat and to run late: the watermarks of the sources are locked first,
    in one order, and verdicts that are not newer than theirs change nothing.
    """
    judged_until = advance_marks({key_of(one.source): one.at for one in batch})
    fresh = [one for one in batch if key_of(one.source) in judged_until]
    open_now = _open_alerts(fresh)
    changes = Changes()
    for verdicts in fresh:
        key = key_of(verdicts.source)
        _Recording(verdicts, judged_until[key], open_now.get(key, {}), changes).run()
    write(changes)
    return len(changes.transitions)


def _open_alerts(batch: Sequence[Verdicts]) -> dict[SourceKey, dict[str, Alert]]:
    found: dict[SourceKey, dict[str, Alert]] = defaultdict(dict)
    if batch:
        sources = of_sources(key_of(verdicts.source) for verdicts in batch)
        rows = Alert.objects.firing().filter(sources).only(*CHANGED, *KNOWN)
        with collected_later():
            for alert in rows.order_by():
                found[alert.source_kind, alert.source_id][alert.fingerprint] = alert
    return found


class _Recording:
    """One source's verdicts, applied to its alerts.

    The rows are the series that the evaluation has seen, and behind them those of
    the open alerts that it has not.
    """

    def __init__(
        self,
        verdicts: Verdicts,
        judged_until: float,
        open_now: dict[str, Alert],
        changes: Changes,
    ) -> None:
        self.verdicts, self.judged_until, self.changes = verdicts, judged_until, changes
        self.moments = [moment.timestamp() for moment in verdicts.moments]
        self.alerts: dict[int, Alert] = {}
        self.keys: list[str] | None = None
        self.absent: list[Alert] = []
        if open_now:
            self._find_rows(dict(open_now))
        self.ended: dict[str, Alert] = {}
        self.memory = Memory.blank(0)

    def run(self) -> None:
        """Fold the moments over what is known, and note what has to change."""
        self._note_missing()
        states = self._states()
        firing = np.flatnonzero((states == FIRES).any(axis=(1, 2)))
        if not self.alerts and not len(firing):
            return
        self.ended = self._ended_of_late(firing)
        shown = self._fold(states)
        rows = self._rows_to_look_at(shown)
        self._load_labels(row for row in rows if shown[row].any())
        for row in rows:
            self._apply(row, shown[row])
        self._note_flapping()
        self._freshen(shown)

    def _find_rows(self, open_now: dict[str, Alert]) -> None:
        self.keys = [fingerprint(labels) for labels in self.verdicts.labels]
        for row, key in enumerate(self.keys):
            alert = open_now.pop(key, None)
            if alert is not None:
                self.alerts[row] = alert
        for alert in open_now.values():
            self.alerts[len(self.keys) + len(self.absent)] = alert
            self.absent.append(alert)

    def _states(self) -> States:
        """Return the states of all rows; of the absent, what being absent means."""
        if not self.absent:
            return self.verdicts.states
        shape = (len(self.absent), *self.verdicts.states.shape[1:])
        absent = np.full(shape, HOLDS, dtype=np.int8)
        for at, alert in enumerate(self.absent):
            if self._is_over(alert):
                absent[at] = OVER
        return np.concatenate([self.verdicts.states, absent])

    def _is_over(self, absent: Alert) -> bool:
        return self.verdicts.absent_is_normal or self._belongs_to_former(absent)

    def _belongs_to_former(self, alert: Alert) -> bool:
        changed_at = self.verdicts.changed_at
        return changed_at is not None and alert.started_at < changed_at

    def _ended_of_late(self, firing: Iterable[int]) -> dict[str, Alert]:
        """Return the newest alerts of series that may open one now, if over of late."""
        opening = [row for row in firing if row not in self.alerts]
        if not opening:
            return {}
        since = self.moments[0] - self.verdicts.flap.window_s
        over = Alert.objects.of_source(*key_of(self.verdicts.source)).filter(
            ended_at__gte=datetime.fromtimestamp(since, UTC)
        )
        fields = ("fingerprint", "ended_at", "changes")
        return {
            alert.fingerprint: alert
            for alert in over.order_by("ended_at").only(*fields)
        }

    def _fold(self, states: States) -> Severities:
        """Return what is shown at each moment, (S, K); keep the memory after the last."""
        memory = self._memory(len(states))
        shown = np.empty(states.shape[:2], dtype=np.int8)
        for at, moment in enumerate(self.moments):
            memory = advance(memory, states[:, at], moment, self.verdicts.flap)
            shown[:, at] = memory.shown
        self.memory = memory
        return shown

    def _memory(self, series: int) -> Memory:
        """Return what was known just before the first moment."""
        memory = Memory.blank(series)
        first = datetime.fromtimestamp(self.moments[0], UTC)
        for row, alert in self.alerts.items():
            _remember(memory, row, alert.changes, self.moments[0])
            if alert.started_at < first:
                calm = alert.calm_since is not None and alert.calm_since < first
                memory.shown[row] = alert.severity
                memory.severity[row] = 0 if calm else alert.severity
        if self.ended and self.keys is None:
            self.keys = [fingerprint(labels) for labels in self.verdicts.labels]
        for row, key in enumerate(self.keys or ()):
            if key in self.ended and row not in self.alerts:
                _remember(memory, row, self.ended[key].changes, self.moments[0])
        return memory

    def _rows_to_look_at(self, shown: Severities) -> Sequence[int]:
        recorded = np.zeros(len(shown), dtype=np.int8)
        for row, alert in self.alerts.items():
            recorded[row] = alert.severity
        new = shown[:, np.asarray(self.moments) > self.judged_until]
        differs = (new != recorded[:, None]).any(axis=1)
        late = (recorded == 0) & shown.any(axis=1)
        return [int(row) for row in np.flatnonzero(differs | late)]

    def _load_labels(self, rows: Iterable[int]) -> None:
        """Load what the texts of open alerts may name, in one query for all."""
        alerts = {
            self.alerts[row].pk: self.alerts[row] for row in rows if row in self.alerts
        }
        found = Alert.objects.in_bulk(alerts) if alerts else {}
        for key, loaded in found.items():
            alerts[key].labels = loaded.labels

    def _apply(self, row: int, shown: Severities) -> None:
        alert, key = self.alerts.get(row), self._key_of(row)
        ended = self.ended.get(key)
        known = Known(
            alert.severity if alert else 0,
            ended.ended_at.timestamp() if ended and ended.ended_at else None,
        )
        for step in steps(shown, self.moments, known, self.judged_until):
            alert = self._take(row, key, alert, step)

    def _take(
        self, row: int, key: str, alert: Alert | None, step: Step
    ) -> Alert | None:
        at = self.verdicts.moments[step.moment]
        if alert is None:
            return self._open(row, key, step, at)
        if not step.severity:
            self._resolve(row, alert, step, at)
            return None
        self._alter(row, alert, step, at)
        return alert

    def _open(self, row: int, key: str, step: Step, at: datetime) -> Alert:
        source = self.verdicts.source
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
        self._move(row, alert, Transition.Kind.FIRED, at)
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
        self._move(row, alert, kind, at)

    def _resolve(self, row: int, alert: Alert, step: Step, at: datetime) -> None:
        reason, sentence = self._end_of(row, alert, step)
        end(alert, at, reason, sentence)
        self.changes.alter(alert)
        self._move(row, alert, Transition.Kind.RESOLVED, at)

    def _end_of(self, row: int, alert: Alert, step: Step) -> tuple[str, Sentence]:
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

    def _note_missing(self) -> None:
        """Say of open alerts that their series' data is missing, or back again."""
        seen = len(self.verdicts.labels)
        for row, alert in self.alerts.items():
            if row < seen and alert.missing_since is not None:
                alert.missing_since = None
                self._note(alert, Note.Kind.DATA_BACK)
            elif (
                row >= seen and alert.missing_since is None and not self._is_over(alert)
            ):
                alert.missing_since = self.verdicts.at
                self._note(alert, Note.Kind.DATA_MISSING)

    def _note_flapping(self) -> None:
        """Say of open alerts that their problem is over but the series flaps."""
        for row, alert in self.alerts.items():
            problem, shown = self.memory.severity[row], self.memory.shown[row]
            held = alert.ended_at is None and shown and not problem
            if held and alert.calm_since is None:
                alert.calm_since = self.verdicts.at
                alert.changes = _changes_of(self.memory, row)
                self._note(alert, Note.Kind.FLAPPING, str(len(alert.changes)))
            elif not held and alert.calm_since is not None and alert.ended_at is None:
                alert.calm_since = None
                alert.changes = _changes_of(self.memory, row)
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

    def _move(self, row: int, alert: Alert, kind: str, at: datetime) -> None:
        alert.changes = _changes_of(self.memory, row)
        self.changes.transitions.append(transition(alert, kind, at))

    def _key_of(self, row: int) -> str:
        if row >= len(self.verdicts.labels):
            return self.alerts[row].fingerprint
        if self.keys is not None:
            return self.keys[row]
        return fingerprint(self.verdicts.labels[row])


def _remember(
    memory: Memory, row: int, changes: Sequence[float], before: float
) -> None:
    kept = [moment for moment in changes if moment < before][-KEPT:]
    if kept:
        memory.changes[row, -len(kept) :] = kept


def _changes_of(memory: Memory, row: int) -> list[float]:
    moments = memory.changes[row]
    return [float(moment) for moment in moments[~np.isnan(moments)]]


def _storable_value(value: float) -> float | None:
    """NaN and infinities have no place in JSON; a limit knows them as they are."""
    return float(value) if np.isfinite(value) else None


def _storable(labels: Labels) -> Labels:
    """PostgreSQL's JSON has no NUL; a sender may have put one into a label."""
    return {name: value.replace("\0", "\ufffd") for name, value in labels.items()}
