"""The service itself; its own space has these from the first minute."""

from bkmonitor.detection.parameters import marked as _
from bkmonitor.strategies.gallery.template import (
    Subject,
    Template,
    above,
    below,
    lasting,
)

TEMPLATES = (
    Template(
        key="service-queue",
        title=_("A queue is not worked"),
        about=_("No worker has taken a canary from it for three minutes."),
        strategy={
            "expression": "max by (queue) (bkm_queue_canary_age_seconds)",
            "levels": above(critical=180),
            "unit": "seconds",
            "description": "No worker has taken a canary from this queue for {{ value }} s. "
            "See the System page and the log of the queue's program.",
        },
    ),
    Template(
        key="service-unrouted",
        title=_("Work waits in a queue that nobody works"),
        about=_("A task of another release, or a worker that was given too few queues."),
        strategy={
            "expression": 'max(bkm_queue_depth{queue="unrouted"})',
            "levels": above(warning=0),
        },
    ),
    Template(
        key="service-evaluations",
        title=_("Strategies cannot be evaluated"),
        about=_("The store did not answer them, three times in a row."),
        strategy={
            "expression": "max(bkm_evaluations_failing)",
            "levels": above(warning=0),
            **lasting(3, recovery=1),
            "description": "The strategies' pages tell the reason.",
        },
    ),
    Template(
        key="service-deliveries",
        title=_("Messages cannot be delivered"),
        about=_("Some on a channel were given up within a quarter of an hour."),
        strategy={
            "expression": 'sum by (channel) (increase(bkm_notifications_total{result="failed"}[15m]))',
            "levels": above(critical=0),
            "description": "Messages on this channel were given up. "
            "The receivers' pages tell what the provider answered.",
        },
    ),
    Template(
        key="service-disk",
        title=_("The disk is nearly full"),
        about=_("The one that holds the service's data."),
        strategy={
            "expression": "min(bkm_disk_free_ratio) * 100",
            "levels": below(warning=15, critical=5),
            "unit": "percent",
        },
    ),
)  # fmt: skip

SUBJECT = Subject(
    key="service",
    title=_("The service itself"),
    sender="bkmonitor",
    how=_("Its own space has these strategies and their metrics already."),
    templates=TEMPLATES,
)
