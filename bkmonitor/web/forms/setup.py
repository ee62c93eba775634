"""What the set-up wizard asks."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from bkmonitor.notifications.models import Receiver
from bkmonitor.pipeline.selfwatch import SLUG
from bkmonitor.web.forms.inputs import WebAddressField
from bkmonitor.web.forms.session import EMAIL, time_zones


class AdministratorForm(forms.Form):
    """The first person, and the space they begin in."""

    name = forms.CharField(label=_("Your name"), max_length=100, required=False)
    email = forms.EmailField(
        label=_("E-mail address"),
        widget=forms.EmailInput(attrs=EMAIL),
        help_text=_("You log in with it."),
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        help_text=_("At least 10 characters, and not one of the usual ones."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    time_zone = forms.ChoiceField(label=_("Time zone"), choices=time_zones)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.is_bound:
            # app.js chooses the browser's own zone.
            self.fields["time_zone"].widget.attrs["data-guess-zone"] = ""


class SpaceForm(forms.Form):
    """The first space."""

    space_name = forms.CharField(
        label=_("Name of the first space"),
        max_length=100,
        help_text=_("A team, a product or a customer: what belongs together."),
    )
    space_slug = forms.SlugField(
        label=_("Short name of the space"),
        max_length=40,
        required=False,
        help_text=_(
            "In addresses, and the label “space” of every sample. It cannot be changed later; made of the name when empty."
        ),
    )

    def clean(self) -> dict[str, Any]:
        """Make the short name of the name, where it can be made."""
        cleaned: dict[str, Any] = super().clean() or {}
        if not cleaned.get("space_slug") and "space_name" in cleaned:
            made = slugify(cleaned["space_name"])[:40].strip("-_").replace("_", "-")
            if not made:
                self.add_error("space_slug", _("Give a short name in Latin letters."))
            cleaned["space_slug"] = made
        if cleaned.get("space_slug") == SLUG:
            self.add_error("space_slug", _("The service's own space has this name."))
        return cleaned


class ReceiverForm(forms.Form):
    """The first receiver."""

    channel = forms.ChoiceField(
        label=_("How shall messages come?"),
        choices=Receiver.Channel.choices,
        widget=forms.RadioSelect,
    )
    address = forms.CharField(
        label=_("Address"),
        max_length=2000,
        help_text=_(
            "A mail address; the URL of a webhook; or the URL of a chat or push service as Apprise writes it, such as slack://… or tgram://…"
        ),
    )
    name = forms.CharField(label=_("Name"), max_length=100, required=False)


class CodeForm(forms.Form):
    """The six digits of a test message."""

    code = forms.CharField(
        label=_("The six digits in the test message"),
        max_length=12,
        widget=forms.TextInput(
            attrs={"inputmode": "numeric", "autocomplete": "one-time-code"}
        ),
    )

    def clean_code(self) -> str:
        """Forgive spaces."""
        return str(self.cleaned_data["code"]).replace(" ", "")


class ProbeForm(forms.Form):
    """The first probe: a web address."""

    target = WebAddressField(label=_("Web address to watch"))
    name = forms.CharField(label=_("Name"), max_length=100, required=False)
    interval_s = forms.TypedChoiceField(
        label=_("Look every"),
        coerce=int,
        choices=[
            (10, _("10 seconds")),
            (30, _("30 seconds")),
            (60, _("minute")),
            (300, _("5 minutes")),
        ],
        initial=60,
    )
