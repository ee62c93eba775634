"""Lists of what is set up: searched, narrowed to a state, a page at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Model, Q, QuerySet
from django.http import HttpRequest
from django.utils.functional import Promise

from bkmonitor.web.paging import page
from bkmonitor.web.search import matching


@dataclass(frozen=True, slots=True)
class State:
    """A state that a list can be narrowed to: its name in the URL, and its rows."""

    word: str
    label: str | Promise
    rows: Q


def listed(
    request: HttpRequest,
    rows: QuerySet[Any],
    states: Sequence[State],
    texts: Sequence[str] = ("name",),
) -> dict[str, Any]:
    """Return what the template of a list needs; three queries, however many rows.

    `page` are the rows that the URL's q, state and cursor ask for, in the order of
    their names; `choices` are the states (word, label, count), `state` the chosen
    one; `total` is how many rows there are of any state. The first of `states` is
    chosen when the URL names none.
    """
    # Named apart from the fields, or one would hide the other.
    counts = rows.aggregate(
        **{f"is_{one.word}": Count("pk", filter=one.rows) for one in states}
    )
    known = {state.word: state for state in states}
    chosen = known.get(request.GET.get("state", ""), states[0])
    found = matching(rows.filter(chosen.rows), request.GET.get("q", ""), texts)
    shown: Any = page(found, ("name", "pk"), request.GET.get("cursor", ""))
    return {
        "page": shown,
        "total": counts[f"is_{states[0].word}"],
        "choices": [(one.word, one.label, counts[f"is_{one.word}"]) for one in states],
        "state": chosen.word,
    }


def keys(rows: Sequence[Model]) -> list[Any]:
    """Return the primary keys of the rows of a page."""
    return [row.pk for row in rows]
