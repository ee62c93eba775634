"""The door for the operator who has to let the first administrator in."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from bkmonitor.accounts import services
from bkmonitor.accounts.installation import public_url
from bkmonitor.accounts.models import User


class Command(BaseCommand):
    """Print a one-time set-up link."""

    help = "Print a link that opens the set-up wizard once, within 24 hours."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take --force."""
        parser.add_argument(
            "--force",
            action="store_true",
            help="make a link though there are users: the way back in when "
            "nobody knows an administrator's password",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Make the link and end the former ones."""
        if User.objects.exists() and not options["force"]:
            raise CommandError(
                "there are users already; whoever opens the link becomes an "
                "administrator. Add --force if that is meant."
            )
        secret = services.create_setup_link(timezone.now())
        base = public_url() or listen_url(settings.LISTEN)
        self.stdout.write(f"{base}/setup/{secret}/")


def listen_url(listen: str) -> str:
    """Return a URL at which the web role's address can be called from its machine."""
    host, port = listen.rsplit(":", 1)
    everywhere = host in ("0.0.0.0", "[::]")  # noqa: S104
    return f"http://{'localhost' if everywhere else host}:{port}"
