"""What rings how often, and which queue carries which task."""

from typing import Any

DATA_PATH = "bkmonitor.pipeline.tasks"
UPKEEP = "bkmonitor.pipeline.upkeep"

ROUTES = {
    f"{DATA_PATH}.{task}": {"queue": queue}
    for queue, tasks in {
        "evaluate": ("ring_evaluations", "evaluate_strategies"),
        "probe": ("ring_probes", "run_probes"),
        "alert": ("judge_heartbeats", "route_transitions"),
        "notify": ("deliver_notifications", "deliver_notification"),
    }.items()
    for task in tasks
} | {f"{UPKEEP}.prune": {"queue": "default"}}


# By how much the clocks of beat and worker may differ: the one writes when a bell
# is to be forgotten, the other reads it.
SKEW_S = 30


def _every(seconds: int, task: str) -> dict[str, Any]:
    """A bell that nobody heard in time is forgotten: the next one finds the same work."""
    expires = max(seconds, SKEW_S)
    return {"task": task, "schedule": seconds, "options": {"expires": expires}}


SCHEDULE: dict[str, dict[str, Any]] = {
    "evaluate": _every(1, f"{DATA_PATH}.ring_evaluations"),
    "probe": _every(1, f"{DATA_PATH}.ring_probes"),
    "heartbeat": _every(5, f"{DATA_PATH}.judge_heartbeats"),
    "route": _every(15, f"{DATA_PATH}.route_transitions"),
    "deliver": _every(5, f"{DATA_PATH}.deliver_notifications"),
    "prune": _every(3600, f"{UPKEEP}.prune"),
}
