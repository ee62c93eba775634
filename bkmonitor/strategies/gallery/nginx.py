"""nginx, as its exporter tells of it."""

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
    missed,
)

TEMPLATES = (
    Template(
        key="nginx-down",
        title=_("nginx does not answer"),
        about=_("The exporter could not read its state twice in a row."),
        strategy={
            "expression": "min by (instance) (nginx_up)",
            "levels": below(critical=1),
            **lasting(2, recovery=1),
            "no_data": missed(CRITICAL),
            "summary": "nginx of {{ labels.instance }} does not answer",
            "description": "nginx -t finds a bad configuration; its error log the rest.",
        },
    ),
    Template(
        key="nginx-dropped",
        title=_("nginx drops connections"),
        about=_("They were accepted and never handled: worker_connections is too small."),
        strategy={
            "expression": "increase(nginx_connections_accepted[5m]) - "
            "increase(nginx_connections_handled[5m])",
            "levels": above(warning=0, critical=100),
            "summary": "nginx of {{ labels.instance }} drops connections",
        },
    ),
    Template(
        key="nginx-requests-drop",
        title=_("nginx gets far fewer requests than last week"),
        about=_("By half, or by nine tenths, of what came at this time a week ago."),
        strategy={
            "expression": "sum by (instance) (rate(nginx_http_requests_total[10m]))",
            "levels": [
                level(CRITICAL, {"kind": "year_round", "fall_percent": 90.0}),
                level(WARNING, {"kind": "year_round", "fall_percent": 50.0}),
            ],
            "unit": "per_s",
            **lasting(10),
            "summary": "nginx of {{ labels.instance }} gets far fewer requests than last week",
            "description": "A DNS record, a balancer or a firewall before it, if it is no holiday.",
        },
    ),
)  # fmt: skip

SUBJECT = Subject(
    key="nginx",
    title=_("nginx"),
    sender="prometheus-nginx-exporter",
    how=_("Switch stub_status on, and add port 9113 as a scrape target."),
    templates=TEMPLATES,
)
