"""API tokens: keys for programs, each shown once."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from bkmonitor.accounts import services
from bkmonitor.accounts.access import Role
from bkmonitor.accounts.installation import public_url
from bkmonitor.accounts.models import ApiToken, Space
from bkmonitor.web.access import PageRequest, clock, space_view
from bkmonitor.web.forms.beside import errors_beside
from bkmonitor.web.forms.tokens import TokenForm
from bkmonitor.web.htmx import respond
from bkmonitor.web.lists import State, listed
from bkmonitor.web.snippets import ingest_snippets, read_snippets

READS = {ApiToken.Scope.READ, ApiToken.Scope.WRITE}


def _states() -> tuple[State, ...]:
    now = clock()
    over = Q(revoked_at__isnull=False) | Q(expires_at__lte=now)
    active = Q(revoked_at=None) & (Q(expires_at=None) | Q(expires_at__gt=now))
    return (
        State("active", gettext_lazy("Active"), active),
        State("over", gettext_lazy("Ended"), over),
    )


@require_safe
@space_view(Role.ADMIN)
def token_list(request: PageRequest, space: Space) -> HttpResponse:
    """Show the tokens of a space, without their secrets."""
    now = clock()
    context = listed(
        request, _visible(request, space).select_related("created_by"), _states()
    )
    rows: Any = context["page"].rows
    context["rows"] = [(token, _state(token, now), _scopes(token)) for token in rows]
    context["any"] = any(count for _word, _label, count in context["choices"])
    return respond(request, "tokens/list.html", "tokens/_table.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
@space_view(Role.ADMIN)
def token_new(request: PageRequest, space: Space) -> HttpResponse:
    """Make a token and show its secret, this once."""
    form = TokenForm(request.POST or None)
    if form.is_valid():
        made = None
        with errors_beside(form, {"expires_at": "life_days"}):
            made = services.create_token(
                space,
                form.cleaned_data["name"],
                scopes=form.cleaned_data["scopes"],
                by=request.user,
                now=clock(),
                expires_at=form.expires_at(clock()),
            )
        if made is not None:
            # Shown in this answer and stored nowhere, the session neither.
            return render(request, "tokens/made.html", _made(request, *made))
    return render(request, "tokens/new.html", {"form": form})


@require_POST
@space_view(Role.ADMIN)
def token_revoke(request: PageRequest, space: Space, pk: int) -> HttpResponse:
    """End a token for ever."""
    token: ApiToken = get_object_or_404(_visible(request, space), pk=pk)
    services.revoke_token(token, clock())
    messages.success(request, _("“%(name)s” is revoked; it stops within seconds.") % {"name": token.name})  # fmt: skip
    return redirect("tokens", space.slug)


def root_of(request: HttpRequest) -> str:
    """Return the address under which programs reach the service, without a slash."""
    return public_url() or request.build_absolute_uri("/").rstrip("/")


def _visible(request: PageRequest, space: Space) -> QuerySet[ApiToken]:
    return ApiToken.objects.visible_to(request.user).filter(space=space)


def _made(request: PageRequest, token: ApiToken, secret: str) -> dict[str, Any]:
    root, scopes = root_of(request), set(token.scopes)
    return {
        "token": token,
        "secret": secret,
        "ingest": ingest_snippets(root, secret)
        if ApiToken.Scope.INGEST in scopes
        else (),
        "reading": read_snippets(root, secret) if scopes & READS else (),
        "metrics_off": not settings.VM_WRITE_URL,
    }


def _state(token: ApiToken, now: Any) -> str:
    if token.revoked_at is not None:
        return "revoked"
    return "expired" if token.expires_at and token.expires_at <= now else "active"


def _scopes(token: ApiToken) -> list[Any]:
    return [ApiToken.Scope(scope).label for scope in token.scopes]
