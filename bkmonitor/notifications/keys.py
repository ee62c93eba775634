"""The names by which messages are known, here and at their providers."""

from collections.abc import Iterable
from hashlib import blake2b

import orjson


def notification_key(receiver_id: int, parts: Iterable[str]) -> str:
    """Return 40 hex digits that name what is told to whom."""
    packed = orjson.dumps([receiver_id, *parts])
    return blake2b(packed, digest_size=20).hexdigest()
