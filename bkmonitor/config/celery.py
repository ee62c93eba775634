"""The Celery application and every setting of it."""

import gc
import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging, worker_init
from django.conf import settings
from kombu import Exchange, Queue

from bkmonitor.config.boot.stop import stop_times
from bkmonitor.config.measure import MeasuredTask
from bkmonitor.config.ticks import WorkerTick
from bkmonitor.lib.broker import client_url, transport_url
from bkmonitor.pipeline.beat import DATA_PATH, ROUTES, SCHEDULE, UPKEEP
from bkmonitor.pipeline.queues import KEY_PREFIX, QUEUES, UNROUTED

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bkmonitor.config.settings")

VISIBILITY_S = settings.ENV["BKM_VISIBILITY_TIMEOUT"]
CANARY_S = 30
CANARIES = {
    f"canary-{queue}": {
        "task": f"{UPKEEP}.canary",
        "schedule": CANARY_S,
        "args": (queue,),
        "options": {"queue": queue, "expires": 2 * CANARY_S},
    }
    for queue in QUEUES
}

app = Celery("bkmonitor", task_cls=MeasuredTask)
app.conf.update(
    broker_url=transport_url(settings.REDIS_URL) or "memory://",
    include=(DATA_PATH, UPKEEP),
    # Whoever can write to Redis must not be able to run code: JSON, nothing else.
    task_serializer="json",
    accept_content=["json"],
    # Nobody waits for a result: rows are the truth.
    result_backend=None,
    task_ignore_result=True,
    result_expires=None,
    # A message is given back when its worker dies. It is only a doorbell, so an old
    # one is dropped: a task that kills its worker each time ends with it.
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_annotations={"*": {"expires": 300}},
    worker_prefetch_multiplier=1,
    worker_max_tasks_per_child=settings.ENV["BKM_WORKER_MAX_TASKS"],
    # No run may outlast the time after which its message is handed out again.
    task_soft_time_limit=VISIBILITY_S * 0.4,
    task_time_limit=VISIBILITY_S * 0.5,
    task_queues=[
        Queue(name, Exchange(name), routing_key=name) for name in (*QUEUES, UNROUTED)
    ],
    task_default_queue=UNROUTED,
    task_create_missing_queues=False,
    task_routes=ROUTES,
    # The connection: found dead in seconds, tried for ever, restored in seconds.
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_transport_options={
        "visibility_timeout": VISIBILITY_S,
        "socket_timeout": 30,
        "socket_connect_timeout": 5,
        "socket_keepalive": True,
        "health_check_interval": 25,
        "retry_on_timeout": True,
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        "global_keyprefix": KEY_PREFIX,
    },
    # Stop: short work ends, long work is handed back before the grace is over.
    # REMAP_SIGTERM=SIGQUIT in bin/celery_environ.sh makes TERM do this.
    worker_soft_shutdown_timeout=stop_times(settings.ENV["BKM_STOP_GRACE"]).soft,
    worker_enable_soft_shutdown_on_idle=False,
    # Remote control and events fill Redis with keys; metrics and ticks replace them.
    worker_enable_remote_control=False,
    worker_send_task_events=False,
    task_send_sent_event=False,
    worker_redirect_stdouts=False,
    # A second beat takes over when the first one is killed: within the lock's 25 s,
    # the 5 s between two looks at it, and what a busy machine adds.
    beat_scheduler="bkmonitor.config.ticks:TickingScheduler",
    beat_max_loop_interval=5,
    beat_schedule={**SCHEDULE, **CANARIES},
    redbeat_redis_url=client_url(settings.REDIS_URL),
    redbeat_lock_timeout=25,
    redbeat_redis_options={"socket_timeout": 10, "socket_connect_timeout": 5},
    redbeat_key_prefix=f"{KEY_PREFIX}redbeat:",
    timezone="UTC",
)
app.steps["consumer"].add(WorkerTick)


@setup_logging.connect
def leave_logging(**_kwargs: Any) -> None:
    """Keep the logging that Django has set up: where somebody hears this, Celery sets none.

    Its own would raise the level to WARNING, whatever `BKM_LOG_LEVEL` says.
    """


@worker_init.connect
def share_memory(**_kwargs: Any) -> None:
    """Leave what was imported out of the collector before the pool forks.

    A collection writes into each object's header, and a page that is written to is
    no longer shared with the other processes.
    """
    gc.collect()
    gc.freeze()
