"""Receivers: who gets messages, and whether they arrive."""

from typing import Any

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from bkmonitor.accounts.access import Role
from bkmonitor.accounts.installation import mail_from, smtp_url
from bkmonitor.accounts.models import Space
from bkmonitor.lib.errors import Conflict, TooManyRequests
from bkmonitor.notifications import services
from bkmonitor.notifications.addresses import shown_address
from bkmonitor.notifications.channels.registry import CHANNELS
from bkmonitor.notifications.models import Notification, Receiver
from bkmonitor.notifications.wording import reason_word
from bkmonitor.pipeline.bells import ring_delivery
from bkmonitor.web.access import PageRequest, clock, space_view
from bkmonitor.web.forms.beside import errors_beside
from bkmonitor.web.forms.receivers import FORMS, CodeForm
from bkmonitor.web.htmx import respond
from bkmonitor.web.lists import State, listed
from bkmonitor.web.paging import page

STATES = (
    State("all", gettext_lazy("All"), Q()),
    State(
        "confirmed",
        gettext_lazy("Confirmed"),
        Q(enabled=True, confirmed_at__isnull=False),
    ),
    State(
        "unconfirmed", gettext_lazy("Not confirmed"), Q(enabled=True, confirmed_at=None)
    ),
    State("disabled", gettext_lazy("Off"), Q(enabled=False)),
)
NEWEST = 20


@require_safe
@space_view()
def receiver_list(request: PageRequest, space: Space) -> HttpResponse:
    """Show the receivers of a space and the newest messages to all of them."""
    context = listed(request, _visible(request, space), STATES)
    context["rows"] = [(row, shown_address(row)) for row in context["page"].rows]
    context["channels"] = Receiver.Channel.choices
    sent = Notification.objects.visible_to(request.user).filter(space=space)
    newest = sent.order_by("-created_at", "-pk").prefetch_related("tries")[:NEWEST]
    context["notifications"] = [(row, _about(row)) for row in newest]
    return respond(request, "receivers/list.html", "receivers/_table.html", context)


@require_safe
@space_view()
def receiver_detail(request: PageRequest, space: Space, pk: int) -> HttpResponse:
    """Show whether messages reach a receiver, and the newest of them."""
    return _show(request, _found(request, space, pk), CodeForm())


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@space_view(Role.EDITOR)
def receiver_edit(
    request: PageRequest, space: Space, pk: int | None = None
) -> HttpResponse:
    """Make a receiver, or change one."""
    receiver = _found(request, space, pk) if pk is not None else None
    channel = receiver.channel if receiver else request.GET.get("channel", "email")
    if channel not in FORMS:
        raise Http404(channel)
    name = receiver.name if receiver else ""
    form = FORMS[channel](request.POST or None, receiver=receiver)
    if form.is_valid():
        saved = receiver
        with errors_beside(form, {"settings": "headers"}):
            saved = services.save_receiver(
                space, form.fields_of_receiver(), receiver=receiver
            )
        if form.is_valid() and saved is not None:
            messages.success(request, _saved_words(saved))
            return redirect("receiver", space.slug, saved.pk)
    context = {
        "form": form,
        "receiver": receiver,
        "receiver_name": name,
        "channel": channel,
        "channels": Receiver.Channel.choices,
        "no_mail": channel == "email" and not (smtp_url() and mail_from()),
        "heading": _("Change “%(name)s”") % {"name": name} if receiver else _("New receiver"),
        "back": reverse("receiver", args=[space.slug, pk]) if pk else reverse("receivers", args=[space.slug]),
    }  # fmt: skip
    return render(request, "receivers/edit.html", context)


@require_POST
@space_view(Role.EDITOR)
def receiver_test(request: PageRequest, space: Space, pk: int) -> HttpResponse:
    """Send a test message."""
    receiver = _found(request, space, pk)
    try:
        ring_delivery(services.send_test(receiver, clock()).pk)
    except TooManyRequests as error:
        wait = int(error.retry_after_s)
        messages.error(request, _("A test was sent just now; wait %(n)d seconds before the next.") % {"n": wait})  # fmt: skip
    except Conflict:
        messages.error(request, _("The receiver is switched off; switch it on first."))
    return redirect("receiver", space.slug, pk)


@require_POST
@space_view(Role.EDITOR)
def receiver_confirm(request: PageRequest, space: Space, pk: int) -> HttpResponse:
    """Take the code of a test message."""
    receiver = _found(request, space, pk)
    form = CodeForm(request.POST)
    if form.is_valid():
        with errors_beside(form):
            services.confirm(receiver, form.cleaned_data["code"], clock())
        if form.is_valid():
            messages.success(request, _("Confirmed: messages arrive there."))
            return redirect("receiver", space.slug, pk)
    return _show(request, receiver, form)


@require_POST
@space_view(Role.EDITOR)
def receiver_remove(request: PageRequest, space: Space, pk: int) -> HttpResponse:
    """Delete a receiver."""
    receiver = _found(request, space, pk)
    services.delete_receiver(receiver)
    messages.success(request, _("“%(name)s” is deleted.") % {"name": receiver.name})
    return redirect("receivers", space.slug)


def _visible(request: PageRequest, space: Space) -> QuerySet[Receiver]:
    return Receiver.objects.visible_to(request.user).filter(space=space)


def _found(request: PageRequest, space: Space, pk: int) -> Receiver:
    found: Receiver = get_object_or_404(
        _visible(request, space).select_related("space"), pk=pk
    )
    return found


def _show(request: PageRequest, receiver: Receiver, form: CodeForm) -> HttpResponse:
    rows = receiver.notifications.prefetch_related("tries")
    shown: Any = page(rows, ("-created_at", "-pk"), request.GET.get("cursor", ""))
    tests = receiver.notifications.filter(reason="test")
    test = tests.order_by("-created_at", "-pk").first()
    context = {
        "receiver": receiver,
        "address": shown_address(receiver),
        "settings_given": sorted(receiver.settings),
        "page": shown,
        "notifications": [(row, _about(row)) for row in shown.rows],
        "test": test if test and test.created_at == receiver.code_sent_at else None,
        "asks_code": not CHANNELS[receiver.channel].confirms,
        "no_mail": receiver.channel == "email" and not (smtp_url() and mail_from()),
        "form": form,
    }
    return respond(request, "receivers/detail.html", "receivers/_state.html", context)


def _about(notification: Notification) -> dict[str, Any]:
    """Return what a row of the log shows of its message, and why it came."""
    told = notification.message
    reason = reason_word(notification.reason)
    title = told.get("title") or reason
    return {"title": title, "path": told.get("path", ""), "reason": reason}


def _saved_words(receiver: Receiver) -> str:
    if receiver.confirmed_at:
        return _("“%(name)s” is saved.") % {"name": receiver.name}
    return _("“%(name)s” is saved. Send a test message to know that messages arrive.") % {"name": receiver.name}  # fmt: skip
