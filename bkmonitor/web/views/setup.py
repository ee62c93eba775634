"""The set-up wizard: from a one-time link to a message that is known to arrive."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from bkmonitor.accounts import services as accounts
from bkmonitor.accounts.installation import installation, smtp_url
from bkmonitor.accounts.models import Member, Space, User
from bkmonitor.lib.errors import Conflict, NotFound, TooManyRequests
from bkmonitor.notifications import services as notifications
from bkmonitor.notifications.models import Notification, Receiver
from bkmonitor.pipeline import selfwatch
from bkmonitor.pipeline.bells import ring_delivery
from bkmonitor.pipeline.sources import save_probe
from bkmonitor.probes.models import Probe
from bkmonitor.web.access import PageRequest, View, clock, person_view
from bkmonitor.web.checklist import can_tell_somebody
from bkmonitor.web.forms.beside import errors_beside
from bkmonitor.web.forms.setup import (
    AdministratorForm,
    CodeForm,
    ProbeForm,
    ReceiverForm,
    SpaceForm,
)
from bkmonitor.web.htmx import respond
from bkmonitor.web.views.installation import ask, save

SECRET = "password"  # noqa: S105


def operator_view(view: Callable[..., HttpResponse]) -> View:
    """Let in operators alone; the view gets the space that is being set up."""

    @never_cache
    @person_view
    @wraps(view)
    def guarded(request: PageRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_superuser:
            raise PermissionDenied
        return view(request, _space(request.user), *args, **kwargs)

    return guarded


def _space(user: User) -> Space:
    """Return the first space that the operator administers and made themselves."""
    mine = Member.objects.filter(user=user, role=Member.Role.ADMIN)
    space = Space.objects.filter(members__in=mine, is_builtin=False).first()
    if space is None:
        raise Http404
    return space


@never_cache
@sensitive_post_parameters(SECRET)
@require_http_methods(["GET", "HEAD", "POST"])
def begin(request: HttpRequest, secret: str) -> HttpResponse:
    """Make the first administrator and the first space; the link works once."""
    if not accounts.is_setup_link(secret, clock()):
        return render(request, "setup/no_link.html", status=404)
    person = AdministratorForm(request.POST or None, initial={"language": get_language()})  # fmt: skip
    # Whoever comes by a link that was forced finds the spaces that are there.
    first = not Space.objects.filter(is_builtin=False).exists()
    space = SpaceForm(request.POST or None) if first else None
    if person.is_valid() and (space is None or space.is_valid()):
        try:
            user = _make(person, space, secret)
        except NotFound:
            # Somebody else came by the same link at the same moment.
            return render(request, "setup/no_link.html", status=404)
        if user is not None:
            login(request, user)
            return redirect("setup_address")
    context = {"form": person, "space_form": space, "step": 1}
    return render(request, "setup/begin.html", context)


def _make(person: AdministratorForm, space: SpaceForm | None, secret: str) -> User | None:  # fmt: skip
    """Make everything or nothing; None if it was refused, which the forms then say."""
    given = dict(person.cleaned_data)
    made: User | None = None
    with errors_beside(person), transaction.atomic():
        accounts.use_setup_link(secret, clock())
        user = accounts.create_user(
            given.pop("email"), given.pop(SECRET), is_superuser=True, **given
        )
        if space is None or _open_space(user, space):
            _enter_spaces(user)
            made = user
        else:
            transaction.set_rollback(True)
    return made


def _open_space(user: User, form: SpaceForm) -> bool:
    named = form.cleaned_data
    with errors_beside(form, {"slug": "space_slug", "name": "space_name"}):
        accounts.create_space(named["space_slug"], named["space_name"], by=user)
    return form.is_valid()


def _enter_spaces(user: User) -> None:
    for found in Space.objects.exclude(members__user=user):
        accounts.add_member(found, user, Member.Role.ADMIN)
    # At once, and not when somebody finds the time to finish.
    selfwatch.install(by=user, now=clock())


@require_http_methods(["GET", "POST"])
@sensitive_post_parameters("mail-password")
@operator_view
def address(request: PageRequest, space: Space) -> HttpResponse:
    """Ask for the public address and the mail server; variables win over both."""
    asked = ask(request)
    if request.method == "POST" and save(asked):
        return redirect("setup_receiver")
    return render(request, "setup/address.html", asked | {"step": 2})


@require_http_methods(["GET", "POST"])
@operator_view
def receiver(request: PageRequest, space: Space) -> HttpResponse:
    """Ask who shall get the messages, and send a test there."""
    known = Receiver.objects.filter(space=space).order_by("pk").first()
    initial = {
        "channel": "email" if smtp_url() else "webhook",
        "address": request.user.email if smtp_url() else "",
    }
    if known is not None:
        initial = {"channel": known.channel, "address": known.address, "name": known.name}  # fmt: skip
    form = ReceiverForm(request.POST or None, initial=initial)
    if form.is_valid():
        given = form.cleaned_data
        given["name"] = given["name"] or _("First receiver")
        with errors_beside(form):
            saved = notifications.save_receiver(space, given, receiver=known)
        if form.is_valid():
            _send_test(request, saved)
            return redirect("setup_confirm", saved.pk)
    context = {"form": form, "has_mail": bool(smtp_url()), "known": known, "step": 3}
    return render(request, "setup/receiver.html", context)


def _send_test(request: HttpRequest, to: Receiver) -> None:
    try:
        ring_delivery(notifications.send_test(to, clock()).pk)
    except TooManyRequests:
        messages.info(request, _("A test was sent just now; give it a moment."))
    except Conflict as error:
        messages.error(request, str(error))


def _find_receiver(space: Space, pk: int) -> Receiver:
    found: Receiver | None = Receiver.objects.filter(space=space, pk=pk).first()
    if found is None:
        raise Http404(pk)
    return found


@require_http_methods(["GET", "HEAD", "POST"])
@operator_view
def confirm(request: PageRequest, space: Space, pk: int) -> HttpResponse:
    """Show what became of the test message, and take its code."""
    to = _find_receiver(space, pk)
    form = CodeForm(request.POST or None)
    if form.is_valid():
        with errors_beside(form):
            to = notifications.confirm(to, form.cleaned_data["code"], clock())
    if to.confirmed_at and request.method == "POST":
        return redirect("setup_probe")
    test = Notification.objects.filter(receiver=to, reason="test").first()
    context = {
        "receiver": to,
        "test": test,
        "tries": test.tries.all() if test else [],
        "form": form,
        "step": 3,
    }
    return respond(request, "setup/confirm.html", "setup/_test.html", context)


@require_POST
@operator_view
def send_again(request: PageRequest, space: Space, pk: int) -> HttpResponse:
    """Send another test message."""
    _send_test(request, _find_receiver(space, pk))
    return redirect("setup_confirm", pk)


@require_http_methods(["GET", "POST"])
@operator_view
def probe(request: PageRequest, space: Space) -> HttpResponse:
    """Ask for the first web address to watch."""
    form = ProbeForm(request.POST or None)
    if form.is_valid():
        given = form.cleaned_data
        given["name"] = given["name"] or urlsplit(given["target"]).netloc
        with errors_beside(form):
            save_probe(
                space, {**given, "kind": Probe.Kind.HTTP}, by=request.user, now=clock()
            )
        if form.is_valid():
            return redirect("setup_finish")
    return render(request, "setup/probe.html", {"form": form, "step": 4})


@require_http_methods(["GET", "POST"])
@operator_view
def finish(request: PageRequest, space: Space) -> HttpResponse:
    """End the set-up, if a message is known to arrive."""
    ready = can_tell_somebody(space)
    if request.method == "POST" and ready:
        with transaction.atomic():
            _watch_itself(request.user, space)
            accounts.update_installation(completed_at=clock())
        with override(request.user.language):
            messages.success(request, _("The set-up is finished. You will be told."))
        return redirect("overview", space.slug)
    context = {
        "space": space,
        "ready": ready,
        "receivers": Receiver.objects.filter(space=space),
        "probes": Probe.objects.filter(space=space),
        "row": installation(),
        "metrics_on": bool(settings.VM_WRITE_URL),
        "step": 5,
    }
    return render(request, "setup/finish.html", context)


def _watch_itself(user: User, space: Space) -> None:
    """Have the service watched too, and its troubles told to the same receivers."""
    own = selfwatch.install(by=user, now=clock())
    known = Receiver.objects.filter(
        space=space, confirmed_at__isnull=False, enabled=True
    )
    for each in known:
        selfwatch.copy_receiver(each, own)
