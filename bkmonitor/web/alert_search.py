"""What people type and choose to find alerts, as a filter of rows."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, TextField, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce

from bkmonitor.alerts.models import Alert, AlertQuerySet, Severity

MATCHER = re.compile(r"([a-zA-Z_][a-zA-Z0-9_]*)(!?=)(.*)")
WORD = re.compile(r'(?:[^\s"]|"[^"]*")+')
STATES = ("firing", "open", "resolved", "all")
# What fires is listed by severity, the rest by age; each ends in a unique field.
BY_SEVERITY = ("severity", "-started_at", "-pk")
BY_AGE = ("-started_at", "-pk")
LONGEST = 500


@dataclass(frozen=True, slots=True)
class Search:
    """State, severity (0 for any), the words as typed, and what they mean.

    `open` is firing and acknowledged by nobody.
    """

    state: str
    severity: int
    typed: str
    words: tuple[str, ...]
    matchers: tuple[tuple[str, bool, str], ...]

    @property
    def order(self) -> tuple[str, ...]:
        """Return the order of the list, for `paging.page`."""
        return BY_SEVERITY if self.state in ("firing", "open") else BY_AGE

    @property
    def narrows(self) -> bool:
        """Tell whether anything but the state was asked for."""
        return bool(self.severity or self.typed)


def read_search(query: Mapping[str, str]) -> Search:
    """Read a search from the query of a URL; what makes no sense asks for nothing.

    A word `name=value` or `name!=value` is a matcher on a label, with the value in
    quotes if it has spaces; any other word is looked for in name, summary and labels.
    """
    state = query.get("state", "firing")
    severity = query.get("severity", "")
    typed = query.get("q", "").strip()[:LONGEST]
    words, matchers = [], []
    for word in WORD.findall(typed):
        plain = word.replace('"', "")
        if found := MATCHER.fullmatch(plain):
            matchers.append((found[1], found[2] == "=", found[3]))
        else:
            words.append(plain)
    return Search(
        state=state if state in STATES else "firing",
        severity=int(severity) if severity in map(str, Severity.values) else 0,
        typed=typed,
        words=tuple(words),
        matchers=tuple(matchers),
    )


def find_alerts(rows: AlertQuerySet, search: Search) -> AlertQuerySet:
    """Keep the alerts that a search asks for. A label an alert lacks counts as empty."""
    found = in_state(rows, search.state)
    if search.severity:
        found = found.filter(severity=search.severity)
    for number, (name, wanted, value) in enumerate(search.matchers):
        # Not labels__name: a name may hold "__", which means another thing there.
        label = f"label{number}"
        plain = KeyTextTransform(name, "labels")
        text = Coalesce(plain, Value(""), output_field=TextField())
        found = found.alias(**{label: text})
        condition = Q(**{label: value})
        found = found.filter(condition if wanted else ~condition)
    for word in search.words:
        found = found.with_word(word)
    return found


def in_state(rows: AlertQuerySet, state: str) -> AlertQuerySet:
    """Keep the alerts in one of STATES."""
    conditions: dict[str, dict[str, Any]] = {
        "firing": {"state": Alert.State.FIRING},
        "open": {"state": Alert.State.FIRING, "acked_at": None},
        "resolved": {"state": Alert.State.RESOLVED},
    }
    return rows.filter(**conditions.get(state, {}))
