"""What people type of a strategy."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from bkmonitor.detection.registry import dump_detector, parse_detector
from bkmonitor.lib.errors import InvalidInput
from bkmonitor.lib.units import choices as unit_choices
from bkmonitor.strategies.models import DEFINING, Strategy
from bkmonitor.web.forms.inputs import (
    CODE,
    LabelsField,
    SecondsField,
    WebAddressField,
)
from bkmonitor.web.forms.levels import Json, LevelsBlock, LevelsField, first_draft
from bkmonitor.web.forms.no_data import NoDataFields
from bkmonitor.web.forms.query_builder import ExpressedForm
from bkmonitor.web.forms.typed import same_text

TYPED = (
    "name", "enabled", "expression", "query", "unit", "interval_s", "trigger_count",
    "trigger_window", "recovery_window", "late_periods", "delay_s", "flap_count",
    "flap_window_s", "labels", "summary", "description", "runbook_url",
)  # fmt: skip
TEXTS = {"name", "expression", "summary", "description", "runbook_url"}
# Where what the room refuses of a field is shown.
BESIDE = {"no_data": "no_data_policy"}


class StrategyForm(ExpressedForm, NoDataFields):
    """A strategy; its fields are named as the row's, but for those of `no_data`."""

    name = forms.CharField(label=_("Name"), max_length=100)
    levels = LevelsField(label=_("Levels"))
    unit = forms.ChoiceField(label=_("Unit of the values"), required=False)
    interval_s = SecondsField(label=_("Evaluate every"), initial=60)
    trigger_count = forms.IntegerField(
        label=_("Fires after"), initial=1, min_value=1, max_value=1000
    )
    trigger_window = forms.IntegerField(
        label=_("of the last evaluations"), initial=1, min_value=1, max_value=1000
    )
    recovery_window = forms.IntegerField(
        label=_("Over after normal evaluations"),
        initial=1,
        min_value=1,
        max_value=1000,
    )
    delay_s = forms.IntegerField(
        label=_("Wait for samples, in seconds"),
        min_value=0,
        max_value=600,
        help_text=_("Samples reach the store a moment after they were taken."),
    )
    late_periods = forms.IntegerField(
        label=_("Judge late samples for"),
        min_value=0,
        max_value=10,
        help_text=_("So many earlier evaluations are judged again each time."),
    )
    flap_count = forms.IntegerField(
        label=_("Flapping from so many changes"),
        min_value=0,
        max_value=20,
        help_text=_(
            "A series that begins and ends so often is kept firing until it is calm. "
            "0 switches it off."
        ),
    )
    flap_window_s = SecondsField(label=_("within"))
    summary = forms.CharField(
        label=_("Summary"),
        required=False,
        widget=forms.TextInput(
            attrs={"placeholder": "{{ labels.instance }}: {{ value }}", **CODE}
        ),
        help_text=_(
            "The alert's title. {{ value }}, {{ labels.… }}, {{ severity }} and "
            "{{ name }} are filled in; without a summary the title is the name."
        ),
    )
    description = forms.CharField(
        label=_("Description"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("What it means and what to do, with the same words in braces."),
    )
    runbook_url = WebAddressField(label=_("Runbook"), required=False)
    labels = LabelsField(
        help_text=_("Each alert gets them too. One name=value a line.")
    )
    enabled = forms.BooleanField(
        label=_("Evaluate it"),
        required=False,
        initial=True,
        help_text=_("Switching it off ends its alerts."),
    )

    def __init__(self, data: Any = None, *, strategy: Strategy | None = None) -> None:
        self._stored = strategy or Strategy()
        initial = {name: getattr(self._stored, name) for name in TYPED}
        super().__init__(
            data, initial=initial | self.no_data_initial(self._stored.no_data)
        )
        unit: Any = self.fields["unit"]
        unit.choices = [(key, _(title)) for key, title in unit_choices()]
        levels: Any = self.fields["levels"]
        levels.unit = self.written_in

    @property
    def written_in(self) -> str:
        """Return the unit in which values are typed."""
        known = {key for key, _title in unit_choices()}
        unit = str(self.data.get("unit", "")) if self.is_bound else self._stored.unit
        return unit if unit in known else ""

    @property
    def levels_block(self) -> LevelsBlock:
        """Return what the editor shows of the levels."""
        if self.is_bound:
            return self._levels.block
        return LevelsBlock(
            first_draft(self._stored.levels, self.written_in), self.written_in
        )

    @property
    def _levels(self) -> LevelsField:
        field: Any = self.fields["levels"]
        found: LevelsField = field
        return found

    def clean(self) -> dict[str, Any]:
        """Keep what is stored as it is where the same was typed."""
        cleaned = super().clean()
        cleaned["no_data"] = self.no_data(self._stored.no_data)
        for name in [name for name in cleaned if name.startswith("no_data_")]:
            del cleaned[name]
        for name in TEXTS & cleaned.keys():
            cleaned[name] = same_text(cleaned[name], getattr(self._stored, name))
        if "levels" in cleaned and _same(cleaned["levels"], self._stored.levels):
            cleaned["levels"] = self._stored.levels
        return cleaned

    def defining(self) -> tuple[dict[str, Any], list[str]]:
        """Return what can be evaluated of what was typed so far, and what is wrong.

        Fields that are wrong are left out, and levels that are not complete.
        """
        self.full_clean()
        fields = {name: self.cleaned_data[name] for name in DEFINING if name in self.cleaned_data}  # fmt: skip
        fields["levels"] = self._levels.sound
        told = [
            f"{self.fields[name].label}: {error}" if name != "levels" else error
            for name in DEFINING
            for error in self.errors.get(name, ())
        ]
        return fields, [str(one) for one in told]


def _same(one: Sequence[Mapping[str, Any]], other: Sequence[Mapping[str, Any]]) -> bool:
    try:
        return [_plain(level) for level in one] == [_plain(level) for level in other]
    except (InvalidInput, KeyError):
        return False


def _plain(level: Mapping[str, Any]) -> Json:
    """Return a level with all that may be left out, to compare."""
    trigger = {name: n for name, n in (level.get("trigger") or {}).items() if n is not None}  # fmt: skip
    detectors = [dump_detector(parse_detector(one)) for one in level["detectors"]]
    return {
        "severity": level["severity"],
        "detectors": detectors,
        "match": level.get("match", "all"),
        "expression": same_text(level.get("expression", ""), "").strip(),
        "trigger": trigger,
        "over_when": level.get("over_when") or [],
    }
