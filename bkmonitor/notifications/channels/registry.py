"""Every kind of delivery, by the name that a receiver carries."""

from collections.abc import Mapping

from bkmonitor.notifications.channels.apprise import AppriseUrl
from bkmonitor.notifications.channels.email import Email
from bkmonitor.notifications.channels.port import Channel
from bkmonitor.notifications.channels.webhook import Webhook

CHANNELS: Mapping[str, Channel] = {
    "email": Email(),
    "webhook": Webhook(),
    "apprise": AppriseUrl(),
}
