"""Which series of a strategy are expected, because they have come before."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db.models import F

from bkmonitor.lib.labels import Labels
from bkmonitor.strategies.models import ExpectedSeries, Strategy
from bkmonitor.strategies.no_data import NoData

BATCH = 2000
# The fingerprint of what is expected of a source of which nothing has come yet.
ANYTHING = ""


def note_seen(
    strategy: Strategy, policy: NoData, present: Mapping[str, Labels], at: datetime
) -> list[ExpectedSeries]:
    """Remember which series came at a tick; return the expected, if not all came.

    `present` are their labels by fingerprint. What has been missing for longer than
    the policy remembers is deleted, and returned with `forgotten` set; of a source
    that is silent as a whole nothing is, before all of it is. When a source that was
    silent comes again, it is counted anew what stopped with it: an outage ends series
    by series too. Of a source that is new anything is expected, until something comes. A
    tick counts once, however often it is noted; call in a transaction.
    """
    rows = list(ExpectedSeries.objects.filter(strategy=strategy).defer("labels"))
    if not rows and not present:
        rows = [_expect_anything(strategy, at)]
    known = {row.fingerprint: row for row in rows}
    fresh = [
        ExpectedSeries(
            strategy=strategy, fingerprint=key, labels=dict(labels), missed_at=at
        )
        for key, labels in present.items()
        if key not in known
    ]
    ExpectedSeries.objects.bulk_create(fresh, batch_size=BATCH, ignore_conflicts=True)
    came = {*present, ANYTHING} if present else set()
    missing = [row for row in rows if row.fingerprint not in came]
    back = [row for row in rows if row.missed and row.fingerprint in came]
    if present:
        within = timedelta(seconds=policy.after * strategy.interval_s)
        _count_anew(_stopped_together(rows, within), missing, at)
    _note_back(back, at)
    _note_missing(missing, policy, at)
    if not missing and not back:
        return []
    labels = dict(
        ExpectedSeries.objects.filter(strategy=strategy).values_list("pk", "labels")
    )
    for row in rows:
        row.labels = labels[row.pk]
    if any(row.fingerprint == ANYTHING for row in back):
        ExpectedSeries.objects.filter(strategy=strategy, fingerprint=ANYTHING).delete()
    _forget(missing, policy, at, silent=not present)
    return rows + fresh


def _expect_anything(strategy: Strategy, at: datetime) -> ExpectedSeries:
    row, _is_new = ExpectedSeries.objects.get_or_create(
        strategy=strategy,
        fingerprint=ANYTHING,
        defaults={"labels": {}, "missed": 1, "missed_at": at, "missing_since": at},
    )
    return row


def forget_all(strategy: Strategy) -> None:
    """Expect nothing any more: the strategy looks elsewhere now."""
    ExpectedSeries.objects.filter(strategy=strategy).delete()


def _stopped_together(
    rows: list[ExpectedSeries], within: timedelta
) -> set[ExpectedSeries]:
    """Return what stopped not long before all was silent, if all was at the last tick."""
    if len(rows) < 2 or not all(row.missed for row in rows):
        return set()
    last = max((row.missing_since for row in rows if row.missing_since), default=None)
    if last is None:
        return set()
    return {
        row for row in rows if row.missing_since and last - row.missing_since < within
    }


def _count_anew(
    stopped: set[ExpectedSeries], missing: list[ExpectedSeries], at: datetime
) -> None:
    again = [row for row in missing if row in stopped and row.missed_at < at]
    for some in _chunks(again):
        ExpectedSeries.objects.filter(pk__in=some, missed_at__lt=at).update(missed=0)
    for row in again:
        row.missed = 0


def _note_back(rows: list[ExpectedSeries], at: datetime) -> None:
    for some in _chunks(rows):
        ExpectedSeries.objects.filter(pk__in=some, missed_at__lt=at).update(
            missed=0, missed_at=at, missing_since=None
        )
    for row in rows:
        row.missed = 0


def _note_missing(rows: list[ExpectedSeries], policy: NoData, at: datetime) -> None:
    # Beyond what the policy asks for nothing is counted, so nothing is written.
    counting = [row for row in rows if row.missed < policy.after and row.missed_at < at]
    begins = [row for row in counting if not row.missing_since]
    for some in _chunks(counting):
        ExpectedSeries.objects.filter(pk__in=some, missed_at__lt=at).update(
            missed=F("missed") + 1, missed_at=at
        )
    for some in _chunks(begins):
        ExpectedSeries.objects.filter(pk__in=some, missing_since=None).update(
            missing_since=at
        )
    for row in counting:
        row.missed += 1
    for row in begins:
        row.missing_since = at


def _forget(
    missing: list[ExpectedSeries], policy: NoData, at: datetime, *, silent: bool
) -> None:
    since = at - timedelta(seconds=policy.forget_s)
    old = [
        row
        for row in missing
        if row.fingerprint != ANYTHING
        and row.missing_since
        and row.missing_since <= since
    ]
    if silent and len(old) < len(missing):
        return
    for row in old:
        row.forgotten = True
    # One row stays, to tell a source that is forgotten from one that never sent.
    for some in _chunks(old[1:] if silent else old):
        ExpectedSeries.objects.filter(pk__in=some).delete()


def _chunks(rows: list[ExpectedSeries]) -> list[list[int]]:
    keys = [row.pk for row in rows]
    return [keys[start : start + BATCH] for start in range(0, len(keys), BATCH)]
