"""As much of a receiver's address as is surely no secret."""

from urllib.parse import urlsplit

from bkmonitor.notifications.models import Receiver


def shown_address(receiver: Receiver) -> str:
    """Return a mail address as it is, of a URL no more than its scheme and host.

    The path of a webhook often is its key. What stands for the host of an Apprise
    URL may be the token itself, so of those only the service is named.
    """
    if receiver.channel == Receiver.Channel.EMAIL:
        return str(receiver.address)
    parts = urlsplit(receiver.address)
    if receiver.channel == Receiver.Channel.WEBHOOK:
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/…"
    return f"{parts.scheme}://…"
