"""Whether a heartbeat is late."""

from datetime import datetime, timedelta
from enum import StrEnum


class Standing(StrEnum):
    """How a heartbeat stands at a moment."""

    # Never pinged, and nothing overdue.
    NEW = "new"
    UP = "up"
    # The deadline has passed.
    LATE = "late"
    # The newest ping that counts said so; it stands until a success.
    FAILED = "failed"


def deadline(
    last_ping_at: datetime | None,
    last_start_at: datetime | None,
    *,
    period_s: int,
    grace_s: int,
) -> datetime | None:
    """Return the moment at which silence becomes a problem; None if never.

    The next ping may be `grace_s` later than `period_s` after the last one, and a
    run that has been started may take `grace_s`, whatever the period.
    """
    grace = timedelta(seconds=grace_s)
    ends = []
    if last_ping_at is not None:
        ends.append(last_ping_at + timedelta(seconds=period_s) + grace)
    if last_start_at is not None:
        ends.append(last_start_at + grace)
    return min(ends, default=None)


def stand(
    *,
    last_ping_at: datetime | None,
    last_failed: bool,
    deadline_at: datetime | None,
    now: datetime,
) -> Standing:
    """Tell how a heartbeat stands. At its deadline, to the microsecond, it is late."""
    if last_failed:
        return Standing.FAILED
    if deadline_at is not None and now >= deadline_at:
        return Standing.LATE
    return Standing.UP if last_ping_at is not None else Standing.NEW
