"""The pings of heartbeats, for the bars of a list."""

from collections import defaultdict
from collections.abc import Collection
from typing import Any

from django.db.models import F, Window
from django.db.models.functions import RowNumber

from bkmonitor.probes.models import Ping

BARS = 40
# Starts and logs say nothing of how a run ended.
OUTCOMES = {Ping.Kind.SUCCESS.value: 1, Ping.Kind.FAIL.value: 0}


def newest_pings(ids: Collection[int]) -> dict[int, list[list[Any]]]:
    """Return the newest ends of runs of each heartbeat, oldest first; one query.

    Each is [unix seconds, 1 success | 0 failure, seconds or None, text], as a
    probe's results are.
    """
    newest_first = Window(
        RowNumber(), partition_by=F("heartbeat_id"), order_by=[F("at").desc(), "-pk"]
    )
    ended = Ping.objects.filter(heartbeat_id__in=ids, kind__in=OUTCOMES)
    rows = ended.order_by().annotate(number=newest_first).filter(number__lte=BARS)
    found: dict[int, list[list[Any]]] = defaultdict(list)
    for row in rows.values_list("heartbeat_id", "at", "kind", "duration_s", "exit_status", "number"):  # fmt: skip
        pk, at, kind, duration, status, number = row
        text = f"exit {status}" if status else ""
        found[pk].append([int(at.timestamp()), OUTCOMES[kind], duration, text, number])
    return {
        pk: [entry[:4] for entry in sorted(entries, key=lambda entry: -entry[4])]
        for pk, entries in found.items()
    }
