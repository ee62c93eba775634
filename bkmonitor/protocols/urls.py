"""Where machines knock; answered by door.MachineDoor, ahead of the pages' middleware."""

from django.urls import URLPattern, path

from bkmonitor.protocols import (
    own_metrics,
    ping,
    prometheus,
    remote_write,
    rules,
    scrape,
)

urlpatterns: list[URLPattern] = [
    path("metrics", own_metrics.metrics),
    path("ping/<str:code>", ping.ping),
    path("ping/<str:code>/", ping.ping),
    path("ping/<str:code>/<str:word>", ping.ping),
    path("prometheus/api/v1/write", remote_write.write),
    path("prometheus/api/v1/import/prometheus", remote_write.import_text),
    path("prometheus/api/v1/query", prometheus.query),
    path("prometheus/api/v1/query_range", prometheus.query_range),
    path("prometheus/api/v1/series", prometheus.series),
    path("prometheus/api/v1/labels", prometheus.labels),
    path("prometheus/api/v1/label/<str:name>/values", prometheus.label_values),
    path("prometheus/api/v1/metadata", prometheus.metadata),
    path("prometheus/api/v1/rules", rules.rules),
    path("prometheus/api/v1/alerts", rules.alerts),
    path("prometheus/api/v1/status/buildinfo", prometheus.buildinfo),
    path("prometheus/scrape-config", scrape.configuration),
    path("prometheus/scrape-config/jobs", scrape.jobs),
    path("prometheus/scrape-config/authorities/<int:target_id>", scrape.authorities),
    path("prometheus/<path:rest>", prometheus.unknown),
]
