"""The inputs of the levels of a strategy: severities, limits, detectors."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bkmonitor.alerts.models import Severity
from bkmonitor.detection.conditions import OPERATORS
from bkmonitor.detection.parameters import Parameter
from bkmonitor.detection.registry import KINDS
from bkmonitor.lib.errors import InvalidInput
from bkmonitor.lib.units import parse_value
from bkmonitor.web.forms.inputs import CODE, SIGNS
from bkmonitor.web.forms.levels_draft import unit_of

MATCHES = (
    ("all", gettext_lazy("all of these hold")),
    ("any", gettext_lazy("any of these holds")),
)
JOINS = (("and", gettext_lazy("and")), ("or", gettext_lazy("or")))
PLAIN_UNITS: Mapping[str, str | Promise] = {
    "points": gettext_lazy("periods"),
    "days": gettext_lazy("days"),
}


class ValueField(forms.CharField):
    """A number as people write it in a unit: "90 %", "5 GiB", "10 min"."""

    def __init__(self, unit: str = "", **kwargs: Any) -> None:
        super().__init__(widget=forms.TextInput(attrs={"inputmode": "text", **CODE}), **kwargs)  # fmt: skip
        self.unit = unit

    def clean(self, value: Any) -> float | int | None:
        """Read the number; whole ones are integers."""
        text = super().clean(value)
        if not text:
            return None
        try:
            number = parse_value(text, self.unit)
        except InvalidInput as error:
            raise forms.ValidationError(str(error)) from error
        return int(number) if number.is_integer() and abs(number) < 2**53 else number


class LevelForm(forms.Form):
    """A severity, and what of the strategy it has of its own."""

    severity = forms.TypedChoiceField(
        label=gettext_lazy("Severity"), choices=Severity.choices, coerce=int
    )
    match = forms.ChoiceField(
        label=gettext_lazy("How they count together"), choices=MATCHES, required=False
    )
    expression = forms.CharField(
        label=gettext_lazy("PromQL of this level alone"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, **CODE}),
    )
    count = forms.IntegerField(
        label=gettext_lazy("Fires after"), required=False, min_value=1, max_value=1000
    )
    window = forms.IntegerField(
        label=gettext_lazy("of the last evaluations"),
        required=False,
        min_value=1,
        max_value=1000,
    )
    recovery = forms.IntegerField(
        label=gettext_lazy("Over after normal evaluations"),
        required=False,
        min_value=1,
        max_value=1000,
    )


class ConditionForm(forms.Form):
    """One limit, and how it is joined to the one before."""

    join = forms.ChoiceField(label=gettext_lazy("Joined by"), choices=JOINS, required=False)  # fmt: skip
    operator = forms.ChoiceField(
        label=gettext_lazy("Operator"),
        choices=[(word, SIGNS[word]) for word in OPERATORS],
    )

    def __init__(self, *args: Any, unit: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["value"] = ValueField(unit, label=gettext_lazy("Limit"), required=False)  # fmt: skip


class DetectorForm(forms.Form):
    """A kind of detector, and an input for each of its parameters but conditions."""

    kind = forms.ChoiceField(label=gettext_lazy("Method"))

    def __init__(
        self, *args: Any, parameters: Sequence[Parameter], unit: str, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        kind: Any = self.fields["kind"]
        kind.choices = [(each.kind, _(each.title)) for each in KINDS.values()]
        for parameter in parameters:
            if parameter.type != "conditions":
                self.fields[parameter.name] = _field_of(parameter, unit)


def _field_of(parameter: Parameter, unit: str) -> forms.Field:
    usual: dict[str, Any] = {"label": _(parameter.title), "required": parameter.required}  # fmt: skip
    if parameter.type == "choice":
        titles = [(word, _(title)) for word, title in parameter.choices]
        return forms.ChoiceField(choices=titles, **usual)
    if parameter.type in ("label", "labels"):
        hint = "" if parameter.type == "label" else "instance, job"
        look = forms.TextInput(attrs={"placeholder": hint, **CODE})
        return forms.CharField(widget=look, **usual)
    field = ValueField(unit_of(parameter, unit), **usual)
    field.widget.attrs["data-unit-key"] = parameter.unit
    return field
