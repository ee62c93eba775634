"""Noting what has happened and cannot be undone, through an outage of the database."""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import InterfaceError, OperationalError, close_old_connections

logger = logging.getLogger(__name__)

PAUSE_S = 1.0

T = TypeVar("T")


def insist(note: Callable[[], T], *, until: float) -> T:
    """Return what `note` returns, called again and again while the database is away.

    For what was handed over and cannot be taken back: were it not noted, it would
    be handed over twice. `until` is a moment of time.monotonic(); after it the
    database's error is raised. `note` must be one transaction, and bear being
    called again after one whose commit was not confirmed.
    """
    while True:
        try:
            return note()
        except (OperationalError, InterfaceError) as error:
            if time.monotonic() >= until:
                raise
            logger.warning("notification.not_noted_yet", extra={"reason": str(error)})
            time.sleep(PAUSE_S)
            close_old_connections()
