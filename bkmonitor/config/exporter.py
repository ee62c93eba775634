"""The metrics of a worker or beat container, over HTTP, without Django."""

import os
import signal
import threading

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.multiprocess import MultiProcessCollector

from bkmonitor.config.variables import load
from bkmonitor.lib.broker import client
from bkmonitor.pipeline.gauges import QueueGauges


def main() -> None:
    """Serve what every process of this container counted, until the signal to stop."""
    values = load(os.environ)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    registry.register(QueueGauges(client(values["BKM_REDIS_URL"])))
    address, _, port = values["BKM_METRICS_LISTEN"].rpartition(":")
    start_http_server(int(port), addr=address.strip("[]"), registry=registry)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    signal.signal(signal.SIGINT, lambda *_: stop.set())
    stop.wait()


if __name__ == "__main__":
    main()
