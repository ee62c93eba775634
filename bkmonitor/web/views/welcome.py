"""The page behind an invitation: choose a password, and come in."""

from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import override
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from bkmonitor.accounts.invitations import accept_invitation, find_invited
from bkmonitor.lib.errors import NotFound
from bkmonitor.web.forms.beside import errors_beside
from bkmonitor.web.forms.session import WelcomeForm


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def welcome(request: HttpRequest, uid: str, token: str) -> HttpResponse:
    """Take the first password of an invited person and log them in."""
    invited = find_invited(uid, token)
    if invited is None:
        return _no_invitation(request)
    form = WelcomeForm(request.POST or None)
    if form.is_valid():
        given = form.cleaned_data
        try:
            with errors_beside(form):
                user = accept_invitation(
                    uid, token, given["password"], name=given["name"]
                )
        except NotFound:
            return _no_invitation(request)
        if form.is_valid():
            login(request, user)
            return redirect("home")
    with override(invited.language):
        context = {"form": form, "invited": invited}
        return render(request, "session/welcome.html", context)


def _no_invitation(request: HttpRequest) -> HttpResponse:
    return render(request, "session/no_invitation.html", status=404)
