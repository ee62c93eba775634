"""Small numbers for processes that come and go, each held by one at a time."""

import fcntl
import os
from itertools import count
from pathlib import Path

_held: dict[int, tuple[str, int]] = {}


def slot_name(folder: str) -> str:
    """Return `slot-N` with the lowest N that no living process holds.

    The kernel gives the number back when the process ends, however it ends, so
    that processes which replace each other write the same files and their number
    stays that of the processes alive at one time.
    """
    pid = os.getpid()
    if pid not in _held:
        # What a fork brought along belongs to the parent.
        _held.clear()
        _held[pid] = _take(Path(folder))
    return _held[pid][0]


def _take(folder: Path) -> tuple[str, int]:
    folder.mkdir(parents=True, exist_ok=True)
    for number in count():
        handle = os.open(folder / f"slot-{number}", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            continue
        return f"slot-{number}", handle
    raise AssertionError("count() does not end")
