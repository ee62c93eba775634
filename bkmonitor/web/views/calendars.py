"""Calendars: the list, a month of one, and what is written in it."""

from typing import Any

from django.contrib import messages
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from bkmonitor.accounts.access import Role
from bkmonitor.accounts.models import Space
from bkmonitor.calendars import services
from bkmonitor.calendars.models import Calendar, CalendarItem
from bkmonitor.calendars.series import Scope
from bkmonitor.lib.errors import Conflict, InvalidInput
from bkmonitor.lib.wallclock import Wall, parse_wall, write_wall
from bkmonitor.pipeline import calendars
from bkmonitor.strategies.activetime import names_going_by
from bkmonitor.web.access import PageRequest, clock, space_view
from bkmonitor.web.forms.beside import errors_beside
from bkmonitor.web.forms.calendars import CalendarForm, ImportForm, ItemForm
from bkmonitor.web.htmx import respond
from bkmonitor.web.lists import State, listed
from bkmonitor.web.months import next_month, read_month, weeks_of
from bkmonitor.web.paging import page
from bkmonitor.web.repetition import Repetition

STATES = (State("all", gettext_lazy("All"), Q()),)
BESIDE = {"start": "first_day", "end": "last_day"}
MOST_SKIPPED = 10


@require_safe
@space_view()
def calendar_list(request: PageRequest, space: Space) -> HttpResponse:
    """Show the calendars of the space."""
    rows = _visible(request, space).annotate(item_count=Count("items"))
    context = listed(request, rows, STATES, ("name", "description"))
    return respond(request, "calendars/list.html", "calendars/_table.html", context)


@require_safe
@space_view()
def calendar_detail(request: PageRequest, space: Space, pk: int) -> HttpResponse:
    """Show a month of a calendar, what is written in it, and who goes by it."""
    calendar = _found(request, space, pk)
    return render(request, "calendars/detail.html", _shown(request, calendar))


def _shown(
    request: PageRequest, calendar: Calendar, form: ImportForm | None = None
) -> dict[str, Any]:
    today = timezone.localdate(clock())
    month = read_month(request.GET.get("month", ""), today)
    shown: Any = page(calendar.items.all(), ("start", "pk"), request.GET.get("cursor", ""))  # fmt: skip
    return {
        "calendar": calendar,
        "page": shown,
        "items": [(item, Repetition.of(item.rule).in_words()) for item in shown.rows],
        "weeks": weeks_of(calendar.items.all(), month),
        "month": month,
        "before": next_month(month, -1),
        "after": next_month(month),
        "today": today,
        "going_by": sorted(names_going_by(calendar).items(), key=lambda row: row[1]),
        "form": form or ImportForm(),
    }


@require_http_methods(["GET", "POST"])
@space_view(Role.EDITOR)
def calendar_edit(
    request: PageRequest, space: Space, pk: int | None = None
) -> HttpResponse:
    """Make a calendar, or change its name and what it is for."""
    calendar = _found(request, space, pk) if pk is not None else None
    name = calendar.name if calendar else ""
    form = CalendarForm(request.POST or None, calendar=calendar)
    if form.is_valid():
        saved = calendar
        with errors_beside(form):
            saved = services.save_calendar(space, form.cleaned_data, calendar=calendar)
        if form.is_valid() and saved is not None:
            messages.success(request, _("“%(name)s” is saved.") % {"name": saved.name})
            return redirect("calendar", space.slug, saved.pk)
    context = {
        "form": form,
        "calendar": calendar,
        "heading": _("Change “%(name)s”") % {"name": name} if calendar else _("New calendar"),
        "back": reverse("calendar", args=[space.slug, pk]) if pk else reverse("calendars", args=[space.slug]),
    }  # fmt: skip
    return render(request, "calendars/edit.html", context)


@require_POST
@space_view(Role.EDITOR)
def calendar_remove(request: PageRequest, space: Space, pk: int) -> HttpResponse:
    """Delete a calendar, unless strategies go by it."""
    calendar = _found(request, space, pk)
    name = calendar.name
    try:
        calendars.remove(calendar)
    except Conflict as error:
        messages.error(request, str(error))
        return redirect("calendar", space.slug, pk)
    messages.success(request, _("“%(name)s” is deleted.") % {"name": name})
    return redirect("calendars", space.slug)


