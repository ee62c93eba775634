"""Whom to let into a space."""

from django import forms
from django.utils.translation import gettext_lazy as _

from bkmonitor.accounts.models import Member


class InviteForm(forms.Form):
    """A person's address and role."""

    email = forms.EmailField(
        label=_("E-mail address"),
        widget=forms.EmailInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    role = forms.ChoiceField(
        label=_("Role"),
        choices=Member.Role.choices,
        initial=Member.Role.RESPONDER,
        help_text=_(
            "Viewers read. Responders also act on alerts, editors also set up, "
            "admins also keep members and tokens."
        ),
    )


class RoleForm(forms.Form):
    """Another role."""

    role = forms.ChoiceField(choices=Member.Role.choices)
