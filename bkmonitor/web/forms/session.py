"""Login, profile and password."""

from functools import cache
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from bkmonitor.accounts.models import User

EMAIL = {"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}


@cache
def time_zones() -> list[tuple[str, str]]:
    """Return the zones people live in, with UTC first, as choices."""
    named = (
        name
        for name in available_timezones()
        if "/" in name and not name.startswith(("Etc/", "SystemV/", "posix/", "right/"))
    )
    return [("UTC", "UTC"), *((name, name.replace("_", " ")) for name in sorted(named))]


class LoginForm(forms.Form):
    """Who comes in."""

    email = forms.EmailField(
        label=_("E-mail address"), widget=forms.EmailInput(attrs=EMAIL)
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class ProfileForm(forms.Form):
    """Name, language and zone of a person."""

    name = forms.CharField(label=_("Name"), max_length=100, required=False)
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        choices=time_zones,
        help_text=_("Times on pages and in messages to you are in this zone."),
    )


class PasswordForm(forms.Form):
    """Another password, for who knows the present one."""

    present = forms.CharField(
        label=_("Present password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    password = forms.CharField(
        label=_("New password"),
        strip=False,
        help_text=_("At least 10 characters, and not one of the usual ones."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_present(self) -> str:
        """Hold what was typed against the present password."""
        present = str(self.cleaned_data["present"])
        if not self.user.check_password(present):
            raise forms.ValidationError(_("This is not your present password."))
        return present


class WelcomeForm(forms.Form):
    """The first password of somebody who was invited."""

    name = forms.CharField(label=_("Your name"), max_length=100, required=False)
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        help_text=_("At least 10 characters, and not one of the usual ones."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
