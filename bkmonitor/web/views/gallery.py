"""The gallery: ready strategies, and which of them have their data."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from bkmonitor.accounts.access import Role
from bkmonitor.accounts.models import Space
from bkmonitor.metrics.tsdb.current import is_on
from bkmonitor.pipeline.gallery import sent_metrics, use_template
from bkmonitor.strategies.gallery.catalogue import SUBJECTS, find_template
from bkmonitor.strategies.gallery.template import Subject, Template
from bkmonitor.web.access import PageRequest, clock, space_view
from bkmonitor.web.htmx import respond


@dataclass(frozen=True, slots=True)
class Row:
    """A template, and which of its metrics have no samples; None where nobody knows."""

    template: Template
    lacks: Collection[str] | None

    @property
    def ready(self) -> bool:
        """Return whether it would judge something at once."""
        return self.lacks is not None and not self.lacks

    @property
    def partly(self) -> bool:
        """Return whether some of its metrics are there, and others are missing."""
        return bool(self.lacks) and len(self.lacks or ()) < len(self.template.metrics)


@dataclass(frozen=True, slots=True)
class Shelf:
    """A subject with those of its templates that are shown."""

    subject: Subject
    rows: Collection[Row]

    @property
    def ready(self) -> int:
        """Return how many of them would judge something at once."""
        return sum(row.ready for row in self.rows)


@require_safe
@space_view()
def gallery(request: PageRequest, space: Space) -> HttpResponse:
    """Show the ready strategies that have every word of the URL's q."""
    sent = sent_metrics(space, now=clock()) if is_on() else None
    words = request.GET.get("q", "").casefold().split()
    context = {
        "shelves": list(_shelves(words, sent)),
        "metrics_off": not is_on(),
        "not_known": sent is None,
    }
    return respond(
        request, "strategies/gallery.html", "strategies/_gallery.html", context
    )


@require_POST
@space_view(Role.EDITOR)
def use(request: PageRequest, space: Space, key: str) -> HttpResponse:
    """Make a strategy of a template, and lead to its editor."""
    made = use_template(find_template(key), space, by=request.user, now=clock())
    told = _("“%(name)s” is made and switched on. Here are its limits, to change them.")
    messages.success(request, told % {"name": made.name})
    return redirect("strategy_edit", space.slug, made.pk)


def _shelves(words: Collection[str], sent: Collection[str] | None) -> Iterator[Shelf]:
    for subject in SUBJECTS:
        rows = [
            Row(one, None if sent is None else sorted(one.metrics.difference(sent)))
            for one in subject.templates
            if all(word in _searched(subject, one) for word in words)
        ]
        if rows:
            yield Shelf(subject, rows)


def _searched(subject: Subject, template: Template) -> str:
    """Return what is searched: in the reader's language and in the strategy's own."""
    texts = (template.title, template.about, subject.title)
    told = (*texts, *map(_, texts), subject.sender, template.strategy["expression"])
    return "\n".join(told).casefold()
