"""The door for a start that must not go on with a wrong secret key."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from bkmonitor.accounts.services import check_key
from bkmonitor.lib.errors import Conflict

EX_CONFIG = 78


class Command(BaseCommand):
    """Compare the secret key with the one the database was written with."""

    help = "Fail with status 78 if the database was written with another secret key."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Note the first key; refuse another."""
        try:
            check_key()
        except Conflict as error:
            raise CommandError(str(error), returncode=EX_CONFIG) from error
