"""The levels of a strategy as a form: what each severity's detectors are."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from bkmonitor.alerts.models import Severity
from bkmonitor.detection.parameters import Parameter
from bkmonitor.detection.registry import KINDS, describe, parse_detector
from bkmonitor.lib.errors import InvalidInput
from bkmonitor.web.forms.level_inputs import ConditionForm, DetectorForm, LevelForm
from bkmonitor.web.forms.levels_draft import (
    CONDITION,
    DETECTOR,
    LEVEL,
    OVER,
    ROOT,
    blank_level,
    complete,
    levels_draft,
    read_levels,
)
from bkmonitor.web.forms.query_draft import Draft
from bkmonitor.web.forms.typed import same_text

TRIGGER = ("count", "window", "recovery")
Json = dict[str, Any]


class Block:
    """What all blocks have: a place, texts, and a form that is checked or only shown."""

    def __init__(self, draft: Draft, place: str, unit: str, *, checked: bool) -> None:
        self.draft, self.place, self.unit, self.checked = draft, place, unit, checked

    def made(self, kind: type[forms.Form], **more: Any) -> forms.Form:
        """Return the block's form; one that is not checked shows no errors."""
        usual = {"prefix": self.place, "use_required_attribute": False, **more}
        if self.checked:
            return kind(self.draft.flat(self.place), **usual)
        return kind(initial=self.draft.typed, **usual)

    def within(self, letter: str) -> Iterator[tuple[Draft, str]]:
        """Return the blocks of one kind in it, and their places."""
        for number, draft in enumerate(self.draft.of(letter)):
            yield draft, f"{self.place}-{letter}{number}"


class ConditionBlock(Block):
    """One limit on the page."""

    @cached_property
    def form(self) -> forms.Form:
        """Return its inputs."""
        return self.made(ConditionForm, unit=self.unit)

    @property
    def counts(self) -> bool:
        """Tell whether a limit was typed."""
        return bool(self.draft.typed.get("value", "").strip())


def groups_of(rows: Sequence[ConditionBlock]) -> list[list[Json]]:
    """Return the groups of the rows in which a limit was typed.

    An "or" before a row without a limit begins a group all the same.
    """
    groups: list[list[Json]] = []
    begins = True
    for row in rows:
        begins = begins or row.draft.typed.get("join") == "or"
        if not row.counts:
            continue
        if begins:
            groups.append([])
        typed, begins = row.form.cleaned_data, False
        one = {"operator": typed["operator"], "value": float(typed["value"])}
        groups[-1].append(one)
    return groups


class DetectorBlock(Block):
    """One detector on the page."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kind = self.draft.typed.get("kind", "")
        self.described = describe(kind) if kind in KINDS else None
        self.conditions = [
            ConditionBlock(draft, place, self.unit, checked=self.checked)
            for draft, place in self.within(CONDITION)
        ]

    @property
    def parameters(self) -> Sequence[Parameter]:
        """Return what is set of its kind."""
        return self.described.parameters if self.described else ()

    @cached_property
    def form(self) -> forms.Form:
        """Return its inputs."""
        return self.made(DetectorForm, parameters=self.parameters, unit=self.unit)

    @property
    def fields(self) -> list[forms.BoundField]:
        """Return the inputs of its parameters."""
        return [self.form[name] for name in self.form.fields if name != "kind"]

    @property
    def about(self) -> str:
        """Return what it finds, in the reader's language."""
        return _(self.described.about) if self.described else ""

    def as_json(self) -> Json | None:
        """Return it as the row keeps it; None, with errors in its forms, if it is not sound."""
        rows = [row.form.is_valid() for row in self.conditions if row.counts]
        if not self.form.is_valid() or not all(rows):
            return None
        typed = self.form.cleaned_data
        raw: Json = {"kind": typed["kind"]}
        for parameter in self.parameters:
            if parameter.type == "conditions":
                raw[parameter.name] = groups_of(self.conditions)
            elif (value := typed[parameter.name]) not in (None, ""):
                raw[parameter.name] = _names(value) if parameter.type == "labels" else value  # fmt: skip
        try:
            parse_detector(raw)
        except InvalidInput as error:
            self._refuse(error)
            return None
        return raw

    def _refuse(self, error: InvalidInput) -> None:
        for name, sentence in (error.fields or {"": str(error)}).items():
            if name in self.form.fields:
                self.form.add_error(name, sentence)
            elif self.conditions:
                self.conditions[0].form.is_valid()
                self.conditions[0].form.add_error("value", _("Give a limit."))
            else:
                self.form.add_error(None, sentence)


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


