"""Whether a heartbeat is late."""

from datetime import datetime, timedelta
from enum import StrEnum

# Judging comes round every 5 s; a longer silence of its own says that the service,
# its database or its queue was away, and pings with it.
LONGEST_ROUND = timedelta(seconds=30)


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


def time_away(judged_at: datetime | None, now: datetime) -> timedelta:
    """Return for how long nobody listened before `now`; zero in normal running."""
    if judged_at is None or now - judged_at <= LONGEST_ROUND:
        return timedelta(0)
    return now - judged_at


def postponed(
    deadline_at: datetime,
    *,
    away: timedelta,
    now: datetime,
    period_s: int,
    grace_s: int,
) -> datetime:
    """Return the deadline of what was waited for while nobody listened for `away`.

    Silence counts only while it could be heard: what was left at our return, if
    anything, gets the time that was lost on top, yet no more than a ping at this
    moment would give. So an outage delays an alert by at most twice its length, and
    many take none away as long as we are there for longer than away.
    """
    pinged_now = now + timedelta(seconds=period_s + grace_s)
    return max(deadline_at, min(max(deadline_at, now) + away, pinged_now))
