"""The door for the operator who changes the secret key."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from bkmonitor.accounts.rekey import reseal_all
from bkmonitor.lib.errors import InvalidInput


class Command(BaseCommand):
    """Seal every stored secret again."""

    help = (
        "Seal every stored secret under BKM_SECRET_KEY. The former key has to be "
        "in BKM_SECRET_KEY_FALLBACKS; it can be dropped when this has run."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Print how many rows of which table hold secrets."""
        try:
            counts = reseal_all()
        except InvalidInput as error:
            raise CommandError(
                f"{error}; put that key in BKM_SECRET_KEY_FALLBACKS"
            ) from error
        for table, rows in sorted(counts.items()):
            self.stdout.write(f"{table}: {rows}")
