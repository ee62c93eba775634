"""Which kinds of probes there are."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from bkmonitor.probes.kinds import http, icmp, tcp
from bkmonitor.probes.kinds.look import Look, Target


class Kind(Protocol):
    """What a module must have to be a kind of probe."""

    def check(self, target: str, settings: Mapping[str, Any]) -> None:
        """Raise InvalidInput, naming the field, unless this can be looked at."""

    def look(self, targets: Sequence[Target], *, allow_private: bool) -> list[Look]:
        """Look at all targets at once; one look for each, in their order."""


KINDS: Mapping[str, Kind] = {"http": http, "tcp": tcp, "icmp": icmp}
