"""Where people reach the service and how its mail goes out, for all spaces.

What a variable sets is not asked: the form lacks the field, and the page says so.
"""

from typing import Any
from urllib.parse import quote, unquote, urlsplit

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from bkmonitor.accounts.models import Installation
from bkmonitor.accounts.validation import check_stays_home
from bkmonitor.lib.origin import same_origin
from bkmonitor.web.forms.beside import errors_beside
from bkmonitor.web.forms.inputs import KEPT, WebAddressField

PORTS = {"smtp+starttls": 587, "smtps": 465, "smtp": 25}
SERVER = ("host", "encryption", "port", "username", "password")


class AddressForm(forms.Form):
    """Where people reach the service; `here` is where this very request found it."""

    public_url = WebAddressField(
        label=_("Public address"),
        help_text=_(
            "Links in messages begin with it. After the set-up the service answers under this name alone."
        ),
    )
    reached_there = forms.BooleanField(
        label=_("The service is reached there already"),
        required=False,
        help_text=_("Under its former address it stops answering at once."),
    )

    def __init__(self, data: Any, *, row: Installation, here: str) -> None:
        super().__init__(data, initial={"public_url": row.public_url or here})
        self.here, self.stored = here, row.public_url
        if settings.PUBLIC_URL:
            del self.fields["public_url"]
        # Before the set-up is complete the service answers under every name.
        if settings.PUBLIC_URL or not row.completed_at:
            del self.fields["reached_there"]

    def clean_public_url(self) -> str:
        """Leave out a slash at the end."""
        return str(self.cleaned_data["public_url"]).rstrip("/")

    def clean(self) -> dict[str, Any]:
        """Let nobody lock themselves out by a slip of the keyboard."""
        cleaned: dict[str, Any] = super().clean() or {}
        url = cleaned.get("public_url", "")
        known = any(same_origin(url, place) for place in ("", self.here, self.stored))
        if not known and not cleaned.get("reached_there", True):
            told = _("This page came from another address. Tick this to be sure.")
            self.add_error("reached_there", told)
        return cleaned

    def changes(self) -> dict[str, str]:
        """Return what shall be stored of the installation."""
        return {k: v for k, v in self.cleaned_data.items() if k == "public_url"}


class MailForm(forms.Form):
    """The mail server, if there shall be one, and who mail comes from."""

    host = forms.CharField(label=_("Mail server"), max_length=200, required=False)
    encryption = forms.ChoiceField(
        label=_("Encryption"),
        choices=[
            ("smtp+starttls", "STARTTLS"),
            ("smtps", "TLS"),
            ("smtp", _("None")),
        ],
    )
    port = forms.IntegerField(
        label=_("Port"), min_value=1, max_value=65535, required=False
    )
    username = forms.CharField(label=_("User name"), max_length=200, required=False)
    password = forms.CharField(
        label=_("Password"),
        max_length=500,
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )
    mail_from = forms.EmailField(label=_("Sender of mail"), required=False)

    def __init__(self, data: Any, *, row: Installation) -> None:
        self.stored = urlsplit(row.smtp_url)
        initial = {
            "host": self.stored.hostname or "",
            "encryption": self.stored.scheme or "smtp+starttls",
            "port": self.stored.port,
            "username": unquote(self.stored.username or ""),
            "mail_from": row.mail_from,
        }
        super().__init__(data, prefix="mail", initial=initial)
        fixed = SERVER if settings.SMTP_URL else ()
        for name in (*fixed, *(("mail_from",) if settings.MAIL_FROM else ())):
            del self.fields[name]
        if self.stored.password and "password" in self.fields:
            self.fields["password"].help_text = KEPT

    def clean(self) -> dict[str, Any]:
        """Ask for a sender where there is a server, and keep the password of the same."""
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("host") and cleaned.get("mail_from") == "":
            self.add_error("mail_from", _("Mail needs a sender."))
        kept = self.stored.password
        if kept and cleaned.get("username") and not cleaned.get("password"):
            stored = self.stored._replace(netloc=self.stored.netloc.rpartition("@")[2])
            with errors_beside(self):
                check_stays_home(stored.geturl(), self._server(), ["password"])
                cleaned["password"] = unquote(kept)
        return cleaned

    def changes(self) -> dict[str, str]:
        """Return what shall be stored of the installation; nothing without a server."""
        given, changes = self.cleaned_data, {}
        if given.get("mail_from"):
            changes["mail_from"] = given["mail_from"]
        if given.get("host"):
            who = ""
            if given["username"]:
                who = f"{quote(given['username'], safe='')}:{quote(given['password'], safe='')}@"
            changes["smtp_url"] = self._server(who)
        return changes

    def _server(self, who: str = "") -> str:
        given = self.cleaned_data
        scheme = given.get("encryption", "smtp")
        port = given.get("port") or PORTS[scheme]
        return f"{scheme}://{who}{given.get('host', '')}:{port}"
