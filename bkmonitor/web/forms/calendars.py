"""What people type of a calendar and of what is written in it."""

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bkmonitor.calendars.ics import LONGEST
from bkmonitor.calendars.models import Calendar, CalendarItem
from bkmonitor.calendars.series import Scope
from bkmonitor.lib.wallclock import Wall, write_wall
from bkmonitor.web.forms.session import time_zones
from bkmonitor.web.repetition import DAY_CHOICES, EVERY, OWN, Repetition

DAY = timedelta(days=1)


def _date_input() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


def _time_input() -> forms.TimeInput:
    return forms.TimeInput(attrs={"type": "time"}, format="%H:%M")


class CalendarForm(forms.Form):
    """The name of a calendar, and what it is for."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=100)
    description = forms.CharField(
        label=gettext_lazy("What it is for"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, data: Any = None, *, calendar: Calendar | None = None) -> None:
        initial = (
            {"name": calendar.name, "description": calendar.description}
            if calendar
            else {}
        )
        super().__init__(data, initial=initial)


class ItemForm(forms.Form):
    """Something in a calendar: whole days, or from a time to a time, once or again.

    `at` is the start of the one of its times that is being looked at, if the item
    comes again; then `scope` asks which others are meant.
    """

    name = forms.CharField(label=gettext_lazy("Name"), max_length=200)
    first_day = forms.DateField(label=gettext_lazy("First day"), widget=_date_input())
    first_time = forms.TimeField(
        label=gettext_lazy("From"), required=False, widget=_time_input()
    )
    last_day = forms.DateField(
        label=gettext_lazy("Last day"), required=False, widget=_date_input()
    )
    last_time = forms.TimeField(
        label=gettext_lazy("To"),
        required=False,
        widget=_time_input(),
        help_text=gettext_lazy("Without times it is whole days, the last one too."),
    )
    time_zone = forms.ChoiceField(label=gettext_lazy("Time zone"))
    every = forms.ChoiceField(
        label=gettext_lazy("Comes again"), choices=EVERY, required=False
    )
    interval = forms.IntegerField(
        label=gettext_lazy("Every how many"),
        required=False,
        min_value=1,
        max_value=1000,
    )
    days = forms.TypedMultipleChoiceField(
        label=gettext_lazy("On these days of the week"),
        choices=DAY_CHOICES,
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    until = forms.DateField(
        label=gettext_lazy("Until"), required=False, widget=_date_input()
    )
    rule = forms.CharField(
        label=gettext_lazy("Rule"),
        max_length=500,
        required=False,
        widget=forms.TextInput(
            attrs={"placeholder": "FREQ=MONTHLY;BYDAY=-1FR", "spellcheck": "false"}
        ),
        help_text=gettext_lazy("An RRULE, where nothing above says it."),
    )
    scope = forms.ChoiceField(
        label=gettext_lazy("What is changed"),
        choices=Scope.choices,
        required=False,
        initial=Scope.ONE,
        widget=forms.RadioSelect,
    )  # fmt: skip

    def __init__(
        self,
        data: Any = None,
        *,
        time_zone: str,
        item: CalendarItem | None = None,
        at: Wall | None = None,
    ) -> None:
        self.item, self.at = item, at
        super().__init__(data, initial=self._initial(time_zone))
        zones: Any = self.fields["time_zone"]
        own = item.time_zone if item else time_zone
        # A file may have brought a zone of another kind.
        zones.choices = list(dict([*time_zones(), (own, own)]).items())
        if not (item and item.rule and at):
            del self.fields["scope"]

    def clean(self) -> dict[str, Any]:
        """Hold the days and times together."""
        found: dict[str, Any] = super().clean() or {}
        # None is no time; midnight is one.
        given = [found.get(name) is not None for name in ("first_time", "last_time")]
        if given[0] != given[1] and not {"first_time", "last_time"} & set(self.errors):
            self.add_error("last_time", _("give both times, or none for whole days"))
        return found

    def fields_of_item(self) -> dict[str, Any]:
        """Return what the room shall store; a rule that was left alone stays what it is."""
        typed = self.cleaned_data
        last_day = typed["last_day"] or typed["first_day"]
        if typed["first_time"] is None:
            start, end = _moment(typed["first_day"]), _moment(last_day) + DAY
        else:
            start = _moment(typed["first_day"], typed["first_time"])
            end = _moment(last_day, typed["last_time"])
        fields = {
            "name": typed["name"],
            "start": write_wall(start),
            "end": write_wall(end),
            "time_zone": typed["time_zone"],
        }
        rule, before = self._repetition().as_rule(), self.item.rule if self.item else ""
        return fields if rule == before else {**fields, "rule": rule}

    def _repetition(self) -> Repetition:
        typed = self.cleaned_data
        before = Repetition.of(self.item.rule if self.item else "")
        if typed["every"] == OWN:
            return Repetition(every=OWN, rule=typed["rule"])
        until = typed["until"]
        return Repetition(
            every=typed["every"],
            interval=typed["interval"] or 1,
            days=tuple(sorted(typed["days"])) if typed["every"] == "WEEKLY" else (),
            until=until,
            # The form has no field for it: kept while how often stays the same.
            count=before.count
            if before.every == typed["every"] and not until
            else None,
        )

    def _initial(self, time_zone: str) -> dict[str, Any]:
        if self.item is None:
            day = self.at.date() if self.at else None
            return {"first_day": day, "time_zone": time_zone, "interval": 1}
        recurring = self.item.recurring
        start = self.at or recurring.start
        end = start + recurring.length
        whole = start.time() == end.time() == time.min
        again = Repetition.of(self.item.rule)
        return {
            "name": self.item.name,
            "first_day": start.date(),
            "first_time": None if whole else start.time(),
            "last_day": (end - DAY if whole else end).date(),
            "last_time": None if whole else end.time(),
            "time_zone": self.item.time_zone,
            "every": again.every,
            "interval": again.interval,
            "days": again.days,
            "until": again.until,
            "rule": again.rule if again.every == OWN else "",
        }


class ImportForm(forms.Form):
    """An .ics file, chosen or pasted."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        required=False,
        widget=forms.ClearableFileInput(attrs={"accept": ".ics,text/calendar"}),
    )
    ics = forms.CharField(
        label=gettext_lazy("or its text"),
        required=False,
        max_length=LONGEST,
        widget=forms.Textarea(
            attrs={"rows": 3, "placeholder": "BEGIN:VCALENDAR", "spellcheck": "false"}
        ),
    )

    def clean(self) -> dict[str, Any]:
        """Read the file."""
        found: dict[str, Any] = super().clean() or {}
        if (chosen := found.get("file")) is not None:
            if chosen.size > LONGEST:
                self.add_error("file", _("the file is larger than 1 MB"))
                return found
            found["ics"] = chosen.read().decode("utf-8", "replace")
        if not found.get("ics"):
            self.add_error("file", _("choose a file, or paste its text"))
        return found


def _moment(day: Any, at: time = time.min) -> datetime:
    return datetime.combine(day, at)
