"""Real classes behind our own ports, for tests that need no server."""

from dataclasses import dataclass, field
from typing import Any

from bkmonitor.lib.errors import DeliveryError
from bkmonitor.notifications.channels.port import Envelope
from bkmonitor.notifications.message import Message
from bkmonitor.notifications.models import Receiver


@dataclass
class FakeChannel:
    """A channel that remembers what it was given, and fails as often as it is told."""

    failures: list[DeliveryError] = field(default_factory=list)
    takes_chart: bool = False
    confirms: bool = False
    sent: list[tuple[Receiver, Message, Envelope]] = field(default_factory=list)

    def send(self, receiver: Receiver, message: Message, envelope: Envelope) -> str:
        if self.failures:
            raise self.failures.pop(0)
        self.sent.append((receiver, message, envelope))
        return "taken"

    def check(self, address: str, settings: Any) -> None:
        pass
