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


def _snippet(name: str, title: str | Promise, text: str) -> Snippet:
    return Snippet(f"snippet-{name}", title, dedent(text).strip())