class LevelBlock(Block):
    """One level on the page."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.detectors = [
            DetectorBlock(draft, place, self.unit, checked=self.checked)
            for draft, place in self.within(DETECTOR)
        ]
        self.over = [
            ConditionBlock(draft, place, self.unit, checked=self.checked)
            for draft, place in self.within(OVER)
        ]

    @cached_property
    def form(self) -> forms.Form:
        """Return its inputs."""
        return self.made(LevelForm)

    @property
    def has_more(self) -> bool:
        """Tell whether something is set that most levels have not."""
        own = ("expression", *TRIGGER)
        return bool(self.over) or any(self.draft.typed.get(name) for name in own)

    @property
    def title(self) -> str:
        """Return the name of its severity."""
        return str(Severity(self.severity).label) if self.severity else ""

    @property
    def severity(self) -> int:
        """Return its severity, 0 for none."""
        return _number(self.draft.typed.get("severity"))

    def as_json(self) -> Json | None:
        """Return it as the row keeps it; None, with errors in its forms, if it is not sound."""
        detectors = [detector.as_json() for detector in self.detectors]
        rows = [row.form.is_valid() for row in self.over if row.counts]
        if not self.form.is_valid() or not all(rows) or None in detectors:
            return None
        typed = self.form.cleaned_data
        level: Json = {"severity": typed["severity"], "detectors": detectors}
        if typed["match"] == "any":
            level["match"] = "any"
        if expression := same_text(typed["expression"].strip(), ""):
            level["expression"] = expression
        trigger = {name: typed[name] for name in TRIGGER if typed[name] is not None}
        if trigger:
            level["trigger"] = trigger
        if over_when := groups_of(self.over):
            level["over_when"] = over_when
        return level

    def problems(self) -> Iterator[str]:
        """Say in words what is wrong with it, once it was checked."""
        forms_of = [self.form, *(row.form for row in self.over if row.counts)]
        for detector in self.detectors:
            forms_of += [detector.form, *(row.form for row in detector.conditions)]
        for form in forms_of:
            for name, errors in form.errors.items() if form.is_bound else ():
                label = form.fields[name].label if name in form.fields else ""
                for error in errors:
                    yield f"{label}: {error}" if label else str(error)


class LevelsBlock:
    """All levels on the page."""

    def __init__(self, draft: Draft, unit: str, *, checked: bool = False) -> None:
        self.draft = draft
        self.checked = checked
        self.levels = [
            LevelBlock(
                complete(level, unit), f"{ROOT}-{LEVEL}{at}", unit, checked=checked
            )
            for at, level in enumerate(draft.of(LEVEL))
        ]

    @property
    def has_room(self) -> bool:
        """Tell whether a severity is left for another level."""
        return len(self.levels) < len(Severity.choices)


class LevelsWidget(forms.Widget):
    """The levels as a whole; the page draws them with a template of its own."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Draft:
        """Return what was typed."""
        return read_levels(data)


class LevelsField(forms.Field):
    """The levels of a strategy, as its row keeps them.

    unit   that in which values are typed; set it before cleaning
    block  what was typed, with what is wrong of it, once it was cleaned
    sound  the levels that nothing is wrong with
    """

    widget = LevelsWidget
    unit = ""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)
        self.block = LevelsBlock(Draft(), "")
        self.sound: list[Json] = []

    def clean(self, value: Draft) -> list[Json]:
        """Return the levels; what is wrong of each stands in the forms of its block."""
        self.block = LevelsBlock(value, self.unit, checked=True)
        problems, self.sound = [], []
        for level in self.block.levels:
            found = level.as_json()
            if found is None:
                problems += [f"{level.title}: {told}" for told in level.problems()]
            else:
                self.sound.append(found)
        if problems:
            raise forms.ValidationError(problems)
        return self.sound


def first_draft(levels: Sequence[Mapping[str, Any]] | None, unit: str) -> Draft:
    """Return what an editor begins with: the levels there are, or a blank one."""
    if levels:
        return levels_draft(levels, unit)
    draft = Draft()
    draft.of(LEVEL).append(blank_level())
    return draft


def _number(text: str | None) -> int:
    return int(text) if text in ("1", "2", "3") else 0
