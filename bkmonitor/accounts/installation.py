"""What holds for the whole installation; a variable wins over what the wizard stored."""

from django.conf import settings

from bkmonitor.accounts.models import Installation
from bkmonitor.lib.secrets import derive, digest


def installation() -> Installation:
    """Return the one row; an empty one that is not stored while there is none."""
    return Installation.objects.filter(pk=1).first() or Installation(pk=1)


def public_url() -> str:
    """Return the address people use, without a slash at its end; "" while unknown."""
    return str(settings.PUBLIC_URL or installation().public_url).rstrip("/")


def smtp_url() -> str:
    """Return the URL of the mail server, which holds a password; "" if there is none."""
    return str(settings.SMTP_URL or installation().smtp_url)


def mail_from() -> str:
    """Return the sender of mail; "" while unknown."""
    return str(settings.MAIL_FROM or installation().mail_from)


def absolute(path: str) -> str:
    """Return the URL of a path (with its leading slash) as people reach it.

    While the public URL is unknown that is the path itself.
    """
    return f"{public_url()}{path}"


def key_fingerprints() -> list[str]:
    """Return 16 hex digits for each secret key, newest first; they tell nothing of it."""
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return [digest(derive(key, "key fingerprint").decode())[:16] for key in keys]
