"""Encryption of secrets at rest, with keys derived from the service's own."""

import base64
import hmac
from collections.abc import Sequence
from hashlib import sha256

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bkmonitor.lib.errors import InvalidInput


class Vault:
    """Seal and open short texts; opens what an older key sealed too.

    `keys` are the service's secret key and its fallbacks, newest first. Fernet
    (AES-128-CBC with HMAC-SHA256) with a key derived by HKDF (RFC 5869), so that
    the same secret may serve other purposes.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        self._fernet = MultiFernet(
            [Fernet(derive(key, "secrets at rest")) for key in keys]
        )

    def seal(self, text: str) -> str:
        """Return `text` encrypted, as printable ASCII."""
        return self._fernet.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """Return what was sealed; InvalidInput if none of the keys fits."""
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken as error:
            raise InvalidInput("a stored secret was sealed with another key") from error

    def reseal(self, sealed: str) -> str:
        """Return the same secret under the newest key."""
        return self.seal(self.open(sealed))


def derive(key: str, purpose: str) -> bytes:
    """Return 32 bytes, URL-safe base64, that only the holder of `key` can derive."""
    material = HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose.encode())
    return base64.urlsafe_b64encode(material.derive(key.encode()))


def digest(token: str) -> str:
    """Return what is stored of a random token: its SHA-256 in hex."""
    return sha256(token.encode()).hexdigest()


def equal(one: str, other: str) -> bool:
    """Compare two secrets in a time that tells nothing of where they differ."""
    return hmac.compare_digest(one.encode(), other.encode())
