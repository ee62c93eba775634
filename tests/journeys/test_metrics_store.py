"""The port to VictoriaMetrics, with a real one."""

import signal
import time

import numpy as np
import pytest
from cramjam import snappy

from bkmonitor.lib.errors import UpstreamUnavailable
from bkmonitor.metrics import ingest, query
from tests import servers
from tests.remote_write import write_request

pytestmark = pytest.mark.journey


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with servers.victoria_metrics(tmp_path_factory.mktemp("vm")) as server:
        yield server


@pytest.fixture
def metrics_on(store, settings):
    settings.VM_WRITE_URL = settings.VM_QUERY_URL = store.url
    return store


def seen(space, name):
    """Wait until a space shows a series of a name; return what it shows.

    VictoriaMetrics remembers for 10 s that a filter matched nothing: ask anew.
    """
    found = []

    def look():
        now = time.time()
        selector = f'{{__name__="{name}",asked!="{now}"}}'
        found[:] = [query.query_instant(space, selector, now).frame]
        return found[0] is not None and found[0].labels

    servers.wait_for(look, what=f"{name} in {space}")
    return found[0]


def nothing_in(space):
    now = time.time()
    selector = f'{{__name__!="",asked!="{now}"}}'
    return query.query_instant(space, selector, now).frame.labels == ()


def test_what_is_written_can_be_read_in_its_space_alone(metrics_on):
    assert ingest.write_samples("ops", b'temperature{room="a"} 21.5\n')

    frame = seen("ops", "temperature")

    assert frame.values.tolist() == [[21.5]]
    assert frame.labels == ({"__name__": "temperature", "room": "a"},)
    assert nothing_in("other")


def test_a_range_lies_on_whole_steps(metrics_on):
    now = int(time.time())
    lines = [f"steady {i} {(now - 600 + i * 60) * 1000}\n" for i in range(10)]
    ingest.write_samples("ops", "".join(lines).encode())
    seen("ops", "steady")

    result = query.query_range("ops", "steady", now - 600, now, 60)

    assert result.outcome == "complete"
    assert (result.frame.times % 60 == 0).all()
    assert result.frame.values.shape == (1, len(result.frame.times))
    assert np.nanmax(result.frame.values) == 9


@pytest.mark.parametrize("labels", [1, 40, 3000])
@pytest.mark.parametrize("form", ["text", "remote_write"])
def test_nobody_can_name_another_space(metrics_on, form, labels):
    name = f"forged_{form}_{labels}"
    more = [(f"l{i}", "v") for i in range(labels)]
    if form == "text":
        inner = ",".join(f'{key}="{value}"' for key, value in more)
        body = f'{name}{{space="victim",{inner},space="victim"}} 1\n'.encode()
    else:
        marks = [("__name__", name), ("space", "victim"), *more, ("space", "victim")]
        body = snappy.compress_raw(write_request([(marks, 1.0)], time.time()))

    ingest.forward("ops", form, bytes(body))

    assert len(seen("ops", name).labels[0]) == labels + 1
    assert nothing_in("victim")


def test_a_body_that_looks_like_a_form_cannot_name_another_space(metrics_on):
    ingest.forward("ops", "text", b'extra_label=space=victim&x=\nformed{a="b"} 1\n')

    seen("ops", "formed")
    assert nothing_in("victim")


def test_a_store_that_cuts_off_labels_gets_nothing(tmp_path, settings):
    careless = "-maxLabelsPerTimeseries=30"
    with servers.victoria_metrics(tmp_path, careless) as server:
        settings.VM_WRITE_URL = settings.VM_QUERY_URL = server.url

        with pytest.raises(UpstreamUnavailable, match="maxLabelsPerTimeseries"):
            ingest.write_samples("ops", b"up 1\n")


def test_bad_samples_are_told_apart_from_a_bad_store(metrics_on):
    assert ingest.forward("ops", "remote_write", b"not snappy").status == 400


def test_a_wrong_expression_fails_with_the_reason(metrics_on):
    result = query.query_instant("ops", "nosuch(up)", time.time())

    assert (result.outcome, result.frame) == ("failed", None)
    assert result.reason == 'unknown func "nosuch"'


def test_a_store_that_is_gone_fails_and_one_that_returns_is_used(tmp_path, settings):
    port = servers.free_port()
    with servers.victoria_metrics(tmp_path, port=port) as server:
        settings.VM_WRITE_URL = settings.VM_QUERY_URL = server.url
        assert query.query_instant("ops", "1", 100).outcome == "complete"

    gone = query.query_instant("ops", "1", 100)
    with pytest.raises(UpstreamUnavailable):
        ingest.write_samples("ops", b"up 1\n")
    with servers.victoria_metrics(tmp_path, port=port):
        back = query.query_instant("ops", "1", 100)

    assert (gone.outcome, back.outcome) == ("failed", "complete")
    assert "no answer from 127.0.0.1" in gone.reason


def test_a_store_that_hangs_fails_in_time(tmp_path, settings):
    with servers.victoria_metrics(tmp_path) as server:
        settings.VM_WRITE_URL = settings.VM_QUERY_URL = server.url
        server.process.send_signal(signal.SIGSTOP)
        begin = time.monotonic()

        result = query.query_instant("ops", "1", 100, timeout_s=0.5)

        server.process.send_signal(signal.SIGCONT)
        assert result.outcome == "failed"
        assert time.monotonic() - begin < 4
