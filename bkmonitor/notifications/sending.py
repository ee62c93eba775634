"""One try to hand a notification over, in its reader's language and time zone."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import timezone, translation

from bkmonitor.accounts.fields import vault
from bkmonitor.lib.errors import UpstreamUnavailable
from bkmonitor.notifications import picture
from bkmonitor.notifications.channels.port import Channel, Envelope
from bkmonitor.notifications.message import Message
from bkmonitor.notifications.models import Notification, Receiver
from bkmonitor.notifications.picture import Drawing

logger = logging.getLogger(__name__)

# Tells what to draw for a message, or None when there is nothing to draw. May
# raise UpstreamUnavailable: then the message goes without a picture.
Chart = Callable[[Message], Drawing | None]


def hand_over(
    notification: Notification,
    receiver: Receiver,
    channels: Mapping[str, Channel],
    chart: Chart | None,
    now: datetime,
) -> str:
    """Send and return the provider's answer; DeliveryError if it was not taken."""
    channel = channels[receiver.channel]
    message = Message.from_dict(notification.message)
    if message.code:
        message = replace(message, code=vault().open(message.code))
    zone = ZoneInfo(receiver.time_zone or receiver.space.time_zone)
    language = receiver.language or receiver.space.language
    with translation.override(language), timezone.override(zone):
        drawn = _draw(message, chart) if chart and channel.takes_chart else None
        envelope = Envelope(notification.key, notification.thread, now, drawn)
        return channel.send(receiver, message, envelope)


def _draw(message: Message, chart: Chart) -> bytes | None:
    """Return the picture; a message never waits for the lack of one."""
    try:
        drawing = chart(message)
    except UpstreamUnavailable as error:
        logger.info("chart.unavailable", extra={"reason": str(error)})
        return None
    return picture.draw(drawing) if drawing else None
