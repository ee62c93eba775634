"""What people copy: how programs send samples, and jobs their signs of life."""

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import dedent

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Snippet:
    """Something to copy; `id` is unique on its page."""

    id: str
    title: str | Promise
    text: str


def ingest_snippets(root: str, secret: str) -> Sequence[Snippet]:
    """Return how samples are sent to the service at `root` with a token."""
    write = f"{root}/prometheus/api/v1/write"
    text = f"{root}/prometheus/api/v1/import/prometheus"
    return (
        _snippet(
            "prometheus",
            _("Prometheus: prometheus.yml"),
            f"""
            remote_write:
              - url: {write}
                authorization:
                  credentials: {secret}
            """,
        ),
        _snippet(
            "vmagent",
            "vmagent",
            f"""
            vmagent -promscrape.config=prometheus.yml \\
              -remoteWrite.url={write} \\
              -remoteWrite.bearerToken={secret}
            """,
        ),
        _snippet(
            "curl",
            _("curl: one value"),
            f"""
            echo 'backup_seconds{{host="db-1"}} 42' |
              curl -fsS --data-binary @- \\
                -H "Authorization: Bearer {secret}" \\
                {text}
            """,
        ),
    )


def read_snippets(root: str, secret: str) -> Sequence[Snippet]:
    """Return how samples and alerts are read from the service at `root`."""
    return (
        _snippet(
            "grafana",
            _("Grafana: a data source of the type Prometheus"),
            f"""
            URL:            {root}/prometheus
            HTTP header:    Authorization: Bearer {secret}
            """,
        ),
        _snippet(
            "api",
            _("curl: the alerts that fire"),
            f"""
            curl -fsS -H "Authorization: Bearer {secret}" \\
              "{root}/api/v1/alerts/?state=firing"
            """,
        ),
    )


def ping_snippets(url: str) -> Sequence[Snippet]:
    """Return how jobs send their signs of life to `url`."""
    call = f"curl -fsS -m 10 --retry 5 -o /dev/null {url}"
    return (
        _snippet("ping-curl", _("At the end of a script"), call),
        _snippet(
            "ping-cron",
            _("In a crontab: only a success counts"),
            f"""
            # m h dom mon dow command
            30 2 * * * /usr/local/bin/backup && {call}
            """,
        ),
        _snippet(
            "ping-bash",
            _("In bash: start, and how it ended"),
            f"""
            {call}/start
            trap '{call}/$?' EXIT
            """,
        ),
        _snippet(
            "ping-systemd",
            _("In a systemd service"),
            f"""
            [Service]
            ExecStartPre=-{call}/start
            ExecStart=/usr/local/bin/backup
            ExecStopPost=-{call}/${{EXIT_STATUS}}
            """,
        ),
        _snippet(
            "ping-python",
            "Python",
            f"""
            import urllib.request

            urllib.request.urlopen("{url}", timeout=10)
            """,
        ),
        _snippet(
            "ping-powershell",
            "PowerShell",
            f"""
            Invoke-RestMethod -Uri "{url}" -TimeoutSec 10 -MaximumRetryCount 5 -RetryIntervalSec 2
            """,
        ),
    )


def _snippet(name: str, title: str | Promise, text: str) -> Snippet:
    return Snippet(f"snippet-{name}", title, dedent(text).strip())
