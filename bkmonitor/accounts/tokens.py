"""Find a token by its secret, fast enough for every request."""

import threading
from collections import OrderedDict
from datetime import datetime, timedelta

from bkmonitor.accounts import services
from bkmonitor.accounts.models import ApiToken
from bkmonitor.lib.secrets import digest

# How long a token that was revoked may still be honoured by a process.
FRESH = timedelta(seconds=3)
# Tokens a process remembers; beyond it those used longest ago are read again.
MOST = 5000

_lock = threading.Lock()
_known: OrderedDict[str, tuple[datetime, ApiToken]] = OrderedDict()


def find_token(secret: str, now: datetime) -> ApiToken | None:
    """Return the token, with its space, that a secret opens; None if it opens none.

    What was read in the last three seconds is believed without the database, so
    the row may be that old: read it, do not save it. Secrets that open nothing are
    not remembered. Notes the use, at most once a minute.
    """
    if not secret.startswith(services.TOKEN_PREFIX):
        return None
    key = digest(secret)
    token = _remembered(key, now) or _read(key, now)
    if token is None or (token.expires_at and token.expires_at <= now):
        return None
    return token


def _remembered(key: str, now: datetime) -> ApiToken | None:
    with _lock:
        read_at, token = _known.get(key, (None, None))
        # A clock that was set back must not keep a token alive.
        if read_at is None or not timedelta(0) <= now - read_at < FRESH:
            return None
        _known.move_to_end(key)
        return token


def _read(key: str, now: datetime) -> ApiToken | None:
    token: ApiToken | None = (
        ApiToken.objects.select_related("space")
        .filter(digest=key, revoked_at=None)
        .first()
    )
    if token is None:
        with _lock:
            _known.pop(key, None)
        return None
    services.note_token_use(token, now)
    with _lock:
        _known[key] = (now, token)
        while len(_known) > MOST:
            _known.popitem(last=False)
    return token
