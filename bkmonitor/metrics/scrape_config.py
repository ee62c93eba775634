"""Scrape targets, written down as VictoriaMetrics and vmagent read them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import yaml

from bkmonitor.metrics.models import ScrapeTarget

LONGEST_SCRAPE_S = 10
Job = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Service:
    """How the reader of the configuration reaches this service, and as whom."""

    url: str  # without a path
    token: str
    builtin_space: str  # "" while there is none


class _Quoted(yaml.SafeDumper):
    """Writes every text in double quotes."""


_Quoted.add_representer(
    str,
    lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, '"'),
)


def render(targets: Iterable[ScrapeTarget], service: Service, *, bare: bool) -> str:
    """Return the whole configuration as YAML; `bare` gives the list of jobs alone.

    `targets` bring their spaces. Jobs alone are what VictoriaMetrics wants of a
    file that `scrape_config_files` names.
    """
    jobs = [_job(target, service) for target in targets]
    if service.builtin_space:
        jobs.append(_own_job(service))
    document: Any = jobs if bare else {"scrape_configs": jobs}
    text = yaml.dump(
        document, Dumper=_Quoted, sort_keys=False, allow_unicode=True, width=10**9
    )
    # The reader puts its environment in place of %{NAME}, which is not for users
    # to read. Within double quotes this spelling means the same to YAML alone.
    return text.replace("%{", "\\x25{")


def address_of(target: ScrapeTarget) -> str:
    """Return host and port as the scraper writes them."""
    parts = urlsplit(target.url)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def target_labels(target: ScrapeTarget) -> dict[str, str]:
    """Return the labels that samples of a target carry, but for `space`."""
    own: dict[str, str] = target.labels
    return {"job": target.name, "instance": address_of(target)} | own


def _job(target: ScrapeTarget, service: Service) -> Job:
    parts = urlsplit(target.url)
    job: Job = {
        "job_name": f"scrape-target-{target.pk}",
        "scrape_interval": f"{target.interval_s}s",
        "scrape_timeout": f"{min(target.interval_s, LONGEST_SCRAPE_S)}s",
        "scheme": parts.scheme,
        "metrics_path": parts.path or "/metrics",
        # Where a target sends the scraper on to has not been checked.
        "follow_redirects": False,
        **_confined(address_of(target), target_labels(target), target.space.slug),
    }
    if parts.query:
        job["params"] = parse_qs(parts.query, keep_blank_values=True)
    return job | _credentials(target) | _tls(target, service)


def _own_job(service: Service) -> Job:
    """The service's own metrics, into the space in which it watches itself."""
    parts = urlsplit(service.url)
    return {
        "job_name": "bkmonitor",
        "scrape_interval": "15s",
        "scheme": parts.scheme,
        "metrics_path": "/metrics",
        "bearer_token": service.token,
        **_confined(parts.netloc, {"job": "bkmonitor"}, service.builtin_space),
    }


def _confined(address: str, labels: Mapping[str, str], space: str) -> Job:
    """Return what keeps a target in its space.

    The label on the target is for `up` and its like, which the scraper makes
    itself; the rules are for samples that bring a `space` of their own, once or
    several times.
    """
    return {
        "honor_labels": False,
        "static_configs": [
            {"targets": [address], "labels": {**labels, "space": space}}
        ],
        "metric_relabel_configs": [
            {"action": "labeldrop", "regex": "space"},
            {"target_label": "space", "replacement": space},
        ],
    }


def _credentials(target: ScrapeTarget) -> Job:
    if target.bearer_token:
        return {"bearer_token": target.bearer_token}
    if target.username:
        return {
            "basic_auth": {"username": target.username, "password": target.password}
        }
    return {}


def _tls(target: ScrapeTarget, service: Service) -> Job:
    if not target.url.startswith("https:"):
        return {}
    tls: Job = {"insecure_skip_verify": not target.verify_tls}
    if target.ca_certificate.strip():
        # Old versions do not understand a certificate within the configuration.
        parts = urlsplit(service.url)
        token = quote(service.token, safe="")
        tls["ca_file"] = (
            f"{parts.scheme}://scrape:{token}@{parts.netloc}"
            f"/prometheus/scrape-config/authorities/{target.pk}"
        )
    return {"tls_config": tls}
