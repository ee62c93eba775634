"""What is done about series that stop coming: its part of the editor."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from bkmonitor.alerts.models import Severity
from bkmonitor.lib.errors import InvalidInput
from bkmonitor.strategies.no_data import GROUP, IGNORE, SERIES, NoData, parse_no_data
from bkmonitor.web.forms.inputs import CODE, SecondsField

POLICIES = (
    (IGNORE, _("nothing: an alert that is open says so")),
    (SERIES, _("an alert for each series")),
    (GROUP, _("one alert for each group of series")),
)


class NoDataFields(forms.Form):
    """The fields of the policy; mixed into the form of a strategy."""

    no_data_policy = forms.ChoiceField(
        label=_("When a series stops coming"), choices=POLICIES, required=False
    )
    no_data_after = forms.IntegerField(
        label=_("After missing evaluations"),
        min_value=1,
        max_value=1000,
        required=False,
    )
    no_data_severity = forms.TypedChoiceField(
        label=_("Severity"), choices=Severity.choices, coerce=int, required=False
    )
    no_data_by = forms.CharField(
        label=_("Labels that make a group"),
        required=False,
        widget=forms.TextInput(attrs={"placeholder": "instance", **CODE}),
    )
    no_data_forget_s = SecondsField(
        label=_("Forgotten after"),
        required=False,
        help_text=_(
            "What was taken away for good is missed no more, and its alerts end."
        ),
    )

    @staticmethod
    def no_data_initial(stored: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the fields begin with."""
        try:
            policy = parse_no_data(stored)
        except InvalidInput:
            policy = NoData()
        return {
            "no_data_policy": policy.policy,
            "no_data_after": policy.after,
            "no_data_severity": policy.severity,
            "no_data_by": ", ".join(policy.by),
            "no_data_forget_s": policy.forget_s,
        }

    def no_data(self, stored: Mapping[str, Any]) -> dict[str, Any]:
        """Return the policy as the row keeps it; as it is stored if nothing differs."""
        typed = self.cleaned_data
        names = str(typed.get("no_data_by") or "").replace(",", " ").split()
        given = {
            "policy": typed.get("no_data_policy") or IGNORE,
            "after": typed.get("no_data_after"),
            "severity": typed.get("no_data_severity") or None,
            "by": names,
            "forget_s": typed.get("no_data_forget_s"),
        }
        policy = {name: value for name, value in given.items() if value is not None}
        try:
            same = parse_no_data(policy) == parse_no_data(stored)
        except InvalidInput:
            same = False
        return dict(stored) if same else policy
