"""What a person may change about themselves: name, language, zone, look, password."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import check_for_language, override
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from bkmonitor.accounts import services
from bkmonitor.web.access import PageRequest, person_view
from bkmonitor.web.context import THEMES
from bkmonitor.web.forms.beside import errors_beside
from bkmonitor.web.forms.session import PasswordForm, ProfileForm
from bkmonitor.web.views.session import wanted

YEAR_S = 365 * 86400


@require_http_methods(["GET", "POST"])
@person_view
def profile(request: PageRequest) -> HttpResponse:
    """Show and change name, language and time zone."""
    user = request.user
    initial = {"name": user.name, "language": user.language, "time_zone": user.time_zone}  # fmt: skip
    form = ProfileForm(request.POST or None, initial=initial)
    if form.is_valid():
        with errors_beside(form):
            services.update_user(user, **form.cleaned_data)
        if form.is_valid():
            with override(user.language):
                messages.success(request, _("Your profile is saved."))
            return redirect("profile")
    return render(request, "session/profile.html", {"form": form})


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@person_view
def change_password(request: PageRequest) -> HttpResponse:
    """Change the password; the other sessions of the person end."""
    form = PasswordForm(request.user, request.POST or None)
    if form.is_valid():
        with errors_beside(form):
            services.set_password(request.user, form.cleaned_data["password"])
        if form.is_valid():
            update_session_auth_hash(request, request.user)
            messages.success(request, _("Your password is changed."))
            return redirect("profile")
    return render(request, "session/password.html", {"form": form})


@require_POST
def choose_language(request: HttpRequest) -> HttpResponse:
    """Speak another language from now on, wherever the person logs in."""
    language = request.POST.get("language", "")
    answer = redirect(wanted(request))
    if language not in dict(settings.LANGUAGES) or not check_for_language(language):
        return answer
    if request.user.is_authenticated:
        services.update_user(request.user, language=language)
    _keep(answer, request, settings.LANGUAGE_COOKIE_NAME, language)
    return answer


@require_POST
def choose_theme(request: HttpRequest) -> HttpResponse:
    """Be light, dark or as the system from now on, in this browser."""
    answer = redirect(wanted(request))
    theme = request.POST.get("theme", "")
    if theme in THEMES:
        _keep(answer, request, "theme", theme)
    return answer


def _keep(answer: HttpResponse, request: HttpRequest, name: str, value: str) -> None:
    answer.set_cookie(
        name, value, max_age=YEAR_S, samesite="Lax", secure=request.is_secure()
    )
