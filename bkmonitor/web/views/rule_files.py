"""Rule files: what an import would change, the import, and the export."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from bkmonitor.accounts.access import Role
from bkmonitor.accounts.models import Space
from bkmonitor.ascode.importing import (
    Action,
    Step,
    carry_out,
    count_actions,
    plan_import,
)
from bkmonitor.ascode.rule_writer import YAML, write_rule_file
from bkmonitor.strategies.models import Strategy
from bkmonitor.web.access import PageRequest, clock, space_view
from bkmonitor.web.forms.beside import errors_beside
from bkmonitor.web.forms.rule_files import RuleFileForm
from bkmonitor.web.revisions import Change, change_of


@dataclass(frozen=True, slots=True)
class Shown:
    """A step of a plan, with what would become of each field that changes."""

    step: Step
    changes: Sequence[Change]


@require_http_methods(["GET", "POST"])
@space_view(Role.EDITOR)
def rules_import(request: PageRequest, space: Space) -> HttpResponse:
    """Take a rule file, show what it would change, and do that once it is confirmed."""
    form = RuleFileForm(request.POST or None, request.FILES or None)
    context: dict[str, Any] = {"form": form}
    if form.is_valid():
        given, steps = form.cleaned_data, list[Step]()
        with errors_beside(form):
            steps = plan_import(space, {given["name"]: given["text"]})
            if "confirmed" in request.POST:
                carry_out(space, steps, by=request.user, now=clock())
        if form.is_valid() and "confirmed" in request.POST:
            messages.success(request, _told(count_actions(steps)))
            return redirect("strategies", space.slug)
        if form.is_valid():
            # Of a file that was chosen, the text goes on: the browser keeps no file.
            kept = {"text": given["text"], "name": given["name"]}
            context = _plan(steps) | {"form": RuleFileForm(initial=kept), **kept}
    return render(request, "strategies/import.html", context)


@require_safe
@space_view()
def rules_export(request: PageRequest, space: Space) -> HttpResponse:
    """Give the strategies of the space as a rule file."""
    own = Strategy.objects.visible_to(request.user).filter(space=space)
    text = write_rule_file(own.order_by("name"))
    named = {"Content-Disposition": f'attachment; filename="{space.slug}.yml"'}
    return HttpResponse(text, content_type=YAML, headers=named)


def _plan(steps: Sequence[Step]) -> dict[str, Any]:
    counts = count_actions(steps)
    return {
        "steps": [
            Shown(
                step,
                [
                    change_of(name, before, step.fields[name])
                    for name, before in step.before.items()
                ],
            )
            for step in steps
        ],
        "counts": counts,
        "work": counts[Action.CREATE] + counts[Action.CHANGE],
    }


def _told(counts: Mapping[str, int]) -> str:
    return _("Imported: %(create)s new, %(change)s changed, %(refuse)s not taken.") % counts  # fmt: skip
