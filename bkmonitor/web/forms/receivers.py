"""What people type of a receiver, by its channel."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bkmonitor.notifications.addresses import shown_address
from bkmonitor.notifications.models import Receiver
from bkmonitor.web.forms.inputs import KEPT, SECRET, HeadersField
from bkmonitor.web.forms.session import time_zones

TYPED = ("name", "language", "time_zone", "is_default", "enabled")


def _zones() -> list[tuple[str, Any]]:
    return [("", _("As the space")), *time_zones()]


class ReceiverForm(forms.Form):
    """What every receiver has. An address may be a secret: it is not shown again."""

    channel: Receiver.Channel

    name = forms.CharField(label=_("Name"), max_length=100)
    address = forms.CharField(label=_("Address"), max_length=2000)
    language = forms.ChoiceField(
        label=_("Language of messages"),
        choices=(("", _("As the space")), *settings.LANGUAGES),
        required=False,
    )
    time_zone = forms.ChoiceField(label=_("Time zone"), choices=_zones, required=False)
    is_default = forms.BooleanField(
        label=_("Gets everything of this space"),
        required=False,
        initial=True,
        help_text=_("Each alert when it fires, changes and ends."),
    )
    enabled = forms.BooleanField(label=_("Switched on"), required=False, initial=True)

    def __init__(self, data: Any = None, *, receiver: Receiver | None = None) -> None:
        initial = {name: getattr(receiver, name) for name in TYPED} if receiver else {}
        super().__init__(data, initial=initial)
        self.receiver = receiver
        if receiver is not None:
            self.keep_address(receiver)

    def keep_address(self, receiver: Receiver) -> None:
        """Let the address be left empty, which keeps the one there is."""
        address = self.fields["address"]
        address.required = False
        address.help_text = gettext("Now %(address)s; empty keeps it.") % {
            "address": shown_address(receiver)
        }

    def fields_of_receiver(self) -> dict[str, Any]:
        """Return what the room shall store; what is left out stays."""
        fields = {name: self.cleaned_data[name] for name in TYPED}
        if self.cleaned_data["address"]:
            fields["address"] = self.cleaned_data["address"].strip()
        return fields | {"channel": self.channel.value}


class EmailForm(ReceiverForm):
    """A mail address."""

    channel = Receiver.Channel.EMAIL

    def __init__(self, data: Any = None, *, receiver: Receiver | None = None) -> None:
        super().__init__(data, receiver=receiver)
        address = self.fields["address"]
        address.label = _("E-mail address")
        address.widget = forms.EmailInput(
            attrs={"autocomplete": "email", "spellcheck": "false"}
        )

    def keep_address(self, receiver: Receiver) -> None:
        """Show the address: who gets mail is no secret in a space."""
        self.initial["address"] = receiver.address


class WebhookForm(ReceiverForm):
    """A URL that takes JSON, with what signs and opens it."""

    channel = Receiver.Channel.WEBHOOK

    secret = forms.CharField(
        label=_("Signing secret"),
        required=False,
        widget=forms.PasswordInput(attrs=SECRET),
        help_text=_("Each message is then signed with HMAC-SHA256 in X-Bkm-Signature."),
    )
    headers = HeadersField()
    forget = forms.BooleanField(label=_("Take secret and headers away"), required=False)

    def __init__(self, data: Any = None, *, receiver: Receiver | None = None) -> None:
        super().__init__(data, receiver=receiver)
        address = self.fields["address"]
        address.label = _("URL")
        address.widget = forms.URLInput(attrs={"placeholder": "https://…", **SECRET})
        kept = receiver.settings if receiver else {}
        if not kept:
            del self.fields["forget"]
        if "secret" in kept:
            self.fields["secret"].help_text = KEPT
        if "headers" in kept:
            headers: Any = self.fields["headers"]
            headers.keep(kept["headers"])

    def fields_of_receiver(self) -> dict[str, Any]:
        """Return what the room shall store; settings left empty stay as they are."""
        forgotten = self.cleaned_data.get("forget")
        typed = {name: self.cleaned_data[name] for name in ("secret", "headers")}
        kept = {name: value for name, value in typed.items() if value or forgotten}
        return super().fields_of_receiver() | {"settings": kept}


class AppriseForm(ReceiverForm):
    """The URL that Apprise gives to a chat or push service."""

    channel = Receiver.Channel.APPRISE

    def __init__(self, data: Any = None, *, receiver: Receiver | None = None) -> None:
        super().__init__(data, receiver=receiver)
        address = self.fields["address"]
        address.label = _("Apprise URL")
        address.widget = forms.TextInput(
            attrs={"placeholder": "tgram://bottoken/ChatID", **SECRET}
        )
        if receiver is None:
            address.help_text = _(
                "Names the service and holds its token: slack://…, tgram://…, "
                "feishu://…, wecombot://…, ntfy://…"
            )


FORMS: dict[str, type[ReceiverForm]] = {
    form.channel.value: form for form in (EmailForm, WebhookForm, AppriseForm)
}


class CodeForm(forms.Form):
    """The six digits of a test message."""

    code = forms.CharField(
        label=_("Code of the test message"),
        max_length=20,
        widget=forms.TextInput(
            attrs={
                "inputmode": "numeric",
                "autocomplete": "one-time-code",
                "placeholder": "000000",
            }
        ),
    )
