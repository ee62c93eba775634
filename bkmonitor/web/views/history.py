"""The history of strategies: who changed what, and the way back."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from bkmonitor.accounts.access import Role
from bkmonitor.accounts.models import Space
from bkmonitor.lib.errors import InvalidInput
from bkmonitor.pipeline import sources
from bkmonitor.strategies.models import Strategy
from bkmonitor.strategies.revisions import deleted, history_of
from bkmonitor.web.access import PageRequest, clock, space_view
from bkmonitor.web.paging import page
from bkmonitor.web.revisions import shown

SIZE = 20


@require_safe
@space_view()
def strategy_history(request: PageRequest, space: Space, pk: int) -> HttpResponse:
    """Show who made what of a strategy, which may be deleted, and when."""
    own = Strategy.objects.visible_to(request.user).filter(space=space)
    strategy = own.filter(pk=pk).first()
    history = history_of(pk, request.user).filter(space=space)
    rows = page(history, ("-number",), request.GET.get("cursor", ""), size=SIZE)
    if strategy is None and not rows:
        raise Http404(pk)
    newest = history.first()
    context = {
        "strategy": strategy,
        "pk": pk,
        "name": strategy.name if strategy else newest and newest.definition["name"],
        "newest": newest,
        "page": rows,
        "revisions": shown(rows.rows),
    }
    return render(request, "strategies/history.html", context)


@require_POST
@space_view(Role.EDITOR)
def strategy_restore(
    request: PageRequest, space: Space, pk: int, number: int
) -> HttpResponse:
    """Make a strategy again what it was; a deleted one comes back."""
    history = history_of(pk, request.user).filter(space=space)
    revision = get_object_or_404(history, number=number)
    try:
        restored = sources.restore_strategy(revision, by=request.user, now=clock())
    except InvalidInput as error:
        # Of its time it was sound; a rule, or another of that name, is younger.
        messages.error(request, str(error))
        return redirect("strategy_history", space.slug, pk)
    messages.success(
        request,
        _("“%(name)s” is again what it was in revision %(number)s.")
        % {"name": restored.name, "number": number},
    )
    return redirect("strategy", space.slug, pk)


@require_safe
@space_view()
def strategies_deleted(request: PageRequest, space: Space) -> HttpResponse:
    """List the strategies that were deleted, the newest first."""
    rows = deleted(request.user).filter(space=space)
    shown_rows = page(rows, ("-at", "-pk"), request.GET.get("cursor", ""))
    return render(request, "strategies/deleted.html", {"page": shown_rows})
