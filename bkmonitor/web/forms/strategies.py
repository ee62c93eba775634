"""What people type of a strategy."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from bkmonitor.strategies.models import Strategy
from bkmonitor.web.forms.inputs import (
    ANY,
    CODE,
    LabelsField,
    LimitsField,
    SecondsField,
    WebAddressField,
)
from bkmonitor.web.forms.query_builder import ExpressedForm

TYPED = (
    "name", "enabled", "expression", "query", "interval_s", "trigger_count", "trigger_window",
    "recovery_window", "labels", "summary", "description", "runbook_url",
)  # fmt: skip


def limits_of(levels: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the limits of levels that have no more than limits."""
    limits: list[dict[str, Any]] = []
    for level in levels:
        for detector in level["detectors"]:
            groups = detector.get("any_of", [[{"operator": ANY, "value": None}]])
            limits += [{"severity": level["severity"]} | group[0] for group in groups]
    return limits


def levels_of(limits: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return a level for the limits of each severity."""
    by_severity: dict[int, list[Mapping[str, Any]]] = {}
    for limit in limits:
        by_severity.setdefault(limit["severity"], []).append(limit)
    return [
        {"severity": severity, "detectors": [_detector(some)]}
        for severity, some in sorted(by_severity.items())
    ]


def _detector(limits: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    if any(limit["operator"] == ANY for limit in limits):
        return {"kind": "present"}
    groups = [[{"operator": one["operator"], "value": one["value"]}] for one in limits]
    return {"kind": "threshold", "any_of": groups}


class StrategyForm(ExpressedForm):
    """A strategy; its fields are named as the row's."""

    name = forms.CharField(label=_("Name"), max_length=100)
    limits = LimitsField(
        label=_("Limits"),
        help_text=_(
            "A value beyond a limit is a problem of its severity. "
            "“any” takes every series that the expression returns."
        ),
    )
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
        initial = {name: getattr(strategy, name) for name in TYPED} if strategy else {}
        self._levels = strategy.levels if strategy else []
        if strategy:
            initial["limits"] = limits_of(strategy.levels)
        super().__init__(data, initial=initial)

    def clean(self) -> dict[str, Any]:
        """Turn the limits into levels; those that are as they were keep all they have."""
        cleaned = super().clean()
        limits, before = cleaned.pop("limits", []), limits_of(self._levels)
        cleaned["levels"] = self._levels if limits == before else levels_of(limits)
        if limits != before and self._levels and levels_of(before) != self._levels:
            told = _("These levels have more than limits; change them through the API.")
            self.add_error("limits", told)
        return cleaned
