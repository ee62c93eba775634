"""How often something comes again, as people choose it and read it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Self

from django.utils import dateformat
from django.utils.dates import WEEKDAYS, WEEKDAYS_ABBR
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, ngettext_lazy

NEVER, OWN = "", "RULE"
EVERY = (
    (NEVER, gettext_lazy("Never")),
    ("DAILY", gettext_lazy("By the day")),
    ("WEEKLY", gettext_lazy("By the week")),
    ("MONTHLY", gettext_lazy("By the month")),
    ("YEARLY", gettext_lazy("By the year")),
    (OWN, gettext_lazy("By a rule of iCalendar")),
)
CODES = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
# ISO days, 1 is Monday.
DAY_CHOICES = [(day + 1, WEEKDAYS_ABBR[day]) for day in range(7)]
WORDS = {
    "DAILY": ngettext_lazy("every day", "every %(n)d days", "n"),
    "WEEKLY": ngettext_lazy("every week", "every %(n)d weeks", "n"),
    "MONTHLY": ngettext_lazy("every month", "every %(n)d months", "n"),
    "YEARLY": ngettext_lazy("every year", "every %(n)d years", "n"),
}


@dataclass(frozen=True, slots=True)
class Repetition:
    """A rule in the terms of a form; one that the form has no terms for is in `rule`."""

    every: str = NEVER
    interval: int = 1
    days: tuple[int, ...] = ()
    until: date | None = None
    count: int | None = None
    rule: str = ""

    @classmethod
    def of(cls, rule: str) -> Self:
        """Return what a rule says, in the terms of the form if it has them."""
        if not rule:
            return cls()
        parts = dict(part.split("=", 1) for part in rule.split(";"))
        weekly = parts["FREQ"] == "WEEKLY"
        days = parts.get("BYDAY", "").split(",") if weekly and "BYDAY" in parts else []
        simple = {"FREQ", "INTERVAL", "UNTIL", "COUNT"} | (
            {"BYDAY"} if weekly else set()
        )
        if not set(parts) <= simple or not set(days) <= set(CODES):
            return cls(every=OWN, rule=rule)
        until = parts.get("UNTIL")
        return cls(
            every=parts["FREQ"],
            interval=int(parts.get("INTERVAL", 1)),
            days=tuple(sorted(CODES.index(day) + 1 for day in days)),
            until=date.fromisoformat(until[:8]) if until else None,
            count=int(parts["COUNT"]) if "COUNT" in parts else None,
            rule=rule,
        )

    def as_rule(self) -> str:
        """Return the RRULE; "" for what happens once."""
        if self.every in (NEVER, OWN):
            return self.rule if self.every == OWN else ""
        parts = [f"FREQ={self.every}"]
        if self.interval > 1:
            parts.append(f"INTERVAL={self.interval}")
        if self.every == "WEEKLY" and self.days:
            parts.append(f"BYDAY={','.join(CODES[day - 1] for day in self.days)}")
        if self.until:
            parts.append(f"UNTIL={self.until:%Y%m%d}T235959")
        elif self.count:
            parts.append(f"COUNT={self.count}")
        return ";".join(parts)

    def in_words(self) -> str:
        """Say it: "every 2 weeks on Mon, Fri until 1 May 2026"; the rule where words fail."""
        if self.every == NEVER:
            return ""
        if self.every == OWN:
            return self.rule
        words = [str(WORDS[self.every] % {"n": self.interval})]
        if self.days:
            words.append(_("on %(days)s") % {"days": day_names(self.days)})
        if self.until:
            # Translators: a format of Django's date filter.
            told = dateformat.format(self.until, _("j M Y"))
            words.append(_("until %(day)s") % {"day": told})
        elif self.count:
            words.append(ngettext("%(n)d time", "%(n)d times", self.count) % {"n": self.count})  # fmt: skip
        return " ".join(words)


def day_names(days: Sequence[int]) -> str:
    """Return the names of ISO days, of one alone in full."""
    if len(days) == 1:
        return str(WEEKDAYS[days[0] - 1])
    return ", ".join(str(WEEKDAYS_ABBR[day - 1]) for day in days)
