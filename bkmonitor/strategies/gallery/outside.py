"""What is looked at from outside: services, certificates, and jobs by their signs."""

from bkmonitor.detection.parameters import marked as _
from bkmonitor.strategies.gallery.template import (
    WARNING,
    Subject,
    Template,
    above,
    below,
    lasting,
    level,
    limit,
)

DAY_S = 86_400
ONE = "job, instance, probe"
OWN_PROBES = _(
    "Probes of this space send them by themselves; those of blackbox_exporter do as well."
)

PROBE = Subject(
    key="probe",
    title=_("Probes"),
    sender="prometheus-blackbox-exporter",
    how=OWN_PROBES,
    templates=(
        Template(
            key="probe-slow",
            title=_("A service answers slowly"),
            about=_("The mean of five minutes, for three minutes on end."),
            strategy={
                "expression": f"avg by ({ONE}) (avg_over_time(probe_duration_seconds[5m]))",
                "levels": above(warning=2, critical=5),
                "unit": "seconds",
                **lasting(3),
                "summary": "{{ labels.instance }} answers slowly",
            },
        ),
        Template(
            key="probe-slower-than-usual",
            title=_("A service answers far slower than usual"),
            about=_(
                "Twice as long as at this time on the last seven days, and more than 0.2 s."
            ),
            strategy={
                "expression": f"avg by ({ONE}) (avg_over_time(probe_duration_seconds[15m]))",
                "interval_s": 300,
                "levels": [
                    level(
                        WARNING,
                        limit(">", 0.2),
                        {
                            "kind": "year_round_advanced",
                            "rise_percent": 100.0,
                            "rise_over": 7,
                            "against": "mean",
                        },
                    )
                ],
                "unit": "seconds",
                **lasting(2, recovery=2),
                "summary": "{{ labels.instance }} answers far slower than usual",
            },
        ),
        Template(
            key="probe-availability",
            title=_("A service fails too often"),
            about=_(
                "The share of looks within an hour that found it up: what comes and goes is seen too."
            ),
            strategy={
                "expression": f"100 * avg by ({ONE}) (avg_over_time(probe_success[1h]))",
                "levels": below(warning=99, critical=95),
                "unit": "percent",
                **lasting(1, recovery=5),
                "summary": "{{ labels.instance }} fails too often",
                "description": "{{ value }} % of the looks of the last hour found it up.",
            },
        ),
    ),
)

CERTIFICATE = Subject(
    key="certificate",
    title=_("Certificates"),
    sender="prometheus-blackbox-exporter",
    how=OWN_PROBES,
    templates=(
        Template(
            key="certificate-expires",
            title=_("A certificate expires"),
            about=_("The first of the chain to expire does so within two weeks, or three days."),
            strategy={
                "expression": f"min by ({ONE}) (probe_ssl_earliest_cert_expiry) - time()",
                "interval_s": 600,
                "levels": below(warning=14 * DAY_S, critical=3 * DAY_S),
                "unit": "seconds",
                "summary": "The certificate of {{ labels.instance }} expires",
                "description": "In {{ value | humanizeDuration }}. Renew it, and have the server "
                "read it again.",
            },
        ),
    ),
)  # fmt: skip

HEARTBEAT = Subject(
    key="heartbeat",
    title=_("Jobs by their signs of life"),
    sender="pushgateway",
    how=_(
        "Heartbeats of this space raise their alerts by themselves. These are for jobs that leave metrics behind, in a Pushgateway or a text file of node_exporter."
    ),
    templates=(
        Template(
            key="push-stale",
            title=_("A job has not pushed its metrics"),
            about=_("It last did so more than a day, or two days, ago."),
            strategy={
                "expression": "time() - max by (job) (push_time_seconds)",
                "interval_s": 300,
                "levels": above(warning=DAY_S + 3600, critical=2 * DAY_S),
                "unit": "seconds",
                "summary": "The job {{ labels.job }} has not pushed its metrics",
                "description": "It last did so {{ value | humanizeDuration }} ago.",
            },
        ),
        Template(
            key="textfile-stale",
            title=_("A text file of metrics is old"),
            about=_("The job that writes it has not for more than a day, or two days."),
            strategy={
                "expression": "time() - max by (instance, file) (node_textfile_mtime_seconds)",
                "interval_s": 300,
                "levels": above(warning=DAY_S + 3600, critical=2 * DAY_S),
                "unit": "seconds",
                "summary": "{{ labels.file }} of {{ labels.instance }} is old",
                "description": "It was last written {{ value | humanizeDuration }} ago.",
            },
        ),
    ),
)
