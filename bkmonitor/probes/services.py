"""The verbs of probes and heartbeats: the only code that writes this room's tables."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, Model, Q, Window
from django.db.models.functions import RowNumber
from django.utils.translation import gettext as _

from bkmonitor.accounts.models import Space, User
from bkmonitor.accounts.rows import store
from bkmonitor.accounts.validation import check_row, check_stays_home
from bkmonitor.lib.errors import InvalidInput
from bkmonitor.lib.garbage import collected_later
from bkmonitor.lib.labels import check_labels
from bkmonitor.probes import pings
from bkmonitor.probes.kept import join_settings, secrets_kept
from bkmonitor.probes.kinds.registry import KINDS
from bkmonitor.probes.lateness import Standing, deadline, postponed, stand, time_away
from bkmonitor.probes.models import Heartbeat, Listening, Ping, Probe
from bkmonitor.probes.rows import as_column, update_probes
from bkmonitor.probes.running import RunReport, look_at_rows
from bkmonitor.probes.slots import next_slot

logger = logging.getLogger(__name__)

PROBE_FIELDS = (
    "name", "kind", "target", "settings", "interval_s", "timeout_s", "severity",
    "trigger_count", "trigger_window", "recovery_window", "labels", "runbook_url", "enabled",
)  # fmt: skip
HEARTBEAT_FIELDS = (
    "name", "period_s", "grace_s", "severity", "labels", "runbook_url", "enabled",
)  # fmt: skip
# What a probe saw of another target says nothing of this one.
LOOKED_AT = ("kind", "target", "settings")
LONGEST_WINDOW = 100
# Targets with a long timeout run apart: nobody waits for them but they themselves.
PATIENT_S = 10
PINGS_KEPT = 100
OUTCOMES = {"new": "new", "up": "up", "late": "down", "failed": "down"}


def save_probe(
    space: Space,
    fields: Mapping[str, Any],
    *,
    by: User | None,
    now: datetime,
    probe: Probe | None = None,
) -> Probe:
    """Make a probe, or change the one given, and have it run at once.

    `fields` may leave out what stays as it is; of settings, `join_settings` tells
    how they join those that are kept. Secrets do not go to another server: they are
    given again or taken away. Raises InvalidInput with what is wrong of each field;
    nothing is written then. Who calls ends the alerts of a probe that is disabled.
    """
    probe = probe or Probe(space=space)
    before = [getattr(probe, name) for name in LOOKED_AT]
    given = fields.get("settings", {})
    # What one kind kept means nothing to another.
    kept = probe.settings if fields.get("kind", probe.kind) == probe.kind else {}
    joined = {"settings": join_settings(given, kept)}
    _set(probe, {**fields, **joined}, PROBE_FIELDS)
    _check_probe(probe)
    check_stays_home(before[1], probe.target, secrets_kept(given, kept))
    probe.next_run_at = now
    changed = [*PROBE_FIELDS, "next_run_at"]
    if before != [getattr(probe, name) for name in LOOKED_AT]:
        probe.results, probe.state = [], Probe.State.NEW
        probe.certificate_expires_at = None
        changed += ["results", "state", "certificate_expires_at"]
    store(probe, changed)
    logger.info("probe.saved", extra={"probe": probe.pk, "by": by.pk if by else None})
    return probe


def delete_probe(probe: Probe) -> None:
    """Remove a probe. Who calls ends its alerts: `alerts.resolve_source`."""
    probe.delete()


def save_heartbeat(
    space: Space,
    fields: Mapping[str, Any],
    *,
    by: User | None,
    now: datetime,
    heartbeat: Heartbeat | None = None,
) -> Heartbeat:
    """Make a heartbeat, or change the one given, and have it judged anew.

    `fields` may leave out what stays as it is. One that is enabled again starts
    afresh: its next ping is due a period and the grace from now. Raises
    InvalidInput with what is wrong of each field; nothing is written then.
    """
    beat = heartbeat or Heartbeat(space=space)
    was_enabled = beat.enabled or beat.pk is None
    _set(beat, fields, HEARTBEAT_FIELDS)
    wrong: dict[str, str] = {}
    _collect(wrong, lambda: check_row(beat, exclude=_others(beat)))
    _collect(wrong, lambda: check_labels(beat.labels))
    _refuse(wrong)
    changed = [*HEARTBEAT_FIELDS, "deadline_at", "ring_at"]
    if not was_enabled:
        beat.last_start_at = beat.last_start_rid = None
        beat.last_failed, beat.unjudged_failure_at = False, None
        changed += ["last_start_at", "last_start_rid", "last_failed"]
        changed += ["unjudged_failure_at"]
    last_sign = beat.last_ping_at if was_enabled or not beat.last_ping_at else now
    beat.deadline_at = (
        deadline(
            last_sign,
            beat.last_start_at,
            period_s=beat.period_s,
            grace_s=beat.grace_s,
        )
        if beat.enabled
        else None
    )
    beat.ring_at = now if beat.enabled else None
    store(beat, changed)
    extra = {"heartbeat": beat.pk, "by": by.pk if by else None}
    logger.info("heartbeat.saved", extra=extra)
    return beat


def delete_heartbeat(heartbeat: Heartbeat) -> None:
    """Remove a heartbeat and its pings. Who calls ends its alerts."""
    heartbeat.delete()


def _set(row: Model, fields: Mapping[str, Any], allowed: Sequence[str]) -> None:
    unknown = set(fields) - set(allowed)
    if unknown:
        raise InvalidInput(
            f"a {row._meta.verbose_name} has no field {', '.join(sorted(unknown))}"
        )
    for name, value in fields.items():
        setattr(row, name, value)


def _check_probe(probe: Probe) -> None:
    wrong: dict[str, str] = {}
    # The field would turn the settings into text; the windows are checked below.
    left_out = {"settings", "recovery_window"}
    _collect(wrong, lambda: check_row(probe, exclude=_others(probe) | left_out))
    _collect(wrong, lambda: check_labels(probe.labels))
    if not wrong:
        _collect(wrong, lambda: KINDS[probe.kind].check(probe.target, probe.settings))
        if probe.timeout_s > probe.interval_s:
            wrong["timeout_s"] = _("must not be longer than the interval")
    longest = {"n": LONGEST_WINDOW}
    if not 1 <= probe.trigger_count <= probe.trigger_window <= LONGEST_WINDOW:
        wrong["trigger_count"] = _("needs 1 ≤ count ≤ window ≤ %(n)s") % longest
    if not 1 <= probe.recovery_window <= LONGEST_WINDOW:
        wrong["recovery_window"] = _("must be from 1 to %(n)s") % longest
    _refuse(wrong)


def _others(row: Probe | Heartbeat) -> set[str]:
    """Return the fields that no user writes."""
    known = PROBE_FIELDS if isinstance(row, Probe) else HEARTBEAT_FIELDS
    return {field.name for field in row._meta.fields} - {*known, "space"}


def _collect(wrong: dict[str, str], check: Any) -> None:
    try:
        check()
    except InvalidInput as error:
        wrong.update(error.fields or {"": str(error)})


def _refuse(wrong: Mapping[str, str]) -> None:
    if wrong:
        sentence = "; ".join(f"{name}: {what}" for name, what in wrong.items())
        raise InvalidInput(sentence, dict(wrong))


@dataclass(frozen=True, slots=True)
class Claim:
    """Probes that one worker runs for one moment."""

    tick: int
    ids: tuple[int, ...]


def claim_due_probes(
    now: datetime, limit: int = 2000, *, batch: int = 200
) -> list[Claim]:
    """Take the probes whose time has come, and set their next time.

    The slots of a probe stand off the full interval by an offset of its own, so
    that a thousand probes of a minute are spread over it. Who was away for an hour
    runs once and goes on with the next slot. Two callers never get the same probe.
    """
    if not Probe.objects.due(now).exists():
        return []
    with transaction.atomic():
        due = Probe.objects.due(now).order_by("next_run_at")
        locked = due.select_for_update(skip_locked=True)
        rows = list(locked.only("pk", "interval_s", "timeout_s")[:limit])
        next_runs = [
            {"id": probe.pk, "next_run_at": as_column(_next_run(probe, now))}
            for probe in rows
        ]
        update_probes(next_runs, {"next_run_at": "timestamptz"}, condition="p.enabled")
    groups: dict[bool, list[int]] = defaultdict(list)
    for probe in rows:
        groups[probe.timeout_s > PATIENT_S].append(probe.pk)
    return [
        Claim(int(now.timestamp()), tuple(ids[start : start + batch]))
        for _patient, ids in sorted(groups.items())
        for start in range(0, len(ids), batch)
    ]


def _next_run(probe: Probe, now: datetime) -> datetime:
    at = next_slot(now.timestamp(), probe.pk, probe.interval_s)
    return datetime.fromtimestamp(at, UTC)


def run_probes(
    ids: Iterable[int], tick: int, *, clock: Any = datetime.now
) -> RunReport:
    """Look at a batch of targets and remember what was seen.

    A probe that has been looked at since the tick (Unix seconds) is not looked at
    again, and is reported all the same: whoever looked may have died before it was
    judged. So a message that comes late or twice makes no burst of looks. What was
    seen of a target that the probe no longer has is forgotten.
    """
    wanted = Probe.objects.filter(pk__in=list(ids), enabled=True)
    with collected_later():
        rows = list(wanted.select_related("space"))
    at = max(tick, int(clock(UTC).timestamp()))
    report = look_at_rows(
        rows, tick, at, allow_private=bool(settings.ALLOW_PRIVATE_TARGETS)
    )
    update_probes(
        report.written,
        {
            "results": "jsonb",
            "state": "text",
            "last_run_at": "timestamptz",
            "certificate_expires_at": "timestamptz",
            "kind": "text",
            "target": "text",
        },
        condition="(p.last_run_at IS NULL OR p.last_run_at < v.last_run_at) "
        "AND p.kind = v.kind AND p.target = v.target",
    )
    report = replace(report, probes=_unchanged(report.probes))
    extra = {"looks": len(report.written), "lag_s": at - tick, **report.counts}
    logger.info("probes.ran", extra=extra)
    return report


def _unchanged(probes: Sequence[Probe]) -> tuple[Probe, ...]:
    """Leave out what somebody pointed elsewhere while it was looked at."""
    keys = [probe.pk for probe in probes]
    stored = set(Probe.objects.filter(pk__in=keys).values_list("pk", "kind", "target"))
    return tuple(p for p in probes if (p.pk, p.kind, p.target) in stored)


def receive_ping(uuid: UUID, sign: pings.Sign, now: datetime) -> bool:
    """Keep a ping; return whether the heartbeat should be judged at once.

    When this returns, the ping is durable. Raises NotFound for an unknown UUID.
    """
    return pings.keep(uuid, sign, now)


@transaction.atomic
def come_back(now: datetime) -> timedelta:
    """Remember that heartbeats are judged at `now`; return for how long nobody did.

    After an outage of our own, deadlines move: a ping that could not reach us is no
    failure of its sender. One of several workers that return together does it.
    """
    row, made = Listening.objects.select_for_update().get_or_create(
        pk=1, defaults={"judged_at": now}
    )
    if made:
        return timedelta(0)
    away = time_away(row.judged_at, now)
    if away:
        moved = _postpone(row.judged_at, away, now)
        extra = {"away_s": int(away.total_seconds()), "heartbeats": moved}
        logger.warning("heartbeats.postponed", extra=extra)
    row.judged_at = now
    row.save(update_fields=["judged_at"])
    return away


def note_listening(now: datetime) -> None:
    """Remember that up to `now` heartbeats were judged, however long it took."""
    Listening.objects.filter(pk=1, judged_at__lt=now).update(judged_at=now)


def _postpone(since: datetime, away: timedelta, now: datetime) -> int:
    """Move what was waited for when we went away; return how many there were.

    What was late before stays late. The rows are locked, so that no ping that comes
    in meanwhile is undone.
    """
    waiting = Heartbeat.objects.filter(enabled=True, deadline_at__gt=since)
    columns = waiting.only("pk", "deadline_at", "period_s", "grace_s").order_by("pk")
    rows = list(columns.select_for_update())
    for beat in rows:
        beat.deadline_at = postponed(
            beat.deadline_at or now,
            away=away,
            now=now,
            period_s=beat.period_s,
            grace_s=beat.grace_s,
        )
    Heartbeat.objects.bulk_update(rows, ["deadline_at"], batch_size=500)
    return len(rows)


def due_heartbeats(now: datetime, limit: int = 1000) -> list[Heartbeat]:
    """Return the heartbeats that rang, or whose deadline has passed unnoticed."""
    rang = Q(ring_at__isnull=False)
    late = Q(deadline_at__lte=now) & ~Q(state=Heartbeat.State.DOWN)
    due = Heartbeat.objects.filter(rang | late, enabled=True)
    return list(due.select_related("space").order_by("deadline_at")[:limit])


def note_judged(heartbeats: Iterable[Heartbeat], now: datetime) -> None:
    """Remember how the heartbeats stood at `now`, when they were judged as given.

    One that got a ping since it was read is left to be judged again, and one whose
    failure was over before it was judged, so that its end is told too.
    """
    for beat in heartbeats:
        row = Heartbeat.objects.filter(pk=beat.pk)
        judged = row.filter(
            last_ping_at=beat.last_ping_at,
            last_start_at=beat.last_start_at,
            ring_at=beat.ring_at,
        ).update(
            state=OUTCOMES[standing_of(beat, now)],
            ring_at=now if _failed_and_well(beat) else None,
            unjudged_failure_at=None,
        )
        if not judged:
            row.filter(enabled=True, ring_at=None).update(ring_at=now)


def standing_of(heartbeat: Heartbeat, now: datetime) -> Standing:
    """Return how a heartbeat stands by its row.

    A failure that was not judged counts though a success came after it: between
    two judgements it would be lost.
    """
    return stand(
        last_ping_at=heartbeat.last_ping_at,
        last_failed=heartbeat.last_failed or _failed_and_well(heartbeat),
        deadline_at=heartbeat.deadline_at,
        now=now,
    )


def exit_status_of(heartbeat: Heartbeat) -> int | None:
    """Return the exit status that the standing is due to, if one was told."""
    failed_at = heartbeat.unjudged_failure_at
    if failed_at is None or heartbeat.last_failed:
        return heartbeat.last_exit_status
    failures = heartbeat.pings.filter(at=failed_at)
    return failures.values_list("exit_status", flat=True).first()


def _failed_and_well(heartbeat: Heartbeat) -> bool:
    return heartbeat.unjudged_failure_at is not None and not heartbeat.last_failed


def prune_pings(keep: int = PINGS_KEPT) -> int:
    """Remove all but the newest pings of each heartbeat; return how many went."""
    newest_first = Window(
        RowNumber(), partition_by=F("heartbeat_id"), order_by=[F("at").desc(), "-pk"]
    )
    numbered = Ping.objects.order_by().annotate(number=newest_first)
    surplus = numbered.filter(number__gt=keep).values("pk")
    removed, _by_model = Ping.objects.filter(pk__in=surplus).delete()
    return removed
