"""How the things that people name in a space are stored."""

from collections.abc import Collection

from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext as _

from bkmonitor.lib.errors import InvalidInput


def store(row: models.Model, changed: Collection[str]) -> None:
    """Write a row that is sound; of one that exists only the fields `changed`.

    Raises InvalidInput, beside the name, if another of its space has it: only the
    database knows that once and for all.
    """
    exists = row.pk is not None
    try:
        with transaction.atomic():
            row.save(update_fields=changed if exists else None)
    except IntegrityError as error:
        told = _("Another one of this space has that name.")
        raise InvalidInput(f"name: {told}", {"name": told}) from error
