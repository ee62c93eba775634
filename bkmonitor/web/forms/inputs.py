"""Inputs that several forms share: lengths of time, labels, addresses."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bkmonitor.accounts.fields import check_web_address
from bkmonitor.lib.errors import InvalidInput
from bkmonitor.lib.labels import check_labels

UNITS = (
    (1, gettext_lazy("seconds")),
    (60, gettext_lazy("minutes")),
    (3600, gettext_lazy("hours")),
    (86400, gettext_lazy("days")),
)
CODE = {"spellcheck": "false", "autocapitalize": "none", "autocomplete": "off"}
SECRET = {"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}
KEPT = gettext_lazy(
    "There is one; empty keeps it while the address leads to the same server."
)
SIGNS = {">": ">", ">=": "≥", "<": "<", "<=": "≤", "==": "=", "!=": "≠"}


class SecondsWidget(forms.MultiWidget):
    """A number and its unit, side by side."""

    def __init__(self, attrs: Mapping[str, Any] | None = None) -> None:
        number = forms.NumberInput(
            attrs={
                "class": "form-control",
                "min": 1,
                "aria-label": gettext_lazy("Number"),
            }
        )
        unit = forms.Select(
            choices=UNITS,
            attrs={"class": "form-select", "aria-label": gettext_lazy("Unit")},
        )
        super().__init__([number, unit], dict(attrs or {}))

    def decompress(self, value: int | None) -> list[int | None]:
        """Split seconds into the largest unit that leaves no rest, and how many."""
        if not value:
            return [None, 60]
        unit = max(size for size, _name in UNITS if value % size == 0)
        return [value // unit, unit]


class SecondsField(forms.MultiValueField):
    """A length of time in seconds, typed as a number and a unit."""

    def __init__(self, **kwargs: Any) -> None:
        fields = (
            forms.IntegerField(min_value=1, max_value=10**9),
            forms.TypedChoiceField(choices=UNITS, coerce=int),
        )
        super().__init__(fields, widget=SecondsWidget(), **kwargs)

    def compress(self, data_list: list[Any]) -> int | None:
        """Return the seconds; None for a unit without a number."""
        number, unit = data_list or (None, None)
        return None if number is None else number * unit


class WebAddressField(forms.CharField):
    """An http or https address; whoever types only a host means https."""

    def __init__(self, **kwargs: Any) -> None:
        look = {"placeholder": "https://…", "inputmode": "url", "spellcheck": "false"}
        kwargs.setdefault("widget", forms.TextInput(attrs=look))
        kwargs.setdefault("max_length", 500)
        super().__init__(validators=[check_web_address], **kwargs)

    def to_python(self, value: Any) -> str:
        """Return the address with its scheme."""
        typed = str(super().to_python(value) or "").strip()
        return f"https://{typed}" if typed and "://" not in typed else typed


class LabelsField(forms.CharField):
    """Labels, one name=value a line; the value is a dict."""

    def __init__(self, **kwargs: Any) -> None:
        look = {"rows": 2, "spellcheck": "false", "placeholder": "team=payments"}
        kwargs.setdefault("widget", forms.Textarea(attrs=look))
        kwargs.setdefault("label", gettext_lazy("Labels"))
        kwargs.setdefault("required", False)
        kwargs.setdefault("help_text", gettext_lazy("One name=value a line."))
        super().__init__(**kwargs)

    def prepare_value(self, value: Any) -> Any:
        """Write a dict as the lines that people type."""
        if isinstance(value, Mapping):
            return "\n".join(f"{name}={value[name]}" for name in sorted(value))
        return value

    def clean(self, value: Any) -> dict[str, str]:
        """Read the lines."""
        found: dict[str, str] = {}
        for line in str(super().clean(value)).splitlines():
            name, equals, text = line.partition("=")
            if not line.strip():
                continue
            if not equals:
                raise forms.ValidationError(
                    _("“%(line)s” is not name=value") % {"line": line.strip()}
                )
            found[name.strip()] = text.strip().strip('"')
        try:
            check_labels(found)
        except InvalidInput as error:
            raise forms.ValidationError(error.fields["labels"]) from error
        return found


class HeadersField(forms.CharField):
    """HTTP headers, one Name: value a line; the value is a dict.

    They often are secrets, so they are typed and never shown again.
    """

    def __init__(self, **kwargs: Any) -> None:
        look = {"rows": 2, "placeholder": "Authorization: Bearer …", **SECRET}
        kwargs.setdefault("widget", forms.Textarea(attrs=look))
        kwargs.setdefault("label", gettext_lazy("Headers"))
        kwargs.setdefault("required", False)
        kwargs.setdefault("help_text", gettext_lazy("One Name: value a line."))
        super().__init__(**kwargs)

    def keep(self, names: Iterable[str]) -> None:
        """Say that there are headers of these names, and that empty keeps them."""
        self.help_text = _(
            "Now %(names)s; empty keeps them while the address leads to the same "
            "server. One Name: value a line."
        ) % {"names": ", ".join(names)}

    def clean(self, value: Any) -> dict[str, str]:
        """Read the lines."""
        found = {}
        for line in str(super().clean(value)).splitlines():
            name, colon, text = line.partition(":")
            if not line.strip():
                continue
            if not colon:
                raise forms.ValidationError(
                    _("“%(line)s” is not Name: value") % {"line": line.strip()}
                )
            found[name.strip()] = text.strip()
        return found