@require_POST
@space_view(Role.EDITOR)
def calendar_import(request: PageRequest, space: Space, pk: int) -> HttpResponse:
    """Write the events of an .ics file into a calendar."""
    calendar = _found(request, space, pk)
    form = ImportForm(request.POST, request.FILES)
    if form.is_valid():
        with errors_beside(form):
            imported = calendars.import_ics(
                calendar, form.cleaned_data["ics"], now=clock()
            )
        if form.is_valid():
            _tell_imported(request, imported)
            return redirect("calendar", space.slug, pk)
    context = _shown(request, calendar, form)
    return render(request, "calendars/detail.html", context, status=400)


def _tell_imported(request: PageRequest, imported: services.Imported) -> None:
    told = ngettext("%(n)d item was imported.", "%(n)d items were imported.", imported.items)  # fmt: skip
    messages.success(request, told % {"n": imported.items})
    for skipped in imported.skipped[:MOST_SKIPPED]:
        told = _("“%(name)s” could not be taken: %(reason)s")
        messages.warning(
            request, told % {"name": skipped.name, "reason": skipped.reason}
        )
    if (more := len(imported.skipped) - MOST_SKIPPED) > 0:
        told = ngettext("%(n)d more could not be taken.", "%(n)d more could not be taken.", more)  # fmt: skip
        messages.warning(request, told % {"n": more})


@require_http_methods(["GET", "POST"])
@space_view(Role.EDITOR)
def calendar_item(
    request: PageRequest, space: Space, pk: int, item_pk: int | None = None
) -> HttpResponse:
    """Write something into a calendar, or change it: all of its times, or some."""
    calendar = _found(request, space, pk)
    item = _item(calendar, item_pk) if item_pk is not None else None
    at = _asked_time(request.GET.get("at", ""))
    form = ItemForm(request.POST or None, time_zone=space.time_zone, item=item, at=at)
    if form.is_valid():
        with errors_beside(form, BESIDE):
            _save(form, calendar, item, at)
        if form.is_valid():
            name = form.cleaned_data["name"]
            messages.success(request, _("“%(name)s” is saved.") % {"name": name})
            return _to_month(calendar, form.cleaned_data["first_day"])
    context = {
        "form": form,
        "calendar": calendar,
        "item": item,
        "at": write_wall(at) if at else "",
        "again": Repetition.of(item.rule).in_words() if item else "",
        "scopes": Scope.choices,
        "heading": item.name if item else _("New item"),
    }
    return render(request, "calendars/item.html", context)


def _save(
    form: ItemForm, calendar: Calendar, item: CalendarItem | None, at: Wall | None
) -> None:
    fields, now = form.fields_of_item(), clock()
    if item is None or at is None or "scope" not in form.fields:
        calendars.save_item(calendar, fields, now=now, item=item)
        return
    scope = Scope(form.cleaned_data["scope"] or Scope.ONE)
    calendars.change_occurrence(
        item, fields, occurrence=write_wall(at), scope=scope, now=now
    )


@require_POST
@space_view(Role.EDITOR)
def calendar_item_remove(
    request: PageRequest, space: Space, pk: int, item_pk: int
) -> HttpResponse:
    """Take something out of a calendar: all of its times, or some."""
    calendar = _found(request, space, pk)
    item, at = _item(calendar, item_pk), _asked_time(request.POST.get("at", ""))
    scope, name = request.POST.get("scope", Scope.ALL), item.name
    try:
        if at is None or scope not in Scope.values:
            calendars.remove_item(item, now=clock())
        else:
            calendars.remove_occurrence(
                item, occurrence=write_wall(at), scope=Scope(scope), now=clock()
            )
    except InvalidInput as error:
        # Somebody took that time out meanwhile.
        messages.error(request, str(error))
    else:
        messages.success(request, _("“%(name)s” is deleted.") % {"name": name})
    return _to_month(calendar, at.date() if at else None)


def _to_month(calendar: Calendar, day: Any) -> HttpResponse:
    url = reverse("calendar", args=[calendar.space.slug, calendar.pk])
    return redirect(f"{url}?month={day:%Y-%m}" if day else url)


def _asked_time(text: str) -> Wall | None:
    try:
        return parse_wall(text, field="at")
    except InvalidInput:
        return None


def _visible(request: PageRequest, space: Space) -> QuerySet[Calendar]:
    return Calendar.objects.visible_to(request.user).filter(space=space)


def _found(request: PageRequest, space: Space, pk: int) -> Calendar:
    rows = _visible(request, space).select_related("space")
    found: Calendar = get_object_or_404(rows, pk=pk)
    return found


def _item(calendar: Calendar, pk: int) -> CalendarItem:
    item = calendar.items.select_related("calendar__space").filter(pk=pk).first()
    if item is None:
        raise Http404(pk)
    return item
