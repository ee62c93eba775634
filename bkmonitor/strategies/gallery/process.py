"""Processes, as process-exporter tells of them."""

from bkmonitor.detection.parameters import marked as _
from bkmonitor.strategies.gallery.template import (
    CRITICAL,
    WARNING,
    Subject,
    Template,
    above,
    below,
    lasting,
    level,
    limit,
    missed,
)

GROUP = "{{ labels.groupname }} on {{ labels.instance }}"
HALF_GIB = 512 * 1024 * 1024

TEMPLATES = (
    Template(
        key="process-down",
        title=_("A process does not run"),
        about=_("A group of processes that was there has none left."),
        strategy={
            "expression": "sum by (instance, groupname) (namedprocess_namegroup_num_procs)",
            "levels": below(critical=1),
            **lasting(2, recovery=1),
            "no_data": missed(CRITICAL),
            "summary": f"{GROUP} does not run",
            "description": "systemctl status and the journal of its unit say how it ended.",
        },
    ),
    Template(
        key="process-restarts",
        title=_("A process restarts again and again"),
        about=_("The oldest process of a group is another one, several times an hour."),
        strategy={
            "expression": "max by (instance, groupname) "
            "(changes(namedprocess_namegroup_oldest_start_time_seconds[1h]))",
            "levels": above(warning=2, critical=9),
            "summary": f"{GROUP} restarts again and again",
            "description": "It started anew {{ value }} times within an hour. Its log tells why.",
        },
    ),
    Template(
        key="process-memory",
        title=_("A process takes far more memory than usual"),
        about=_(
            "Half as much again as at this time on the last seven days, and more than half a GiB: a leak, or more work."
        ),
        strategy={
            "expression": "sum by (instance, groupname) "
            '(namedprocess_namegroup_memory_bytes{memtype="resident"})',
            "interval_s": 300,
            "levels": [
                level(
                    WARNING,
                    limit(">", HALF_GIB),
                    {
                        "kind": "year_round_advanced",
                        "rise_percent": 50.0,
                        "rise_over": 7,
                        "against": "mean",
                    },
                )
            ],
            "unit": "bytes",
            **lasting(3, recovery=3),
            "summary": f"{GROUP} takes far more memory than usual",
        },
    ),
    Template(
        key="process-file-descriptors",
        title=_("A process runs out of file descriptors"),
        about=_("What the worst process of a group has used of its limit."),
        strategy={
            "expression": "100 * max by (instance, groupname) (namedprocess_namegroup_worst_fd_ratio)",
            "levels": above(warning=80, critical=95),
            "unit": "percent",
            **lasting(3),
            "summary": f"{GROUP} runs out of file descriptors",
            "description": "Raise LimitNOFILE of its unit, or find what it does not close.",
        },
    ),
)

SUBJECT = Subject(
    key="process",
    title=_("Processes"),
    sender="prometheus-process-exporter",
    how=_("Name the processes in its configuration and add port 9256."),
    templates=TEMPLATES,
)
