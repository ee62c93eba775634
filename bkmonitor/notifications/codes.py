"""The six digits that prove that a message was read."""

from datetime import timedelta
from secrets import randbelow

from django.conf import settings

from bkmonitor.lib.secrets import derive, digest

LIFE = timedelta(minutes=15)
TRIES = 5


def make() -> str:
    """Return a new code."""
    return f"{randbelow(10**6):06d}"


def digest_of(receiver_id: int, code: str) -> str:
    """Return what is stored of a code: with our key, since a million are soon tried."""
    key = derive(settings.SECRET_KEY, "receiver code").decode()
    return digest(f"{key}:{receiver_id}:{code}")
