"""What the service tells of itself at /metrics."""

import os
from functools import partial

from prometheus_client import Counter, Gauge, Histogram, values

from bkmonitor.lib.slots import slot_name

if _folder := os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
    # Files named by pid would grow in number with every process ever replaced.
    values.ValueClass = values.MultiProcessValue(  # type: ignore[no-untyped-call]
        partial(slot_name, _folder)
    )

EVALUATIONS = Counter(
    "bkm_evaluations_total", "Evaluations of strategies.", ["outcome"]
)
EVALUATION_LAG = Histogram(
    "bkm_evaluation_lag_seconds",
    "From the tick an evaluation is for to its end.",
    buckets=(0.5, 1, 2, 5, 10, 30, 60, 120, 300),
)
EVALUATIONS_FAILING = Gauge(
    "bkm_evaluations_failing",
    "Enabled strategies whose newest evaluation failed.",
    multiprocess_mode="mostrecent",
)
LABEL_SETS = Gauge(
    "bkm_label_sets",
    "Label sets of the store's series that a process keeps.",
    multiprocess_mode="sum",
)
TRANSITIONS = Counter("bkm_transitions_total", "Changes of alerts.", ["kind"])
NOTIFICATIONS = Counter(
    "bkm_notifications_total", "Attempts to deliver a message.", ["channel", "result"]
)
PROBES = Counter("bkm_probes_total", "Looks of probes.", ["kind", "outcome"])
TASKS = Counter("bkm_tasks_total", "Celery tasks that ended.", ["task", "outcome"])
TASK_SECONDS = Histogram(
    "bkm_task_duration_seconds",
    "How long a Celery task ran.",
    ["task"],
    buckets=(0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300),
)
HTTP_REQUESTS = Counter(
    "bkm_http_requests_total", "HTTP requests answered.", ["method", "view", "status"]
)
HTTP_SECONDS = Histogram(
    "bkm_http_request_duration_seconds",
    "How long an HTTP request took.",
    ["view"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
