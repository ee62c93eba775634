"""What is done about a series that stops sending."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bkmonitor.lib.errors import InvalidInput

IGNORE, SERIES, GROUP = "ignore", "series", "group"
POLICIES = (IGNORE, SERIES, GROUP)
DAY_S = 86400


@dataclass(frozen=True, slots=True)
class NoData:
    """When missing data is a problem of its own.

    policy    ignore; series: an alert for each series; group: one for all the
              series that share the labels `by`
    after     for how many evaluations in a row a series must be missing
    forget_s  after how long a missing series is expected no more
    """

    policy: str = IGNORE
    after: int = 5
    severity: int = 2
    by: tuple[str, ...] = ()
    forget_s: int = 7 * DAY_S

    def __post_init__(self) -> None:
        if self.policy not in POLICIES:
            raise _wrong(f"policy {self.policy!r} is none of {', '.join(POLICIES)}")
        if not 1 <= self.after <= 1000:
            raise _wrong(f"after must be from 1 to 1000 evaluations, not {self.after}")
        if self.severity not in (1, 2, 3):
            raise _wrong(f"severity {self.severity!r} is none of 1, 2, 3")
        if not 60 <= self.forget_s <= 366 * DAY_S:
            raise _wrong(
                f"forget_s must be from a minute to a year, not {self.forget_s}"
            )

    @property
    def watches(self) -> bool:
        """Return whether it is noticed at all that a series is missing."""
        return self.policy != IGNORE


def parse_no_data(raw: Mapping[str, Any]) -> NoData:
    """Return the policy in a strategy's row; InvalidInput names what is wrong."""
    if not isinstance(raw, Mapping):
        raise _wrong(f"{raw!r} is not a policy")
    known = {"policy", "after", "severity", "by", "forget_s"}
    if unknown := set(raw) - known:
        raise _wrong(f"there is no {', '.join(sorted(unknown))}")
    try:
        return NoData(
            policy=str(raw.get("policy", IGNORE)),
            after=int(raw.get("after", 5)),
            severity=int(raw.get("severity", 2)),
            by=tuple(str(name) for name in raw.get("by", ())),
            forget_s=int(raw.get("forget_s", 7 * DAY_S)),
        )
    except (TypeError, ValueError) as error:
        raise _wrong(str(error)) from error


def _wrong(sentence: str) -> InvalidInput:
    return InvalidInput(f"no_data: {sentence}", {"no_data": sentence})
