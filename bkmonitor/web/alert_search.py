"""What people type and choose to find alerts, as a filter of rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bkmonitor.alerts.models import Alert, AlertQuerySet, Severity
from bkmonitor.web.search import matching

STATES = ("firing", "open", "resolved", "all")
# What fires is listed by severity, the rest by age; each ends in a unique field.
BY_SEVERITY = ("severity", "-started_at", "-pk")
BY_AGE = ("-started_at", "-pk")
LONGEST = 500


@dataclass(frozen=True, slots=True)
class Search:
    """State, severity (0 for any), and what was typed.

    `open` is firing and acknowledged by nobody.
    """

    state: str
    severity: int
    typed: str

    @property
    def order(self) -> tuple[str, ...]:
        """Return the order of the list, for `paging.page`."""
        return BY_SEVERITY if self.state in ("firing", "open") else BY_AGE

    @property
    def narrows(self) -> bool:
        """Tell whether anything but the state was asked for."""
        return bool(self.severity or self.typed)


def read_search(query: Mapping[str, str]) -> Search:
    """Read a search from the query of a URL; what makes no sense asks for nothing."""
    state = query.get("state", "firing")
    severity = query.get("severity", "")
    return Search(
        state=state if state in STATES else "firing",
        severity=int(severity) if severity in map(str, Severity.values) else 0,
        typed=query.get("q", "").strip()[:LONGEST],
    )


def find_alerts(rows: AlertQuerySet, search: Search) -> AlertQuerySet:
    """Keep the alerts that a search asks for."""
    found = in_state(rows, search.state)
    if search.severity:
        found = found.filter(severity=search.severity)
    return matching(found, search.typed, ("source_name", "summary"))  # type: ignore[return-value]


def in_state(rows: AlertQuerySet, state: str) -> AlertQuerySet:
    """Keep the alerts in one of STATES."""
    conditions: dict[str, dict[str, Any]] = {
        "firing": {"state": Alert.State.FIRING},
        "open": {"state": Alert.State.FIRING, "acked_at": None},
        "resolved": {"state": Alert.State.RESOLVED},
    }
    return rows.filter(**conditions.get(state, {}))
