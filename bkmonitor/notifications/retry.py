"""When to try a delivery again."""

from hashlib import blake2b

FIRST_S = 5.0
LONGEST_S = 1800.0
# Twenty tries reach over about five and a half hours: longer than a repeat of an
# alert, so that an outage between two repeats loses neither.
MOST_TRIES = 20
JITTER = 0.2
# A provider may ask for patience, not for ever.
MOST_PATIENCE_S = 3600.0
# A try that fails after so long holds a worker that others need.
SLOW_S = 3.0
PAUSE_S = 60.0


def delay_s(
    tries: int,
    *,
    key: str,
    permanent: bool = False,
    retry_after_s: float | None = None,
) -> float | None:
    """Return the seconds until the next try, or None when there is to be none.

    `tries` were made, the last of which failed. The wait doubles from FIRST_S to
    LONGEST_S; jitter of one fifth either way is taken from the key, so that the
    same notification always has the same times and a thousand have not. A wait
    that the provider asked for is kept, up to MOST_PATIENCE_S.
    """
    if permanent or tries >= MOST_TRIES:
        return None
    # 2 ** 20 is far beyond LONGEST_S; a larger power serves nothing.
    doublings = min(max(tries - 1, 0), 20)
    wait = min(FIRST_S * float(2**doublings), LONGEST_S)
    wait *= 1 + JITTER * (2 * _fraction(f"{key}:{tries}") - 1)
    # Written so that NaN, which compares false, is no wish.
    if retry_after_s is not None and retry_after_s > wait:
        return min(retry_after_s, MOST_PATIENCE_S)
    return wait


def pause_s(took_s: float, retry_after_s: float | None = None) -> float:
    """Return for how long a receiver gets nothing else after a failure, 0 if not at all.

    A provider that asks for patience means all messages to it. One that does not
    answer would hold every worker in turn, and everybody else's messages with them.
    """
    asked = retry_after_s if retry_after_s is not None and retry_after_s > 0 else 0.0
    held = PAUSE_S if took_s >= SLOW_S else 0.0
    return max(held, min(asked, MOST_PATIENCE_S))


def _fraction(text: str) -> float:
    """Return a number in [0, 1) that looks random and depends on the text alone."""
    return int.from_bytes(blake2b(text.encode(), digest_size=6).digest()) / 2**48
