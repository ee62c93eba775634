"""The door for rule files of Prometheus and vmalert."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from bkmonitor.ascode.importing import Step, carry_out, count_actions, plan_import
from bkmonitor.ascode.spaces import named_space
from bkmonitor.lib.errors import InvalidInput


class Command(BaseCommand):
    """Make strategies of the alerting rules in files."""

    help = (
        "Make or change a strategy for each alerting rule of the files, and say what "
        "became of every rule. Strategies are found again by their names."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the files, --space and --dry-run."""
        parser.add_argument("files", nargs="+", metavar="FILE", type=Path)
        parser.add_argument("--space", required=True, help="slug of the space")
        parser.add_argument(
            "--dry-run", action="store_true", help="only say what would be done"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Print a line for each strategy and each note, and the counts."""
        space = named_space(options["space"])
        try:
            files = {str(path): path.read_text() for path in options["files"]}
            steps = plan_import(space, files)
            if not options["dry_run"]:
                carry_out(space, steps, by=None, now=timezone.now())
        except (InvalidInput, OSError, UnicodeDecodeError) as error:
            raise CommandError(str(error)) from error
        for step in steps:
            self._tell(step)
        counts = ", ".join(f"{n} {name}" for name, n in count_actions(steps).items())
        self.stdout.write(f"{'dry run: ' if options['dry_run'] else ''}{counts}")

    def _tell(self, step: Step) -> None:
        where = ", ".join(f"{at.file}:{at.line} {at.rule}" for at in step.places)
        changed = f" [{', '.join(step.fields)}]" if step.before else ""
        self.stdout.write(f"{step.action:7} {step.name}{changed} ({where})")
        for note in step.notes:
            self.stdout.write(f"        {note}")
