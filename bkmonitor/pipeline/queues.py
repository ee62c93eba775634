"""The queues, and which one has which work. Standard library only."""

# Every queue has one worker program of its own name.
QUEUES = ("evaluate", "probe", "alert", "notify", "default")
# Where a task without a route ends; nobody works it, and its depth is a metric.
UNROUTED = "unrouted"
# All of the service's keys in Redis begin with it, the queues' too.
KEY_PREFIX = "bkm:"
