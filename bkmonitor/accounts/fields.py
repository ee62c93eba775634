"""Model fields and validators of our own; migrations may import this module alone."""

from functools import cache
from typing import Any
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
