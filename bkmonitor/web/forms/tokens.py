"""What people choose of a new API token."""

from datetime import datetime, timedelta

from django import forms
from django.utils.translation import gettext_lazy as _

from bkmonitor.accounts.models import ApiToken

LIVES = (
    (0, _("Never")),
    (30, _("In 30 days")),
    (90, _("In 90 days")),
    (365, _("In a year")),
)


class TokenForm(forms.Form):
    """A token's name, what it may do, and how long."""

    name = forms.CharField(
        label=_("Name"),
        max_length=100,
        help_text=_("Who or what will use it: Prometheus in Frankfurt."),
    )
    scopes = forms.MultipleChoiceField(
        label=_("It may"),
        choices=ApiToken.Scope.choices,
        initial=[ApiToken.Scope.INGEST],
        widget=forms.CheckboxSelectMultiple,
    )
    life_days = forms.TypedChoiceField(
        label=_("Ends"), choices=LIVES, coerce=int, initial=0
    )

    def expires_at(self, now: datetime) -> datetime | None:
        """Return when the token ends; None for never."""
        days = self.cleaned_data["life_days"]
        return now + timedelta(days=days) if days else None
