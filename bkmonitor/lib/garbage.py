"""Hold off the search for garbage while many objects are made at once."""

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_holding = 0
_was_on = True


@contextmanager
def collected_later() -> Iterator[None]:
    """Make many objects that stay: looking for garbage among them finds none.

    Decoding a hundred thousand values takes up to twice as long with the search
    going on. It is resumed, if it was on before, when the last of those who hold it
    off at the same time is done.
    """
    global _holding, _was_on
    with _lock:
        if not _holding:
            _was_on = gc.isenabled()
            gc.disable()
        _holding += 1
    try:
        yield
    finally:
        with _lock:
            _holding -= 1
            if not _holding and _was_on:
                gc.enable()
