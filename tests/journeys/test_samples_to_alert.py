"""A machine changes, its exporter shows it, a sender sends it: an alert and its end."""

import os
from pathlib import Path

import pytest

from tests.servers import answers, free_port, need, start, wait_for
from tests.stack import running_stack

pytestmark = [pytest.mark.journey, pytest.mark.enable_socket]

SET_UP = """
from django.utils import timezone
from bkmonitor.accounts.models import Space
from bkmonitor.accounts.services import create_token
from bkmonitor.pipeline.sources import save_strategy
answer = {}
for slug in ("prometheus", "vmagent"):
    space = Space.objects.create(slug=slug, name=slug)
    _, answer[slug] = create_token(space, "journey", scopes=["ingest"], by=None, now=timezone.now())
    save_strategy(space, {"name": "hot", "expression": "furnace_celsius", "interval_s": 10,
        "levels": [{"severity": 1, "detectors": [{"kind": "threshold", "any_of": [[{"operator": ">", "value": 90}]]}]}]}, by=None, now=timezone.now())
"""
ALERTS = """
from bkmonitor.alerts.models import Alert
answer = list(Alert.objects.order_by("space__slug", "pk").values_list("space__slug", "state"))
"""
SCRAPE = """
scrape_configs:
- job_name: node
  scrape_interval: 1s
  static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""


def show(folder: Path, celsius: int) -> None:
    """Change what the machine measures; in one step, as the exporter wants it."""
    fresh = folder / "furnace.new"
    fresh.write_text(f"furnace_celsius {celsius}\n")
    os.replace(fresh, folder / "furnace.prom")  # noqa: PTH105


@pytest.fixture
def shown(tmp_path):
    folder = tmp_path / "textfiles"
    folder.mkdir()
    show(folder, 20)
    return folder


def start_senders(stack, node, secrets, tmp_path):
    """Start Prometheus and vmagent, each with the token of its own space."""
    url = f"{stack.url}/prometheus/api/v1/write"
    scrape = SCRAPE.format(port=node.port)
    agent, server = tmp_path / "vmagent.yml", tmp_path / "prometheus.yml"
    agent.write_text(scrape)
    server.write_text(f"""{scrape}
remote_write:
- url: {url}
  authorization: {{credentials: {secrets["prometheus"]}}}
  queue_config: {{batch_send_deadline: 1s}}
""")
    commands = {
        "prometheus": [f"--config.file={server}", f"--storage.tsdb.path={tmp_path / 'tsdb'}", "--web.listen-address=127.0.0.1:{port}"],
        "vmagent": [f"-promscrape.config={agent}", f"-remoteWrite.url={url}", f"-remoteWrite.bearerToken={secrets['vmagent']}", f"-remoteWrite.tmpDataPath={tmp_path / 'queue'}", "-httpListenAddr=127.0.0.1:{port}"],
    }  # fmt: skip
    for name, words in commands.items():
        port = free_port()
        command = [need(name), *(word.format(port=port) for word in words)]
        stack.parts.callback(start(command, port=port, folder=tmp_path, name=name).stop)


def test_an_alert_fires_and_resolves_on_what_prometheus_and_vmagent_send(
    tmp_path, shown
):
    with running_stack(tmp_path) as stack:
        port = free_port()
        command = [need("prometheus-node-exporter"), f"--web.listen-address=127.0.0.1:{port}"]  # fmt: skip
        command += ["--collector.disable-defaults", "--collector.textfile"]
        command += [f"--collector.textfile.directory={shown}"]
        node = start(command, port=port, folder=tmp_path, name="node")
        stack.parts.callback(node.stop)
        wait_for(lambda: answers(f"{node.url}/metrics"), what="node_exporter")
        start_senders(stack, node, stack.shell(SET_UP), tmp_path)

        def states(state):
            wanted = [["prometheus", state], ["vmagent", state]]
            return lambda: stack.shell(ALERTS) == wanted

        show(shown, 95)
        wait_for(states("firing"), what="an alert in both spaces", timeout_s=60)
        show(shown, 21)
        wait_for(states("resolved"), what="the end of both", timeout_s=60)
