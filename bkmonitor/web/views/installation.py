"""What holds for the whole installation, asked of operators."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from bkmonitor.accounts import services as accounts
from bkmonitor.accounts.installation import installation
from bkmonitor.accounts.models import Space
from bkmonitor.lib.errors import DeliveryError
from bkmonitor.notifications.channels.email import check_server
from bkmonitor.web.access import PageRequest, space_view
from bkmonitor.web.forms.beside import errors_beside
from bkmonitor.web.forms.installation import AddressForm, MailForm


@never_cache
@require_http_methods(["GET", "POST"])
@sensitive_post_parameters("mail-password")
@space_view()
def edit(request: PageRequest, space: Space) -> HttpResponse:
    """Change the public address and the mail server after the set-up."""
    if not request.user.is_superuser:
        raise PermissionDenied
    asked = ask(request)
    if request.method == "POST" and save(asked):
        messages.success(request, _("Address and mail are saved."))
        return redirect("system", space.slug)
    return render(request, "system/installation.html", asked)


def ask(request: PageRequest) -> dict[str, Any]:
    """Return the forms of a request, and what variables fix, for the template."""
    row, typed = installation(), request.POST if request.method == "POST" else None
    here = request.build_absolute_uri("/").rstrip("/")
    return {
        "place": AddressForm(typed, row=row, here=here),
        "mail": MailForm(typed, row=row),
        "fixed_url": settings.PUBLIC_URL,
        "fixed_mail": bool(settings.SMTP_URL),
        "fixed_sender": settings.MAIL_FROM,
        "mail_set": bool(row.smtp_url),
    }


def save(asked: dict[str, Any]) -> bool:
    """Store what was typed, if it is sound and the mail server answers; tell whether."""
    forms = place, mail = asked["place"], asked["mail"]
    if not all([form.is_valid() for form in forms]):
        return False
    changes = place.changes() | mail.changes()
    url = changes.get("smtp_url")
    if url and url != installation().smtp_url:
        try:
            check_server(url)
        except DeliveryError as error:
            mail.add_error("host", str(error))
            return False
    if changes:
        with errors_beside(place):
            accounts.update_installation(**changes)
    return bool(place.is_valid())
