"""The door for who asks what a strategy would have done."""

import json
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from bkmonitor.evaluation.backtest import MOST_SPANS, Backtest, FiringSpan
from bkmonitor.evaluation.replay import replay_in_parts
from bkmonitor.evaluation.telling import (
    tell_length,
    tell_not_replayed,
    tell_summary,
    tell_unjudged,
)
from bkmonitor.lib.errors import InvalidInput, NotJudged
from bkmonitor.lib.labels import Labels
from bkmonitor.lib.moments import parse_moment
from bkmonitor.metrics.answers import gather
from bkmonitor.strategies.definition import parse_definition
from bkmonitor.strategies.models import Strategy

NOT_JUDGED = 3
SHOWN = 50
BAR = 30
SEVERITIES = {1: "critical", 2: "warning", 3: "info"}


class Command(BaseCommand):
    """Replay a strategy over the past and say when it would have fired."""

    help = (
        "Evaluate a strategy, as it is now, over the past, by what evaluates it live; "
        "nothing is saved. Exit status: 0 replayed, 1 there is no such strategy or "
        "time, 2 usage, 3 the store's answer was not complete."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the strategy's ID, --from, --to, --json and --alerts."""
        parser.add_argument("id", type=int, metavar="ID", help="of the strategy")
        when = "2026-03-03T12:00 (UTC), 2026-03-03, now, or how long ago: 2h, 7d"
        parser.add_argument("--from", dest="start", default="24h", help=when)
        parser.add_argument("--to", dest="end", default="now", help="the same")
        parser.add_argument("--json", action="store_true", help="print one object")
        parser.add_argument(
            "--alerts", type=int, default=SHOWN, metavar="N",
            help=f"print the newest N; {SHOWN} unless told",
        )  # fmt: skip

    def handle(self, *_args: Any, **options: Any) -> None:
        """Print the summary and the alerts there would have been."""
        try:
            strategy = _find(options["id"])
            start, end = _range(strategy, options["start"], options["end"])
            found, labels = self._replay(strategy, start, end)
        except InvalidInput as error:
            raise CommandError(str(error)) from error
        except NotJudged as error:
            raise CommandError(
                f"the store could not answer: {error}", returncode=NOT_JUDGED
            ) from error
        spans = found.all_spans()
        if options["json"]:
            shown = _as_json(strategy, (start, end), found, labels)
            self.stdout.write(json.dumps(shown, indent=2))
            return
        self._tell(strategy, (start, end), found)
        self._list(spans[-options["alerts"] :] if options["alerts"] > 0 else [], labels)

    def _replay(
        self, strategy: Strategy, start: datetime, end: datetime
    ) -> tuple[Backtest, Sequence[Labels]]:
        definition = parse_definition(strategy.definition)
        found = Backtest(definition.flap_window_s if definition.flap_count else 0)
        labels: Sequence[Labels] = ()
        shows = self.stderr.isatty()
        try:
            for part in replay_in_parts(
                definition,
                strategy.space.slug,
                int(start.timestamp()),
                int(end.timestamp()),
                ask=gather,
            ):
                found.add(part.replay)
                labels = part.replay.labels
                if shows:
                    self.stderr.write(
                        bar(part.done, part.whole, len(labels)), ending=""
                    )
        finally:
            if shows:
                self.stderr.write("\r\033[K", ending="")
        return found, labels

    def _tell(
        self, strategy: Strategy, span: tuple[datetime, datetime], found: Backtest
    ) -> None:
        summary = found.summary()
        every = tell_length(strategy.interval_s)
        self.stdout.write(
            f"“{strategy.name}” of {strategy.space.slug}, {_when(span[0])} to "
            f"{_when(span[1])} UTC, every {every}"
        )
        self.stdout.write(tell_summary(summary))
        unjudged = "".join(
            f"; {count:,} not judged, {why}"
            for why, count in tell_unjudged(summary.unjudged)
        )
        self.stdout.write(
            f"{summary.series:,} series at {summary.ticks:,} moments: "
            f"{summary.normal:,} points normal, {summary.anomalous:,} anomalous{unjudged}"
        )
        for remark in tell_not_replayed(strategy.no_data):
            self.stdout.write(remark)

    def _list(self, spans: Sequence[FiringSpan], labels: Sequence[Labels]) -> None:
        for span in spans:
            if span.end is None:
                lasted = "still open"
            else:
                lasted = tell_length(span.end - span.start)
            series = ", ".join(f"{k}={v}" for k, v in sorted(labels[span.row].items()))
            begin = _when(datetime.fromtimestamp(span.start, UTC))
            worst = SEVERITIES[span.worst]
            self.stdout.write(f"  {begin}  {worst:8}  {lasted:>12}  {series}".rstrip())


def bar(done: int, whole: int, series: int) -> str:
    """Return the line of a progress bar, from the beginning of the line."""
    filled = done * BAR // whole
    drawn = "#" * filled + "." * (BAR - filled)
    return (
        f"\r[{drawn}] {done * 100 // whole:3d} %  {done:,} of {whole:,} moments, "
        f"{series:,} series\033[K"
    )


def _find(pk: int) -> Strategy:
    rows = Strategy.objects.filter(pk=pk).select_related("space")
    strategy: Strategy | None = rows.first()
    if strategy is None:
        raise InvalidInput(f"there is no strategy {pk}")
    if strategy.kind == Strategy.Kind.COMPOSITE:
        raise InvalidInput(
            f"strategy {pk} is composite and has no series of its own; "
            "replay its members"
        )
    return strategy


def _range(strategy: Strategy, start: str, end: str) -> tuple[datetime, datetime]:
    now = timezone.now()
    # The samples of the newest moments may still be on their way.
    settled = now - timedelta(seconds=strategy.delay_s)
    span = parse_moment(start, now), min(parse_moment(end, now), settled)
    if span[0] > span[1]:
        raise InvalidInput(f"--from {start} is not before --to {end}")
    return span


def _as_json(
    strategy: Strategy,
    span: tuple[datetime, datetime],
    found: Backtest,
    labels: Sequence[Labels],
) -> dict[str, Any]:
    spans, summary = found.all_spans(), found.summary()
    return {
        "strategy": strategy.pk,
        "from": span[0].isoformat(),
        "to": span[1].isoformat(),
        "summary": asdict(summary),
        "remarks": tell_not_replayed(strategy.no_data),
        "alerts": [
            {
                "labels": dict(labels[one.row]),
                "start": one.start,
                "end": one.end,
                "severities": one.severities,
            }
            for one in spans[-MOST_SPANS:]
        ],
        "left_out": max(0, summary.fired - min(len(spans), MOST_SPANS)),
    }


def _when(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
