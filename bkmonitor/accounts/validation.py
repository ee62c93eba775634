"""The one way in which a row is found unsound before it is stored."""

from collections.abc import Collection

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models

from bkmonitor.lib.errors import InvalidInput


def check_row(row: models.Model, *, exclude: Collection[str] = ()) -> None:
    """Raise InvalidInput, with a sentence for each field, unless the row is sound.

    Asks the fields, the model's `clean` and its constraints. What belongs to no
    field stands under the name "" in `fields`.
    """
    try:
        row.full_clean(exclude=exclude)
    except ValidationError as error:
        raise as_invalid_input(error) from error


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
