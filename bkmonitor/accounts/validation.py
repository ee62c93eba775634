"""The one way in which a row is found unsound before it is stored."""

from collections.abc import Collection

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models
from django.utils.translation import gettext as _

from bkmonitor.lib.errors import InvalidInput
from bkmonitor.lib.origin import same_origin


def check_row(row: models.Model, *, exclude: Collection[str] = ()) -> None:
    """Raise InvalidInput, with a sentence for each field, unless the row is sound.

    Asks the fields, the model's `clean` and its constraints. What belongs to no
    field stands under the name "" in `fields`.
    """
    try:
        row.full_clean(exclude=exclude)
    except ValidationError as error:
        raise as_invalid_input(error) from error


def check_stays_home(before: str, after: str, kept: Collection[str]) -> None:
    """Raise InvalidInput if stored secrets would go where they were not given for.

    `before` and `after` are the URLs a thing leads to, `kept` names the secrets
    that were not typed with the change. Who may change an address need not know
    the secrets behind it, and must not get them by leading them to a server of
    their own.
    """
    if not kept or same_origin(before, after):
        return
    told = _("It was given for another server. Type it again, or take it away.")
    sentence = f"{', '.join(kept)}: {told}"
    raise InvalidInput(sentence, dict.fromkeys(kept, told))


def as_invalid_input(error: ValidationError, *, field: str = "") -> InvalidInput:
    """Turn Django's error into ours; `field` names what a bare message is about."""
    if hasattr(error, "error_dict"):
        fields = {
            "" if name == NON_FIELD_ERRORS else name: " ".join(messages)
            for name, messages in error.message_dict.items()
        }
    else:
        fields = {field: " ".join(error.messages)}
    sentence = "; ".join(
        f"{name}: {text}" if name else text for name, text in fields.items()
    )
    return InvalidInput(sentence, fields)
