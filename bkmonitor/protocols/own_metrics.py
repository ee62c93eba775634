"""The service's own metrics, for whoever watches the watcher."""

import os
from functools import cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

from bkmonitor.lib.broker import client
from bkmonitor.lib.secrets import equal
from bkmonitor.pipeline.gauges import BuildInfo, DiskGauge, QueueGauges
from bkmonitor.protocols.auth import CHALLENGE, secret_of


@cache
def _registry() -> CollectorRegistry:
    """Collect what all processes of this container counted, and what Redis tells."""
    registry = CollectorRegistry()
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        registry.register(REGISTRY)
    registry.register(BuildInfo(settings.VERSION))
    registry.register(DiskGauge(str(settings.DATA)))
    if settings.REDIS_URL:
        registry.register(QueueGauges(client(settings.REDIS_URL)))
    return registry


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer a scrape that brings BKM_SCRAPE_TOKEN, as Bearer or Basic password."""
    if not equal(secret_of(request), settings.SCRAPE_TOKEN):
        answer = HttpResponse(
            "give BKM_SCRAPE_TOKEN\n", status=401, content_type="text/plain"
        )
        answer["WWW-Authenticate"] = CHALLENGE
        return answer
    return HttpResponse(generate_latest(_registry()), content_type=CONTENT_TYPE_LATEST)
