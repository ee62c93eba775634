"""What providers answer, without the secrets they may repeat."""

import re
from collections.abc import Iterable
from urllib.parse import unquote

# Shorter ones are words like "hooks" and "api"; no secret is that short.
SHORTEST = 6


def redact(text: str, secrets: Iterable[str]) -> str:
    """Return a text with every one of the secrets replaced by an ellipsis."""
    for secret in sorted(set(secrets), key=len, reverse=True):
        if len(secret) >= SHORTEST:
            text = text.replace(secret, "…")
    return text


def parts_of(url: str) -> set[str]:
    """Return the parts of a URL after its scheme, as they are and decoded."""
    parts = re.split(r"[/:@?&=#;,]+", url.partition("://")[2])
    return {form for part in parts for form in (part, unquote(part))}
