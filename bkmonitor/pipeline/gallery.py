"""Ready strategies in a space: whose data is there, and made in one click."""

from collections.abc import Collection
from datetime import datetime
from itertools import count

from bkmonitor.accounts.models import Space, User
from bkmonitor.metrics.query import query_instant
from bkmonitor.pipeline.sources import save_strategy
from bkmonitor.strategies.gallery.catalogue import templates
from bkmonitor.strategies.gallery.template import Template
from bkmonitor.strategies.models import Strategy


def use_template(
    template: Template, space: Space, *, by: User | None, now: datetime
) -> Strategy:
    """Make a strategy of a template; one that is there already gets a sister."""
    fields = template.fields
    rows = Strategy.objects.filter(space=space, name__startswith=fields["name"])
    taken = set(rows.values_list("name", flat=True))
    name = _free_name(fields["name"], taken)
    return save_strategy(space, {**fields, "name": name}, by=by, now=now)


def sent_metrics(space: Space, *, now: datetime) -> frozenset[str] | None:
    """Return which of the metrics that templates need have samples in a space now.

    One question to the store, however many templates there are; None when it does
    not answer, for nothing can be said then.
    """
    needed = sorted({name for each in templates() for name in each.metrics})
    promql = f'count by (__name__) ({{__name__=~"{"|".join(needed)}"}})'
    frame = query_instant(space.slug, promql, now.timestamp()).frame
    if frame is None:
        return None
    return frozenset(labels.get("__name__", "") for labels in frame.labels)


def _free_name(name: str, taken: Collection[str]) -> str:
    further = (f"{name} ({number})" for number in count(2))
    return name if name not in taken else next(x for x in further if x not in taken)
