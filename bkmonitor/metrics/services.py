"""The verbs of scrape targets: the only code that writes this room's tables."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from django.conf import settings
from django.utils.translation import gettext as _

from bkmonitor.accounts.models import Space
from bkmonitor.accounts.rows import store
from bkmonitor.accounts.validation import check_row, check_stays_home
from bkmonitor.lib.errors import InvalidInput, UpstreamUnavailable
from bkmonitor.lib.labels import fingerprint
from bkmonitor.metrics.models import ScrapeTarget
from bkmonitor.metrics.query import query_instant
from bkmonitor.metrics.schema import check_target
from bkmonitor.metrics.scrape_config import Service, render, target_labels
from bkmonitor.metrics.tsdb.current import tsdb

EDITABLE = (
    "name", "url", "labels", "interval_s", "enabled", "username", "password",
    "bearer_token", "verify_tls", "ca_certificate",
)  # fmt: skip
SECRETS = ("password", "bearer_token")
ABOUT_SCRAPES = '{__name__=~"up|scrape_duration_seconds|scrape_samples_scraped"}'


def save_target(
    space: Space, fields: Mapping[str, Any], *, target: ScrapeTarget | None = None
) -> ScrapeTarget:
    """Make a scrape target, or change the one given.

    `fields` may leave out what stays as it is; but credentials do not go to
    another server: they are given again or taken away. Raises InvalidInput with
    what is wrong of each field; nothing is written then.
    """
    unknown = set(fields) - set(EDITABLE)
    if unknown:
        raise InvalidInput(f"a target has no field {', '.join(sorted(unknown))}")
    stored = {name: getattr(target or ScrapeTarget(), name) for name in EDITABLE}
    whole = {**stored, **fields}
    check_target(whole, allow_private=settings.ALLOW_PRIVATE_TARGETS)
    kept = [name for name in SECRETS if stored[name] and name not in fields]
    check_stays_home(stored["url"], whole["url"], kept)
    row = ScrapeTarget(space=space) if target is None else target
    for name, value in whole.items():
        setattr(row, name, value)
    # The name's uniqueness is asked of the database below.
    check_row(row, exclude=["space"])
    store(row, EDITABLE)
    return row


def delete_target(target: ScrapeTarget) -> None:
    """Stop fetching from a target; its samples stay until they are too old."""
    target.delete()


def scrape_configuration(own_url: str, *, bare: bool = False) -> str:
    """Return the scrape configuration of all spaces as YAML.

    `own_url` is how the reader reaches this service; `bare` gives the list of jobs
    without the key above it. It holds credentials: show it to nobody else.
    """
    enabled = ScrapeTarget.objects.filter(enabled=True).select_related("space")
    builtin = Space.objects.filter(is_builtin=True).first()
    service = Service(
        own_url, settings.SCRAPE_TOKEN, "" if builtin is None else builtin.slug
    )
    return render(enabled.order_by("pk"), service, bare=bare)


def authorities_of(target_id: int) -> str:
    """Return the certificates, in PEM, that a target's own is checked against."""
    row = ScrapeTarget.objects.filter(pk=target_id).only("ca_certificate").first()
    return "" if row is None else row.ca_certificate


@dataclass(frozen=True, slots=True)
class TargetHealth:
    """What is known of the last scrape; `error` says why it is down or unknown."""

    state: Literal["up", "down", "unknown", "disabled"]
    error: str = ""
    scraped_at: datetime | None = None
    duration_s: float | None = None
    samples: int | None = None


def target_health(space: Space, *, now: datetime) -> dict[int, TargetHealth]:
    """Return the health of each target of a space, by its primary key.

    The store itself is asked first, since it knows the errors; where something
    else scrapes, what the samples `up` say.
    """
    targets = list(ScrapeTarget.objects.filter(space=space))
    asked = [target for target in targets if target.enabled]
    known = _ask_scraper(space) if asked else {}
    if any(_key(target) not in known for target in asked):
        known = _ask_samples(space, now) | known
    waiting = TargetHealth("unknown", _("it has not been scraped yet"))
    return {
        target.pk: known.get(_key(target), waiting)
        if target.enabled
        else TargetHealth("disabled")
        for target in targets
    }


def _key(target: ScrapeTarget) -> str:
    return fingerprint(target_labels(target))


def _ask_scraper(space: Space) -> dict[str, TargetHealth]:
    try:
        scraped = tsdb().scraped()
    except UpstreamUnavailable:
        return {}  # the samples are asked next, and say why they cannot answer
    return {
        _without_space(target.labels): TargetHealth(
            "up" if target.up else "down" if target.at else "unknown",
            target.error,
            target.at,
            target.duration_s,
            target.samples,
        )
        for target in scraped
        if target.labels.get("space") == space.slug
    }


def _without_space(labels: Mapping[str, str]) -> str:
    return fingerprint({k: v for k, v in labels.items() if k != "space"})


def _ask_samples(space: Space, now: datetime) -> dict[str, TargetHealth]:
    frame = query_instant(space.slug, ABOUT_SCRAPES, now.timestamp()).frame
    if frame is None:
        return {}
    told: dict[str, dict[str, float]] = {}
    for labels, value in zip(frame.labels, frame.values[:, 0].tolist(), strict=True):
        rest = {k: v for k, v in labels.items() if k != "__name__"}
        told.setdefault(fingerprint(rest), {})[labels["__name__"]] = value
    return {key: _from_samples(values) for key, values in told.items()}


def _from_samples(values: Mapping[str, float]) -> TargetHealth:
    samples = values.get("scrape_samples_scraped")
    return TargetHealth(
        "unknown" if "up" not in values else "up" if values["up"] else "down",
        duration_s=values.get("scrape_duration_seconds"),
        samples=None if samples is None else int(samples),
    )
