"""Every kind of delivery, by the name that a receiver carries."""

from collections.abc import Mapping

from bkmonitor.notifications.channels.port import Channel

CHANNELS: Mapping[str, Channel] = {}
