"""A hundred chat and push services, each behind the URL that Apprise gives it."""

from collections.abc import Mapping
from typing import Any

import orjson
from django.conf import settings as django_settings
from django.utils.translation import gettext

from bkmonitor.lib.errors import DeliveryError, InvalidInput, UpstreamUnavailable
from bkmonitor.lib.program import run
from bkmonitor.notifications.channels.port import Envelope
from bkmonitor.notifications.letter import plain_text, write
from bkmonitor.notifications.message import Message
from bkmonitor.notifications.models import Receiver

PROGRAM = "bkmonitor.notifications.channels.apprise_program"
TIMEOUT_S = 45.0
KINDS = {1: "failure", 2: "warning", 3: "info"}


class AppriseUrl:
    """A title and a text to whatever an Apprise URL names.

    The services' own code runs in a process of its own: others wrote it, it takes
    tens of megabytes, and its deadline must hold.
    """

    takes_chart = False
    confirms = False

    def check(self, address: str, settings: Mapping[str, Any]) -> None:
        """Raise InvalidInput unless Apprise knows the URL and it is not of this machine."""
        if settings:
            wrong = gettext("Apprise keeps its settings in the URL.")
            raise InvalidInput(wrong, {"settings": wrong})
        answer = _ask({"url": address})
        if not answer["ok"]:
            raise InvalidInput(answer["detail"], {"address": answer["detail"]})

    def send(self, receiver: Receiver, message: Message, envelope: Envelope) -> str:
        """Hand title and text over and return what Apprise made of it."""
        letter = write(message, envelope.at, receiver_name=receiver.name)
        over = message.reason == "resolved"
        try:
            answer = _ask(
                {
                    "url": receiver.address,
                    "title": letter.subject,
                    "body": plain_text(letter),
                    "kind": "success" if over else KINDS.get(message.severity, "info"),
                }
            )
        except UpstreamUnavailable as error:
            raise DeliveryError(str(error)) from error
        if not answer["ok"]:
            raise DeliveryError(answer["detail"], permanent=answer["permanent"])
        return str(answer["detail"])


def _ask(question: Mapping[str, str]) -> dict[str, Any]:
    guard = {"allow_private": django_settings.ALLOW_PRIVATE_TARGETS}
    answer = run(PROGRAM, orjson.dumps({**question, **guard}), timeout_s=TIMEOUT_S)
    told: dict[str, Any] = orjson.loads(answer)
    return told
