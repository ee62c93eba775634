"""Moments as an operator types them: a date, a time, or how long ago."""

from datetime import UTC, datetime, timedelta

from bkmonitor.lib.durations import parse_duration
from bkmonitor.lib.errors import InvalidInput


def parse_moment(text: str, now: datetime) -> datetime:
    """Return the moment: "2026-03-03T12:00", "2026-03-03", "now", "2h" or "7d ago".

    A time without a zone is UTC; one without a clock is midnight.

    Errors  InvalidInput naming the text.
    """
    plain = text.strip()
    if plain.lower() == "now":
        return now
    seconds = parse_duration(plain.lower().removesuffix("ago").strip())
    if seconds is not None and 0 <= seconds < now.timestamp():
        return now - timedelta(seconds=seconds)
    try:
        found = datetime.fromisoformat(plain)
    except ValueError:
        raise InvalidInput(
            f"{text!r} is no moment; write 2026-03-03T12:00, 2026-03-03, now, 2h or 7d"
        ) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
