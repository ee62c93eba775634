"""The time series database of this process."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from django.conf import settings

from bkmonitor.metrics.tsdb.off import Off
from bkmonitor.metrics.tsdb.port import Tsdb
from bkmonitor.metrics.tsdb.victoriametrics import VictoriaMetrics

_replaced: list[Tsdb] = []


def tsdb() -> Tsdb:
    """Return the store that the settings name; one that is off when they name none."""
    if _replaced:
        return _replaced[-1]
    return _connect(settings.VM_WRITE_URL, settings.VM_QUERY_URL)


def is_on() -> bool:
    """Tell whether there is a store at all, up or down."""
    return not isinstance(tsdb(), Off)


@contextmanager
def replaced_by(other: Tsdb) -> Iterator[None]:
    """Use another store for a while, in this process; for tests."""
    _replaced.append(other)
    try:
        yield
    finally:
        _replaced.pop()


@lru_cache(maxsize=4)
def _connect(write_url: str, query_url: str) -> Tsdb:
    return VictoriaMetrics(write_url, query_url) if write_url else Off()
