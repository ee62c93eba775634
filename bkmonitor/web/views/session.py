"""Log in and out."""

from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from bkmonitor.accounts.login import check_login
from bkmonitor.lib.errors import InvalidInput, TooManyRequests
from bkmonitor.web.access import clock
from bkmonitor.web.forms.session import LoginForm


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def log_in(request: HttpRequest) -> HttpResponse:
    """Ask for e-mail address and password; lead to where the person wanted to go."""
    if request.user.is_authenticated:
        return redirect(wanted(request))
    form = LoginForm(request.POST or None)
    status = 200
    if form.is_valid():
        try:
            user = check_login(
                form.cleaned_data["email"],
                form.cleaned_data["password"],
                address=request.META["REMOTE_ADDR"],
                now=clock(),
            )
        except InvalidInput as error:
            form.add_error(None, str(error))
        except TooManyRequests as error:
            form.add_error(None, str(error))
            status = 429
        else:
            login(request, user)
            return redirect(wanted(request))
    context = {"form": form, "next": request.POST.get("next") or request.GET.get("next", "")}  # fmt: skip
    return render(request, "session/login.html", context, status=status)


@require_POST
def log_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    logout(request)
    return redirect("login")


def wanted(request: HttpRequest) -> str:
    """Return the page of ours that `next` names, else the first one."""
    target = str(request.POST.get("next") or request.GET.get("next") or "/")
    ours = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return target if ours else "/"
