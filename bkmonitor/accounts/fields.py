"""Model fields and validators of our own; migrations may import this module alone."""

from functools import cache
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import available_timezones

import orjson
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from bkmonitor.lib.secrets import Vault


def check_time_zone(name: str) -> None:
    """Raise ValidationError unless `name` is in the IANA database."""
    if name not in available_timezones():
        raise ValidationError(_("%(name)s is not a time zone"), params={"name": name})


def check_web_address(address: str) -> None:
    """Raise ValidationError unless `address` is http or https with a host.

    Django's own validator knows no host of a single word, such as http://wiki/.
    """
    try:
        parts = urlsplit(address)
        leads_somewhere = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        leads_somewhere = False
    if not leads_somewhere or not address.isprintable() or " " in address:
        raise ValidationError(
            _("%(address)s is not an address that begins with http:// or https://"),
            params={"address": address},
        )


@cache
def vault() -> Vault:
    """Return the vault of this installation's keys."""
    return Vault((settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))


class SealedTextField(models.TextField):  # type: ignore[type-arg]
    """Text that is sealed on its way into the database; empty stays empty."""

    def from_db_value(self, value: str | None, *_args: Any) -> str | None:
        """Open what was stored."""
        return vault().open(value) if value else value

    def get_prep_value(self, value: Any) -> Any:
        """Seal what is stored."""
        return vault().seal(str(value)) if value else value


class SealedJSONField(models.TextField):  # type: ignore[type-arg]
    """A JSON value that is sealed on its way into the database."""

    def from_db_value(self, value: str | None, *_args: Any) -> Any:
        """Open and parse what was stored."""
        return orjson.loads(vault().open(value)) if value else {}

    def get_prep_value(self, value: Any) -> Any:
        """Serialise and seal what is stored."""
        return vault().seal(orjson.dumps(value).decode()) if value else ""
