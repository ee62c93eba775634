"""When people are told of what a strategy finds: its part of the editor."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _

from bkmonitor.accounts.models import Space
from bkmonitor.calendars.models import Calendar
from bkmonitor.lib.activetime import parse_active_time
from bkmonitor.lib.errors import InvalidInput
from bkmonitor.web.forms.session import time_zones
from bkmonitor.web.repetition import DAY_CHOICES

ON, REST = "calendars", "rest_calendars"
SAYS = (
    ("", _("has no say")),
    (REST, _("nobody is told while it is on")),
    (ON, _("told only while it is on")),
)
PREFIX = "active"
EMPTY_ROWS = 2
MOST_ROWS = 50


class WindowsWidget(forms.Widget):
    """Rows of days, start and end; one without days and times counts not."""

    use_fieldset = True

    def render(
        self, name: str, value: Any, attrs: Any = None, renderer: Any = None
    ) -> Any:
        """Draw a row for each window there is, and empty ones to write more."""
        rows = [*(value or ()), *({} for _row in range(EMPTY_ROWS))]
        context = {
            "name": name,
            "rows": [
                {**row, "days": [int(day) for day in row.get("days", ())]}
                for row in rows
            ],
            "days": DAY_CHOICES,
        }
        return render_to_string("parts/windows_input.html", context)

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """Return the rows that something was typed into."""
        starts, ends = data.getlist(f"{name}-start"), data.getlist(f"{name}-end")
        typed = zip(starts[:MOST_ROWS], ends, strict=False)
        rows = (
            {
                "days": [int(day) for day in data.getlist(f"{name}-{row}-days") if day in "1234567"],
                "start": start.strip(),
                "end": end.strip(),
            }
            for row, (start, end) in enumerate(typed)
        )  # fmt: skip
        return [row for row in rows if row["days"] or row["start"] or row["end"]]

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        """Tell whether the form had no such field."""
        return f"{name}-start" not in data

    def id_for_label(self, id_: str) -> str:
        """Name nothing: the fieldset has a legend."""
        return ""


class WindowsField(forms.Field):
    """The weekly windows, as the row keeps them; what is wrong, the room says."""

    widget = WindowsWidget


class ActiveTimeForm(forms.Form):
    """Weekly windows and calendars. With nothing in it, people are told at any time.

    Stands in the page of the editor, with a prefix of its own; what is posted without
    it leaves the active time as it is.
    """

    time_zone = forms.ChoiceField(label=_("Time zone"))
    weekly = WindowsField(
        label=_("Hours of the week"),
        required=False,
        help_text=_(
            "None is the whole week. An end that is not after the start is on the "
            "next day; the end of a day is 24:00."
        ),
    )

    def __init__(
        self,
        data: Any = None,
        *,
        space: Space,
        active_time: Mapping[str, Any] | None = None,
    ) -> None:
        self.stored = active_time or {}
        zone = self.stored.get("timezone", space.time_zone)
        weekly = self.stored.get("weekly", [])
        initial = {"time_zone": zone, "weekly": weekly}
        given = data if data and f"{PREFIX}-time_zone" in data else None
        super().__init__(given, initial=initial, prefix=PREFIX)
        zones: Any = self.fields["time_zone"]
        zones.choices = list(dict([*time_zones(), (zone, zone)]).items())
        for calendar in Calendar.objects.filter(space=space):
            self.fields[f"calendar-{calendar.pk}"] = forms.ChoiceField(
                label=calendar.name,
                choices=SAYS,
                required=False,
                initial=self._says(calendar.pk),
            )

    def is_good(self) -> bool:
        """Tell whether what was typed makes sense, or nothing was."""
        return self.is_valid() or not self.is_bound

    def fields_of_strategy(self) -> dict[str, Any]:
        """Return what the room shall store; nothing where nothing was typed."""
        return {"active_time": self.active_time} if self.is_bound else {}

    @property
    def calendar_fields(self) -> Sequence[forms.BoundField]:
        """Return a field for each calendar of the space."""
        return [self[name] for name in self.fields if name.startswith("calendar-")]

    def clean(self) -> dict[str, Any]:
        """Ask the room whether it makes sense."""
        found: dict[str, Any] = super().clean() or {}
        try:
            parse_active_time(self.active_time)
        except InvalidInput as error:
            self.add_error("weekly", error.fields["active_time"])
        return found

    @property
    def active_time(self) -> dict[str, Any] | None:
        """Return the definition that was typed; None, for always, where nothing was."""
        typed = self.cleaned_data
        parts: dict[str, Any] = {"weekly": typed.get("weekly") or []}
        for kind in (ON, REST):
            parts[kind] = [
                int(name.removeprefix("calendar-"))
                for name, says in typed.items()
                if name.startswith("calendar-") and says == kind
            ]
        if not any(parts.values()):
            return None
        return {"timezone": typed.get("time_zone", ""), **parts}

    def _says(self, pk: int) -> str:
        return next(
            (kind for kind in (ON, REST) if pk in self.stored.get(kind, ())), ""
        )
