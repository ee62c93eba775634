"""When a thing that comes round comes next."""

# 2^32 divided by the golden ratio (Knuth, TAOCP 6.4): keys that follow one another
# land far apart, so that probes made together do not run together.
SPREAD = 2654435761


def offset_s(key: int, interval_s: int) -> int:
    """Return the seconds by which the slots of a row stand off the full interval."""
    return (key * SPREAD % 2**32) * interval_s >> 32


def slot_of(at: float, key: int, interval_s: int) -> int:
    """Return the number of the slot in which a moment (Unix seconds) lies."""
    return int((at - offset_s(key, interval_s)) // interval_s)


def next_slot(now: float, key: int, interval_s: int) -> int:
    """Return the start of the next slot after now, in Unix seconds."""
    return (slot_of(now, key, interval_s) + 1) * interval_s + offset_s(key, interval_s)
