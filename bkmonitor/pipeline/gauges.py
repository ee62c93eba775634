"""Queues, canaries and disk as metrics, read at the moment of asking."""

import logging
import shutil
import time
from collections.abc import Iterable

import redis
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from bkmonitor.pipeline.canaries import ages, depths

logger = logging.getLogger(__name__)


class DiskGauge(Collector):
    """Collect `bkm_disk_free_ratio`: how much of the data folder's disk is free."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def collect(self) -> Iterable[Metric]:
        """Yield one sample, from 0 (full) to 1."""
        try:
            usage = shutil.disk_usage(self._folder)
        except OSError as error:
            logger.warning("gauges.no_disk", extra={"error": str(error)})
            return
        yield GaugeMetricFamily(
            "bkm_disk_free_ratio",
            "Free part of the disk that holds BKM_DATA.",
            value=usage.free / usage.total,
        )


class BuildInfo(Collector):
    """Collect `bkm_build_info`: which release runs."""

    def __init__(self, version: str) -> None:
        self._version = version

    def collect(self) -> Iterable[Metric]:
        """Yield one sample, always 1, that carries the version."""
        yield InfoMetricFamily(
            "bkm_build", "The release that runs.", value={"version": self._version}
        )


class QueueGauges(Collector):
    """Collect `bkm_queue_depth` and `bkm_queue_canary_age_seconds`.

    Says nothing while Redis does not answer: a gap is true, an old figure is not.
    """

    def __init__(self, client: redis.Redis) -> None:
        self._client = client

    def describe(self) -> Iterable[Metric]:
        """Spare the registry a look at Redis when this is registered."""
        return []

    def collect(self) -> Iterable[Metric]:
        """Yield both families with a sample for each queue."""
        depth = GaugeMetricFamily(
            "bkm_queue_depth", "Messages that wait in a queue.", labels=["queue"]
        )
        age = GaugeMetricFamily(
            "bkm_queue_canary_age_seconds",
            "Seconds since a worker last proved that it works a queue.",
            labels=["queue"],
        )
        try:
            waiting = depths(self._client)
            sung = ages(self._client, now=time.time())
        except redis.RedisError as error:
            logger.warning("gauges.no_redis", extra={"error": str(error)})
            return
        for queue, number in waiting.items():
            depth.add_metric([queue], number)
        for queue, seconds in sung.items():
            age.add_metric([queue], seconds)
        yield depth
        yield age
