"""What a kind of delivery must offer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from bkmonitor.notifications.message import Message
from bkmonitor.notifications.models import Receiver


@dataclass(frozen=True, slots=True)
class Envelope:
    """What belongs to one try and not to the message.

    key        the same in every try of one notification, so that a receiver may
               know a repeat
    thread     names the messages that belong together
    at         the moment of this try
    chart_png  the picture, for a channel that takes one
    """

    key: str
    thread: str
    at: datetime
    chart_png: bytes | None = None


class Channel(Protocol):
    """A kind of delivery.

    takes_chart  whether drawing a chart is worth the trouble
    confirms     whether an answer without an error proves that it arrived, so
                 that nobody needs to type a code
    """

    takes_chart: bool
    confirms: bool

    def send(self, receiver: Receiver, message: Message, envelope: Envelope) -> str:
        """Hand the message over and return what the provider answered.

        The reader's language and time zone are active. Raises DeliveryError, and
        gives up well before services.LEASE is over.
        """
        ...

    def check(self, address: str, settings: Mapping[str, Any]) -> None:
        """Raise InvalidInput, with fields, unless something can be sent there."""
        ...
