"""The message that travels to a receiver, before it has words."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Self

# Goes up when a worker of the release before could not read what is stored.
VERSION = 1
REASONS = ("fired", "worsened", "eased", "resolved", "repeat", "test")


@dataclass(frozen=True, slots=True)
class Message:
    """What is to be told; the words are found when it is delivered.

    reason       one of REASONS
    severity     1 critical, 2 warning, 3 info
    sentence     {"id", "params"}, for sentences.render
    summary      the user's own text, and description a longer one
    path         where the whole story is, from the root of the service
    started_at   ISO 8601 with a zone, ended_at too; None where there is none
    space_name   the space as people call it
    code         sealed; of a test alone
    """

    reason: str
    title: str
    sentence: Mapping[str, Any]
    severity: int = 3
    summary: str = ""
    description: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    path: str = ""
    runbook_url: str = ""
    value: float | None = None
    started_at: str | None = None
    ended_at: str | None = None
    alert_id: int | None = None
    space_name: str = ""
    code: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the message as JSON can hold it in every database.

        JSON has no NaN and PostgreSQL no NUL: numbers that are not finite become
        words ("NaN", "+Inf", "-Inf"), a value that is none becomes None, and NUL
        is left out.
        """
        stored = {each.name: _plain(getattr(self, each.name)) for each in fields(self)}
        if self.value is not None and not math.isfinite(self.value):
            stored["value"] = None
        return {"version": VERSION, **stored}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote; what another release added is left out."""
        known = {each.name for each in fields(cls)}
        return cls(**{name: stored[name] for name in known & stored.keys()})


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, str):
        return value.replace("\0", "")
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else f"{'+' if value > 0 else '-'}Inf"
    return value
