"""Two strategies on samples, and one on their alerts, through the death of a worker."""

import signal

import pytest

from tests.journeys.test_road import push
from tests.servers import wait_for
from tests.stack import ALL_QUEUES, running_stack

pytestmark = [pytest.mark.journey, pytest.mark.enable_socket]

SET_UP = """
from django.utils import timezone
from bkmonitor.accounts.models import Space
from bkmonitor.accounts.services import create_token
from bkmonitor.pipeline.sources import save_strategy
now = timezone.now()
space = Space.objects.create(slug="shop", name="Shop")
token, secret = create_token(space, "journey", scopes=["ingest"], by=None, now=now)
level = {"severity": 1, "detectors": [{"kind": "threshold", "any_of": [[{"operator": ">", "value": 90}]]}]}
cpu, disk = (
    save_strategy(space, {"name": name, "expression": name, "interval_s": 10, "levels": [level]}, by=None, now=now)
    for name in ("cpu", "disk")
)
members = [{"alias": "cpu", "strategy": cpu.pk}, {"alias": "disk", "strategy": disk.pk}]
# By itself it would be judged once an hour: only the changes of its members wake it.
save_strategy(space, {"name": "both", "kind": "composite", "interval_s": 3600, "composite": {
    "members": members, "levels": [{"severity": 1, "condition": "cpu and disk"}],
    "on": ["host"]}}, by=None, now=now)
answer = secret
"""
ALERTS = """
from bkmonitor.alerts.models import Alert
rows = Alert.objects.filter(source_name={name!r}).order_by("labels__host")
answer = [[row.labels["host"], row.state] for row in rows]
"""
DELAY = """
from bkmonitor.alerts.models import Alert, Transition
both, disk = (Alert.objects.get(source_name=name) for name in ("both", "disk"))
answer = (both.started_at - disk.started_at).total_seconds()
"""


def samples(**values):
    return "".join(
        f'{name}{{host="{host}"}} {value}\n'
        for name, hosts in values.items()
        for host, value in hosts.items()
    )


def test_a_composite_fires_when_both_do_survives_a_worker_and_ends(tmp_path):
    with running_stack(tmp_path, on_postgres=True) as stack:
        secret = stack.shell(SET_UP)

        def alerts(name):
            return stack.shell(ALERTS.format(name=name))

        def becomes(name, wanted):
            wait_for(lambda: alerts(name) == wanted, what=f"{name}: {wanted}", timeout_s=90)  # fmt: skip

        push(stack, secret, samples(cpu={"a": 95, "b": 95}, disk={"a": 10, "b": 10}))
        becomes("cpu", [["a", "firing"], ["b", "firing"]])
        assert alerts("both") == []

        push(stack, secret, samples(disk={"a": 95}))
        becomes("both", [["a", "firing"]])
        # The tick of the member, its evaluation, the bell: not an hour.
        assert 0 <= stack.shell(DELAY) < 30

        stack.roles["worker"].stop(signal.SIGKILL)
        push(stack, secret, samples(disk={"b": 95}))
        stack.start("worker", ALL_QUEUES, name="second")
        becomes("both", [["a", "firing"], ["b", "firing"]])

        push(stack, secret, samples(disk={"a": 10}, cpu={"b": 10}))
        becomes("both", [["a", "resolved"], ["b", "resolved"]])
