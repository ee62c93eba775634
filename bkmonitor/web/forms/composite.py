"""What people type of a composite strategy."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from string import ascii_lowercase
from typing import Any

from django import forms
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bkmonitor.accounts.models import Space
from bkmonitor.alerts.models import Severity
from bkmonitor.strategies.models import Strategy
from bkmonitor.web.forms.inputs import SecondsField
from bkmonitor.web.forms.strategies import StrategyForm

# What every strategy has, however it is judged.
SHARED = (
    "name", "enabled", "interval_s", "flap_count", "flap_window_s", "labels", "summary",
    "description", "runbook_url",
)  # fmt: skip
# Where what the room refuses of a part is shown.
PARTS = {
    "composite": "conditions",
    "composite.members": "members",
    "composite.levels": "conditions",
    "composite.on": "on",
    "composite.hold_s": "hold_s",
}
EMPTY_ROWS = 2
Row = tuple[str, str]


class RowsWidget(forms.Widget):
    """Rows of two inputs each, drawn by a template; the value is a list of pairs."""

    use_fieldset = True

    def __init__(self, template: str, parts: tuple[str, str]) -> None:
        super().__init__()
        self.template, self.parts = template, parts

    def render(
        self, name: str, value: Any, attrs: Any = None, renderer: Any = None
    ) -> Any:
        """Draw the rows there are."""
        return render_to_string(self.template, {"name": name, "rows": value or []})

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[Row]:
        """Return the rows that were typed."""
        left, right = (data.getlist(f"{name}-{part}") for part in self.parts)
        return [
            (one.strip(), other.strip())
            for one, other in zip(left, right, strict=False)
        ]

    def id_for_label(self, id_: str) -> str:
        """Name nothing: the fieldset has a legend."""
        return ""


class ConditionsWidget(RowsWidget):
    """A row for each severity, whatever was typed."""

    def render(
        self, name: str, value: Any, attrs: Any = None, renderer: Any = None
    ) -> Any:
        """Draw the severities, the worst first."""
        texts = dict(value or ())
        rows = [(number, texts.get(str(number), "")) for number in Severity.values]
        return super().render(name, rows, attrs, renderer)


class RowsField(forms.Field):
    """Rows as they were typed; which of them count is for the form to say."""

    def clean(self, value: Any) -> list[Row]:
        """Return the rows."""
        return list(value or ())


class CompositeForm(forms.Form):
    """Members, the conditions over them, and what the message says."""

    members = RowsField(
        label=gettext_lazy("Strategies"),
        widget=RowsWidget("parts/members_input.html", ("alias", "strategy")),
        help_text=gettext_lazy(
            "Each by its name, and by a short one for the conditions; without one it "
            "is a, b, c and so on."
        ),
    )
    conditions = RowsField(
        label=gettext_lazy("Conditions"),
        widget=ConditionsWidget("parts/conditions_input.html", ("severity", "text")),
        help_text=gettext_lazy(
            "and, or, not and brackets, such as: cpu and not (deploy or disk.critical). "
            ".critical and .warning mean at least that severe; .no_data that its data is missing."
        ),
    )
    on = forms.CharField(
        label=gettext_lazy("Labels in common"),
        required=False,
        max_length=1000,
        widget=forms.TextInput(
            attrs={"placeholder": "instance", "spellcheck": "false", "autocapitalize": "none"}
        ),
        help_text=gettext_lazy(
            "Alerts with the same values belong together, and make an alert for each "
            "combination. Without any there is one for all."
        ),
    )  # fmt: skip
    hold_s = SecondsField(
        label=gettext_lazy("Hold time"),
        required=False,
        help_text=gettext_lazy(
            "For so long a condition has to hold before it fires, and to be over "
            "before it ends. Empty: at once."
        ),
    )

    def __init__(
        self, data: Any = None, *, space: Space, strategy: Strategy | None = None
    ) -> None:
        super().__init__(data, initial=_initial(strategy) if strategy else _blank())
        self._strategies = Strategy.objects.filter(space=space)
        for name in SHARED:
            self.fields[name] = deepcopy(StrategyForm.base_fields[name])

    def clean_members(self) -> list[dict[str, Any]]:
        """Name each strategy by its key, and give those an alias that have none."""
        rows = [(alias, name) for alias, name in self.cleaned_data["members"] if name]
        found = self._strategies.filter(name__in={name for _alias, name in rows})
        keys = dict(found.values_list("name", "pk"))
        unknown = [name for _alias, name in rows if name not in keys]
        if unknown:
            raise forms.ValidationError(
                _("There is no strategy “%(names)s”.") % {"names": "”, “".join(unknown)}
            )
        taken = {alias for alias, _name in rows}
        free = (letter for letter in ascii_lowercase if letter not in taken)
        return [
            {"alias": alias or next(free, ""), "strategy": keys[name]}
            for alias, name in rows
        ]

    def clean_conditions(self) -> list[dict[str, Any]]:
        """Leave out the severities without a condition."""
        return [
            {"severity": int(severity), "condition": text}
            for severity, text in self.cleaned_data["conditions"]
            if text and severity in ("1", "2", "3")
        ]

    def clean_on(self) -> list[str]:
        """Read the names, which stand apart by commas or blanks."""
        return str(self.cleaned_data["on"]).replace(",", " ").split()

    @property
    def composite(self) -> dict[str, Any]:
        """Return what the row keeps, as far as it could be read."""
        typed = self.cleaned_data
        return {
            "members": typed.get("members", []),
            "levels": typed.get("conditions", []),
            "on": typed.get("on", []),
            "hold_s": typed.get("hold_s") or 0,
        }

    @property
    def row(self) -> dict[str, Any]:
        """Return the fields of the strategy's row."""
        kept = {name: self.cleaned_data[name] for name in SHARED}
        return kept | {"kind": Strategy.Kind.COMPOSITE, "composite": self.composite}


def _blank() -> dict[str, Any]:
    return _shared(Strategy()) | {"members": [("", "")] * EMPTY_ROWS}


def _shared(strategy: Strategy) -> dict[str, Any]:
    return {name: getattr(strategy, name) for name in SHARED}


def _initial(strategy: Strategy) -> dict[str, Any]:
    composite: Mapping[str, Any] = strategy.composite or {}
    members: Sequence[Mapping[str, Any]] = composite.get("members", ())
    keys = [member["strategy"] for member in members]
    names = dict(Strategy.objects.filter(pk__in=keys).values_list("pk", "name"))
    texts = [
        (str(one["severity"]), one["condition"]) for one in composite.get("levels", ())
    ]
    return _shared(strategy) | {
        "members": [(one["alias"], names.get(one["strategy"], "")) for one in members],
        "conditions": texts,
        "on": ", ".join(composite.get("on", ())),
        "hold_s": composite.get("hold_s") or None,
    }
