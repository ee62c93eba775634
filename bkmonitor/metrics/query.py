"""Questions to the store, confined to a space."""

from dataclasses import dataclass

from bkmonitor.lib.frame import Frame


@dataclass(frozen=True, slots=True)
class Result:
    """An answer: "complete", "partial" or "failed", and the reason if not complete."""

    outcome: str
    frame: Frame | None
    reason: str = ""
