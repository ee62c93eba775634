"""Ring the pipeline's bells from a door; without a broker the beat finds the work later."""

import logging

from kombu.exceptions import OperationalError

from bkmonitor.pipeline.tasks import deliver_notification

logger = logging.getLogger(__name__)


def ring_delivery(pk: int) -> None:
    """Have a notification sent at once rather than within seconds."""
    try:
        deliver_notification.delay(pk)
    except OperationalError as error:
        logger.warning("bell.not_heard", extra={"error": str(error)})
