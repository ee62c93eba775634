"""Up to which moment each source has been judged; the rows are the sources' locks."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from django.db.models import Q

from bkmonitor.accounts import bulk
from bkmonitor.alerts.models import Watermark
from bkmonitor.evaluation.verdict import Source

SourceKey = tuple[str, int]


def advance(wanted: Mapping[SourceKey, datetime]) -> dict[SourceKey, float]:
    """Lock sources and move their watermarks, of those that are behind.

    Returns until when each that moved had been judged, in Unix seconds. Call in a
    transaction: the locks are held until its end, and taken in one order.
    """
    if not wanted:
        return {}
    marks = _locked_marks(wanted)
    missing = [key for key in wanted if key not in marks]
    if missing:
        rows = [
            Watermark(
                source_kind=kind, source_id=pk, at=datetime(1970, 1, 1, tzinfo=UTC)
            )
            for kind, pk in missing
        ]
        Watermark.objects.bulk_create(rows, ignore_conflicts=True)
        marks = _locked_marks(wanted)
    behind = [mark for key, mark in marks.items() if mark.at < wanted[key]]
    before = {}
    for mark in behind:
        key = (mark.source_kind, mark.source_id)
        before[key] = mark.at.timestamp()
        mark.at = wanted[key]
    bulk.update(behind, ["at"])
    return before


def hold(keys: Iterable[SourceKey]) -> None:
    """Lock sources until commit, as their evaluation does.

    It locks them before it writes their own rows; who changes those rows and their
    alerts in one transaction does the same, or the two would wait for each other.
    """
    _locked_marks(keys)


def _locked_marks(wanted: Iterable[SourceKey]) -> dict[SourceKey, Watermark]:
    marks = Watermark.objects.filter(of_sources(wanted)).order_by("pk")
    return {
        (mark.source_kind, mark.source_id): mark for mark in marks.select_for_update()
    }


def of_sources(keys: Iterable[SourceKey]) -> Q:
    """Return the condition that a row is of one of these sources."""
    by_kind: dict[str, list[int]] = defaultdict(list)
    for kind, source_id in keys:
        by_kind[kind].append(source_id)
    condition = Q(pk__in=[])
    for kind, ids in by_kind.items():
        condition |= Q(source_kind=kind, source_id__in=ids)
    return condition


def key_of(source: Source) -> SourceKey:
    """Return what a source is known by in rows."""
    return source.kind, source.id
