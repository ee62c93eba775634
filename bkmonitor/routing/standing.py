"""What is told of an alert, to whom and when: decided without a database.

Outside the active time of what raised it an alert is muted, not closed: changes are
held, and what is still so when active time begins is told then. Nobody hears of the
end of what they never heard begin.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

REPEAT_EVERY = timedelta(hours=4)
# A muted alert is looked at now and then, should its hours have changed meanwhile in
# a way that nobody told us of, such as a new edition of the time zones.
LOOK_EVERY = timedelta(hours=1)
FIRED, RESOLVED, REPEAT = "fired", "resolved", "repeat"

# Why a timeline gets a note.
MUTED = "muted"
NO_RECEIVER = "no_receiver"
ENDED_MUTED = "ended_muted"
BEGAN_UNTOLD = "began_untold"


@dataclass(frozen=True, slots=True)
class Standing:
    """What is remembered of an alert between its changes.

    told         keys of the receivers that were told of it
    held         the kind of change that waits for active time; "" for none
    muted_until  when active time begins; None while it is
    look_at      when to look at it again; None when nothing is left to tell
    """

    told: frozenset[int] = frozenset()
    held: str = ""
    muted_until: datetime | None = None
    look_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """When it is, who would be told, and until when nobody is; None if it is active."""

    now: datetime
    receivers: frozenset[int]
    quiet_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """What to remember, whom to tell, with which reason, and why the story gets a note."""

    standing: Standing
    tell: frozenset[int] = field(default_factory=frozenset)
    reason: str = ""
    note: str = ""


def on_change(standing: Standing, kind: str, moment: Moment) -> Step:
    """Decide what comes of a transition of that kind."""
    if moment.quiet_until is not None:
        return _hold(standing, kind, moment)
    if kind == RESOLVED:
        return _tell_end(standing, moment)
    # Whose beginning was held hears of the alert for the first time.
    reason = FIRED if standing.held == FIRED else kind
    return _tell(standing, reason, moment)


def on_look(standing: Standing, moment: Moment, *, firing: bool, taken: bool) -> Step:
    """Decide what comes of an alert whose time to be looked at has come.

    A taken alert keeps its time and stays quiet: should it be given back, the next
    look finds it as if nothing had been.
    """
    if not firing and standing.held != RESOLVED:
        # Its end is still to be routed, or was beside its beginning, by another worker.
        return Step(replace(standing, look_at=None))
    if moment.quiet_until is not None:
        newly = standing.muted_until is None and not taken
        return Step(_muted(standing, moment), note=MUTED if newly else "")
    if not firing:
        return _tell_end(standing, moment)
    if taken:
        later = moment.now + REPEAT_EVERY
        return Step(replace(standing, muted_until=None, look_at=later))
    return _tell(standing, standing.held or REPEAT, moment)


def _tell(standing: Standing, reason: str, moment: Moment) -> Step:
    told = Standing(standing.told | moment.receivers, look_at=moment.now + REPEAT_EVERY)
    untold = not moment.receivers and reason != REPEAT
    return Step(told, moment.receivers, reason, NO_RECEIVER if untold else "")


def _tell_end(standing: Standing, moment: Moment) -> Step:
    if tell := moment.receivers & standing.told:
        return Step(Standing(standing.told), tell, RESOLVED)
    return _end_untold(standing, moment)


def _end_untold(standing: Standing, moment: Moment) -> Step:
    why = BEGAN_UNTOLD if moment.receivers else NO_RECEIVER
    if standing.held == FIRED:
        why = ENDED_MUTED
    return Step(Standing(standing.told), note=why)


def _hold(standing: Standing, kind: str, moment: Moment) -> Step:
    if kind == RESOLVED and not moment.receivers & standing.told:
        return _end_untold(standing, moment)
    held = kind if standing.told else FIRED
    note = MUTED if standing.muted_until is None else ""
    return Step(replace(_muted(standing, moment), held=held), note=note)


def _muted(standing: Standing, moment: Moment) -> Standing:
    assert moment.quiet_until is not None
    look_at = min(moment.quiet_until, moment.now + LOOK_EVERY)
    return replace(standing, muted_until=moment.quiet_until, look_at=look_at)
