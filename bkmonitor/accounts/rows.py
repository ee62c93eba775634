"""How the things that people name in a space are stored."""

from collections.abc import Collection

from django.db import DatabaseError, IntegrityError, models, transaction
from django.utils.translation import gettext as _

from bkmonitor.lib.errors import InvalidInput, NotFound


def store(row: models.Model, changed: Collection[str]) -> None:
    """Write a row that is sound; of one that exists only the fields `changed`.

    Raises InvalidInput, beside the name, if another of its space has it: only the
    database knows that once and for all. Raises NotFound if somebody deleted the
    row meanwhile.
    """
    exists = not row._state.adding
    try:
        with transaction.atomic():
            row.save(update_fields=changed if exists else None)
    except IntegrityError as error:
        told = _("Another one of this space has that name.")
        raise InvalidInput(f"name: {told}", {"name": told}) from error
    except DatabaseError as error:
        # Django has no error of its own for a row that is not there any more.
        if not exists or type(row)._default_manager.filter(pk=row.pk).exists():
            raise
        raise NotFound(f"{row} was deleted meanwhile") from error
