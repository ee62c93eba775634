"""Parts of the service die and come back; nothing is lost, doubled or made up."""

import os
import signal
import time

import pytest

from tests.journeys.test_road import SET_UP, alerts, push, strategy
from tests.servers import postgres, redis_server, wait_for
from tests.stack import ALL_QUEUES, running_stack, webhook

pytestmark = [pytest.mark.journey, pytest.mark.enable_socket]


def fire(stack, secret, hook):
    """Bring one alert about and wait for its message."""
    push(stack, secret, 'temperature{room="lab"} 95\n')
    wait_for(lambda: hook.got, what="the message that it fires", timeout_s=60)


def test_redis_goes_and_everything_resumes_by_itself(tmp_path):
    with webhook() as hook, running_stack(tmp_path) as stack:
        secret = stack.shell(SET_UP.format(url=hook.url))
        fire(stack, secret, hook)

        stack.redis.stop(signal.SIGKILL)
        time.sleep(15)
        with redis_server(tmp_path, port=stack.redis.port):
            push(stack, secret, 'temperature{room="lab"} 20\n')
            wait_for(
                lambda: len(hook.got) > 1,
                what="the message that it is over",
                timeout_s=90,
            )

        assert hook.reasons() == ["fired", "resolved"]


def test_postgresql_goes_and_everything_resumes_by_itself(tmp_path):
    with webhook() as hook, running_stack(tmp_path, on_postgres=True) as stack:
        secret = stack.shell(SET_UP.format(url=hook.url))
        fire(stack, secret, hook)

        stack.database.stop(signal.SIGINT)
        time.sleep(15)
        with postgres(tmp_path, port=stack.database.port):
            wait_for(
                lambda: push(stack, secret, 'temperature{room="lab"} 20\n') is None,
                what="a push",
            )
            wait_for(
                lambda: len(hook.got) > 1,
                what="the message that it is over",
                timeout_s=90,
            )

        assert hook.reasons() == ["fired", "resolved"]


def test_a_worker_that_is_killed_in_an_evaluation_loses_no_alert(tmp_path):
    with webhook() as hook, running_stack(tmp_path) as stack:
        secret = stack.shell(SET_UP.format(url=hook.url))
        push(stack, secret, 'temperature{room="lab"} 95\n')
        # The store hangs, so that an evaluation is under way when its worker dies.
        stack.store.process.send_signal(signal.SIGSTOP)
        time.sleep(11)
        os.killpg(stack.roles["worker"].process.pid, signal.SIGKILL)
        stack.store.process.send_signal(signal.SIGCONT)

        stack.start("worker", ALL_QUEUES, name="worker-2")
        wait_for(lambda: hook.got, what="the message that it fires", timeout_s=60)

        time.sleep(12)
        assert hook.reasons() == ["fired"]
        assert [row[0] for row in alerts(stack)] == ["firing"]


def test_a_store_that_is_away_changes_nothing_but_the_note(tmp_path):
    with webhook() as hook, running_stack(tmp_path) as stack:
        secret = stack.shell(SET_UP.format(url=hook.url))
        fire(stack, secret, hook)

        stack.store.process.send_signal(signal.SIGSTOP)
        wait_for(
            lambda: strategy(stack)[0] == "failing",
            what="the failing evaluation",
            timeout_s=40,
        )
        time.sleep(12)
        stack.store.process.send_signal(signal.SIGCONT)
        wait_for(
            lambda: strategy(stack)[0] == "complete",
            what="the next evaluation",
            timeout_s=40,
        )

        assert hook.reasons() == ["fired"]
        assert [row[0] for row in alerts(stack)] == ["firing"]
