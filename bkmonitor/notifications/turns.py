"""Whose turn it is among the messages of one thread to one receiver."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Protocol

# How soon one that is not under way yet is looked for again.
LOOK_AGAIN = timedelta(seconds=5)


class Waiting(Protocol):
    """What is asked of a notification that was not sent yet."""

    @property
    def pk(self) -> Any: ...
    @property
    def attempts(self) -> int: ...
    @property
    def next_attempt_at(self) -> datetime | None: ...
    @property
    def leased_until(self) -> datetime | None: ...


def waits_until(
    ours: Waiting, others: Iterable[Waiting], now: datetime
) -> datetime | None:
    """Return when to look again, None if it is our turn.

    One at a time is under way, so that the last word is the newest: "resolved" does
    not arrive while a slow "firing" is still going out. Among those that are due
    one that was never tried goes before what is newer, and one that was tried
    before gives way to it. A lease ends by itself, and there is always one whose
    turn it is.
    """
    times = [_until(ours, other, now) for other in others if other.pk != ours.pk]
    return max((time for time in times if time is not None), default=None)


def _until(ours: Waiting, other: Waiting, now: datetime) -> datetime | None:
    soon = now + LOOK_AGAIN
    if other.leased_until is not None and other.leased_until > now:
        return min(soon, other.leased_until)
    if other.next_attempt_at is None or other.next_attempt_at > now:
        return None
    if other.pk < ours.pk:
        return None if other.attempts else soon
    return soon if ours.attempts else None
