"""A store that takes requests and answers none: the worst of its failures."""

import contextlib
import signal
import statistics
import threading
import time

import pytest
import urllib3

from tests.gateway import running_gateway

pytestmark = [pytest.mark.journey, pytest.mark.enable_socket]


@contextlib.contextmanager
def sending(gateway, secret):
    """Send from ten sides again and again; give the list of what was answered."""
    over, told = threading.Event(), []

    def keep_sending():
        while not over.wait(0.1):
            try:
                told.append(gateway.push(secret, "x 1\n").status)
            except urllib3.exceptions.HTTPError:
                told.append(0)

    senders = [threading.Thread(target=keep_sending) for _ in range(10)]
    for sender in senders:
        sender.start()
    try:
        yield told
    finally:
        over.set()
        for sender in senders:
            sender.join()


def waits_s(gateway, secret, for_s):
    """Ask for what needs no store again and again; return how long each took."""
    end, waits = time.monotonic() + for_s, []
    while time.monotonic() < end:
        begin = time.monotonic()
        assert gateway.get("status/buildinfo", secret).status == 200
        waits.append(time.monotonic() - begin)
        time.sleep(0.3)
    return waits


def test_senders_wait_for_a_store_that_hangs_and_nobody_else_does(tmp_path):
    with running_gateway(tmp_path) as gateway, gateway.store() as store:
        secret = gateway.token("ops", "ingest", "read")
        with sending(gateway, secret) as told:
            time.sleep(1)
            store.process.send_signal(signal.SIGSTOP)
            try:
                time.sleep(17)  # longer than the first calls wait
                waits = waits_s(gateway, secret, 17)
            finally:
                store.process.send_signal(signal.SIGCONT)
            time.sleep(8)

            # Who waits for the store waits 15 s; a busy machine now and then for 5.
            assert statistics.median(waits) < 1
            assert max(waits) < 10
            assert told[-5:] == [204] * 5
