"""The door for who evaluates a space's strategies elsewhere too."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from bkmonitor.ascode.rule_writer import write_rule_file
from bkmonitor.ascode.spaces import named_space
from bkmonitor.strategies.models import Strategy


class Command(BaseCommand):
    """Print a space's strategies as a rule file."""

    help = (
        "Print the strategies of a space as a rule file of Prometheus; what it has "
        "no words for stands in remarks."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take --space."""
        parser.add_argument("--space", required=True, help="slug of the space")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Print the file."""
        strategies = Strategy.objects.filter(space=named_space(options["space"]))
        self.stdout.write(write_rule_file(strategies.order_by("name")), ending="")
