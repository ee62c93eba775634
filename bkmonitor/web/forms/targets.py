"""What people type of a scrape target."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from bkmonitor.metrics.models import ScrapeTarget
from bkmonitor.metrics.services import SECRETS
from bkmonitor.web.forms.inputs import KEPT, SECRET, LabelsField, SecondsField

TYPED = (
    "name", "url", "labels", "interval_s", "enabled", "username", "verify_tls",
    "ca_certificate",
)  # fmt: skip


class TargetForm(forms.Form):
    """A scrape target. Its credentials are not shown again; left empty they stay."""

    name = forms.CharField(label=_("Name"), max_length=100)
    url = forms.CharField(
        label=_("URL"),
        max_length=500,
        widget=forms.URLInput(
            attrs={"placeholder": "http://web-1.example.org:9100/metrics"}
        ),
    )
    interval_s = SecondsField(label=_("Fetch every"), initial=30)
    labels = LabelsField(
        help_text=_("Each sample gets them. One name=value a line."),
    )
    username = forms.CharField(
        label=_("User name"),
        max_length=100,
        required=False,
        widget=forms.TextInput(attrs=SECRET),
    )
    password = forms.CharField(
        label=_("Password"), required=False, widget=forms.PasswordInput(attrs=SECRET)
    )
    bearer_token = forms.CharField(
        label=_("Or a bearer token"),
        required=False,
        widget=forms.PasswordInput(attrs=SECRET),
    )
    forget = forms.BooleanField(label=_("Take password and token away"), required=False)
    verify_tls = forms.BooleanField(
        label=_("Check the server's certificate"), required=False, initial=True
    )
    ca_certificate = forms.CharField(
        label=_("Certificate of its authority"),
        required=False,
        widget=forms.Textarea(
            attrs={"rows": 3, "placeholder": "-----BEGIN CERTIFICATE-----", **SECRET}
        ),
        help_text=_("PEM; empty for the usual authorities."),
    )
    enabled = forms.BooleanField(label=_("Fetch from it"), required=False, initial=True)

    def __init__(self, data: Any = None, *, target: ScrapeTarget | None = None) -> None:
        initial = {name: getattr(target, name) for name in TYPED} if target else {}
        super().__init__(data, initial=initial)
        kept = [name for name in SECRETS if target and getattr(target, name)]
        for name in kept:
            self.fields[name].help_text = KEPT
        if not kept:
            del self.fields["forget"]

    def fields_of_target(self) -> dict[str, Any]:
        """Return what the room shall store; what is left out stays."""
        fields = {name: self.cleaned_data[name] for name in TYPED}
        forget = self.cleaned_data.get("forget")
        for name in SECRETS:
            if self.cleaned_data[name] or forget:
                fields[name] = self.cleaned_data[name]
        return fields
