"""Hosts, as node_exporter tells of them."""

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

HOUR_S = 3600
# What is full or read-only by its nature.
DISKS = 'fstype!~"tmpfs|ramfs|squashfs|erofs|iso9660|autofs|fuse.*"'
FREE = f"100 * node_filesystem_avail_bytes{{{DISKS}}} / node_filesystem_size_bytes{{{DISKS}}}"
BOTH_ERRORS = "rate(node_network_receive_errs_total[5m]) + rate(node_network_transmit_errs_total[5m])"
BOTH_PACKETS = "rate(node_network_receive_packets_total[5m]) + rate(node_network_transmit_packets_total[5m])"


def _full_within(severity: int, horizon_s: int, history_s: int) -> dict[str, object]:
    """Return a level for disks on their way; a half empty one may be filled in peace."""
    way = {"kind": "forecast", "operator": "<=", "limit": 0.0, "min_points": 12}
    return level(
        severity, limit("<", 50), way | {"horizon_s": horizon_s, "history_s": history_s}
    )


TEMPLATES = (
    Template(
        key="target-down",
        title=_("A scrape target does not answer"),
        about=_(
            "An exporter, or its host, could not be scraped twice in a row, or stopped sending altogether."
        ),
        strategy={
            "expression": "min by (job, instance) (up)",
            "levels": below(critical=1),
            **lasting(2, recovery=1),
            "no_data": missed(CRITICAL),
            "summary": "{{ labels.instance }} does not answer",
            "description": "The job {{ labels.job }} cannot scrape {{ labels.instance }}: look "
            "whether the host runs, then whether its exporter does.",
        },
    ),
    Template(
        key="host-cpu",
        title=_("The CPU is busy"),
        about=_("All cores together are busy for ten minutes on end."),
        strategy={
            "expression": '100 * (1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[5m])))',
            "levels": above(warning=85, critical=95),
            "unit": "percent",
            **lasting(10),
            "no_data": missed(WARNING),
            "summary": "The CPU of {{ labels.instance }} is busy",
            "description": "Find who uses it with top or pidstat, and whether work can wait.",
        },
    ),
    Template(
        key="host-memory",
        title=_("Memory runs out"),
        about=_(
            "What programs could still get, caches included, is a small part of all."
        ),
        strategy={
            "expression": "100 * (1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes)",
            "levels": above(warning=90, critical=97),
            "unit": "percent",
            **lasting(5),
            "summary": "{{ labels.instance }} has little memory left",
            "description": "Before long the kernel ends processes. Find the largest with "
            "ps --sort=-rss.",
        },
    ),
    Template(
        key="host-oom-kill",
        title=_("The kernel killed a process for want of memory"),
        about=_("Somebody's work was ended from one moment to the next."),
        strategy={
            "expression": "increase(node_vmstat_oom_kill[10m])",
            "levels": above(warning=0),
            "summary": "The kernel of {{ labels.instance }} killed a process for want of memory",
            "description": "journalctl -k says which one, and who had the memory.",
        },
    ),
    Template(
        key="host-disk-full",
        title=_("A disk is nearly full"),
        about=_("Free for ordinary users is a small part of a file system."),
        strategy={
            "expression": FREE,
            "levels": below(warning=15, critical=5),
            "unit": "percent",
            **lasting(3, recovery=3),
            "no_data": {
                "policy": "group",
                "by": ["instance"],
                "after": 5,
                "severity": WARNING,
            },
            "summary": "{{ labels.mountpoint }} of {{ labels.instance }} is nearly full",
            "description": "{{ value }} % of {{ labels.device }} is free. "
            "du -xh --max-depth=2 {{ labels.mountpoint }} shows what takes the room.",
        },
    ),
    Template(
        key="host-disk-forecast",
        title=_("A disk will be full within hours"),
        about=_(
            "At the pace of the last hours nothing is left in four hours, or in a day, and less than half is free already."
        ),
        strategy={
            "expression": FREE,
            "interval_s": 300,
            "levels": [
                _full_within(CRITICAL, 4 * HOUR_S, 6 * HOUR_S),
                _full_within(WARNING, 24 * HOUR_S, 24 * HOUR_S),
            ],
            "unit": "percent",
            **lasting(3, recovery=6),
            "summary": "{{ labels.mountpoint }} of {{ labels.instance }} will be full before long",
            "description": "{{ value }} % of {{ labels.device }} is free, and it is going fast. "
            "Look for logs, dumps and queues that grow.",
        },
    ),
    Template(
        key="host-inodes",
        title=_("A file system runs out of inodes"),
        about=_(
            "There is room, but no new file can be made in it: too many small ones."
        ),
        strategy={
            "expression": f"100 * node_filesystem_files_free{{{DISKS}}} / node_filesystem_files{{{DISKS}}}",
            "levels": below(warning=15, critical=5),
            "unit": "percent",
            **lasting(3, recovery=3),
            "summary": "{{ labels.mountpoint }} of {{ labels.instance }} has few inodes left",
            "description": "du -x --inodes {{ labels.mountpoint }} | sort -n | tail shows where "
            "the files are.",
        },
    ),
    Template(
        key="host-load",
        title=_("More work waits than the cores can do"),
        about=_(
            "The load of five minutes for each core, for a quarter of an hour on end."
        ),
        strategy={
            "expression": "max by (instance) (node_load5) / "
            'count by (instance) (node_cpu_seconds_total{mode="idle"})',
            "levels": above(warning=1.5, critical=4),
            **lasting(15),
            "summary": "{{ labels.instance }} has more work than cores",
            "description": "If the CPU is not busy, processes wait for a disk or a network file "
            "system: vmstat 1 and iostat -x 1 tell.",
        },
    ),
    Template(
        key="host-network-errors",
        title=_("A network interface makes errors"),
        about=_("Part of all packets, received and sent: a cable, a port or a driver."),
        strategy={
            "expression": f"100 * ({BOTH_ERRORS}) / clamp_min({BOTH_PACKETS}, 1)",
            "levels": above(warning=1, critical=5),
            "unit": "percent",
            **lasting(5),
            "summary": "{{ labels.device }} of {{ labels.instance }} makes errors",
            "description": "ethtool -S {{ labels.device }} says which; change the cable first.",
        },
    ),
    Template(
        key="host-restart",
        title=_("A host has restarted"),
        about=_("Its uptime is short, and was longer within the last hour."),
        strategy={
            "expression": "time() - max by (instance) (node_boot_time_seconds)",
            "levels": [
                level(
                    WARNING,
                    {"kind": "host_restart", "within_s": 600.0, "known_s": 3600.0},
                )
            ],
            "unit": "seconds",
            "summary": "{{ labels.instance }} has restarted",
            "description": "journalctl -b -1 -e shows its last words before.",
        },
    ),
    Template(
        key="host-clock-skew",
        title=_("A clock is wrong"),
        about=_(
            "The kernel's own estimate of how far it is off: logs and certificates suffer."
        ),
        strategy={
            "expression": "abs(node_timex_offset_seconds)",
            "levels": above(warning=0.05, critical=1),
            "unit": "seconds",
            **lasting(5),
            "summary": "The clock of {{ labels.instance }} is wrong",
            "description": "chronyc tracking, or timedatectl timesync-status.",
        },
    ),
    Template(
        key="host-clock-unsynchronised",
        title=_("A clock is not synchronised"),
        about=_("Nobody has set it for half an hour; it will drift."),
        strategy={
            "expression": "min by (instance) (node_timex_sync_status)",
            "levels": below(warning=1),
            **lasting(30),
            "summary": "The clock of {{ labels.instance }} is not synchronised",
            "description": "Look whether chrony or systemd-timesyncd runs and reaches a server.",
        },
    ),
    Template(
        key="host-file-descriptors",
        title=_("A host runs out of file descriptors"),
        about=_("No process will be able to open a file or a connection."),
        strategy={
            "expression": "100 * node_filefd_allocated / node_filefd_maximum",
            "levels": above(warning=80, critical=95),
            "unit": "percent",
            **lasting(5),
            "summary": "{{ labels.instance }} runs out of file descriptors",
            "description": "lsof -n | cut -d' ' -f1 | sort | uniq -c | sort -n shows who has them.",
        },
    ),
    Template(
        key="host-read-only",
        title=_("A file system became read-only"),
        about=_(
            "It could be written within the last week: the kernel protects it after errors. "
            "What is read-only for ever is left alone."
        ),
        strategy={
            "expression": f"node_filesystem_readonly{{{DISKS}}} - "
            f"min_over_time(node_filesystem_readonly{{{DISKS}}}[7d])",
            "levels": above(critical=0),
            "summary": "{{ labels.mountpoint }} of {{ labels.instance }} became read-only",
            "description": "dmesg tells the errors of {{ labels.device }}; save what is there first.",
        },
    ),
)

SUBJECT = Subject(
    key="host",
    title=_("Hosts"),
    sender="prometheus-node-exporter",
    how=_("Run it on each host and add port 9100 as a scrape target."),
    templates=TEMPLATES,
)
