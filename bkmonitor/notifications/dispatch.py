"""What is to be told to whom, and the rows it makes in the outbox."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bkmonitor.notifications.keys import notification_key
from bkmonitor.notifications.message import Message
from bkmonitor.notifications.models import Notification, Receiver


@dataclass(frozen=True, slots=True)
class Dispatch:
    """One message to some receivers.

    `key_parts` say what the message is about. Asking again with the same parts
    makes no second notification for the same receiver.
    """

    receivers: Sequence[Receiver]
    message: Message
    thread: str
    key_parts: Sequence[object]

    def rows(self, now: datetime) -> list[Notification]:
        """Return a notification for each receiver, not stored yet."""
        stored, parts = self.message.to_dict(), [str(part) for part in self.key_parts]
        return [
            Notification(
                space_id=receiver.space_id,
                receiver=receiver,
                receiver_name=receiver.name,
                channel=receiver.channel,
                key=notification_key(receiver.pk, parts),
                thread=self.thread,
                reason=self.message.reason,
                message=stored,
                next_attempt_at=now,
                created_at=now,
            )
            for receiver in self.receivers
        ]
