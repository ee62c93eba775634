"""Members: who may do what in a space."""

from typing import Any

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from bkmonitor.accounts import services
from bkmonitor.accounts.access import Role
from bkmonitor.accounts.invitations import invitation_path, invite
from bkmonitor.accounts.models import Member, Space
from bkmonitor.lib.errors import Conflict
from bkmonitor.web.access import PageRequest, space_view
from bkmonitor.web.forms.beside import errors_beside
from bkmonitor.web.forms.members import InviteForm, RoleForm
from bkmonitor.web.htmx import respond
from bkmonitor.web.paging import page
from bkmonitor.web.views.tokens import root_of


@require_safe
@space_view(Role.ADMIN)
def member_list(request: PageRequest, space: Space) -> HttpResponse:
    """Show the members of a space."""
    asked = request.GET.get("q", "").strip()[:200]
    rows = _visible(request, space)
    found = rows.filter(Q(user__name__icontains=asked) | Q(user__email__icontains=asked))  # fmt: skip
    shown: Any = page(
        found.select_related("user"), ("pk",), request.GET.get("cursor", "")
    )
    context = {"page": shown, "total": rows.count(), "roles": Member.Role.choices}
    return respond(request, "members/list.html", "members/_table.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
@space_view(Role.ADMIN)
def member_add(request: PageRequest, space: Space) -> HttpResponse:
    """Let a person in; show the link at which somebody new chooses a password."""
    form = InviteForm(request.POST or None)
    if form.is_valid():
        made = None
        with errors_beside(form, {"user": "email", "": "email"}):
            made = invite(
                space,
                form.cleaned_data["email"],
                form.cleaned_data["role"],
                by=request.user,
            )
        if made is not None:
            member, path = made
            if path:
                return _show_link(request, member, path)
            messages.success(request, _("%(who)s is a member now.") % {"who": member.user})  # fmt: skip
            return redirect("members", space.slug)
    return render(request, "members/new.html", {"form": form})


@never_cache
@require_POST
@space_view(Role.ADMIN)
def member_invitation(request: PageRequest, space: Space, pk: int) -> HttpResponse:
    """Show the link for somebody who has no password yet once more."""
    member = _found(request, space, pk)
    path = invitation_path(member.user, by=request.user)
    if path:
        return _show_link(request, member, path)
    messages.error(request, _("There is no invitation for %(who)s: they have a password, or are a member of a space that you do not administer.") % {"who": member.user})  # fmt: skip
    return redirect("members", space.slug)


@require_POST
@space_view(Role.ADMIN)
def member_role(request: PageRequest, space: Space, pk: int) -> HttpResponse:
    """Give a member another role."""
    member, form = _found(request, space, pk), RoleForm(request.POST)
    if form.is_valid():
        try:
            services.change_role(member, form.cleaned_data["role"])
        except Conflict as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("%(who)s: %(role)s.") % {"who": member.user, "role": member.get_role_display()})  # fmt: skip
    return redirect("members", space.slug)


@require_POST
@space_view(Role.ADMIN)
def member_remove(request: PageRequest, space: Space, pk: int) -> HttpResponse:
    """Take a person out of the space."""
    member = _found(request, space, pk)
    try:
        services.remove_member(member)
    except Conflict as error:
        messages.error(request, str(error))
        return redirect("members", space.slug)
    messages.success(request, _("%(who)s is no longer a member.") % {"who": member.user})  # fmt: skip
    if member.user_id == request.user.pk:
        return redirect("home")
    return redirect("members", space.slug)


def _visible(request: PageRequest, space: Space) -> QuerySet[Member]:
    return Member.objects.visible_to(request.user).filter(space=space)


def _found(request: PageRequest, space: Space, pk: int) -> Member:
    rows = _visible(request, space).select_related("user")
    found: Member = get_object_or_404(rows, pk=pk)
    return found


def _show_link(request: PageRequest, member: Member, path: str) -> HttpResponse:
    context = {"member": member, "link": f"{root_of(request)}{path}"}
    return render(request, "members/invited.html", context)
