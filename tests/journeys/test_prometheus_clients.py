"""Programs that speak Prometheus' languages, unmodified, with the service."""

import contextlib
import http.server
import json
import ssl
import subprocess
import threading
import time
from base64 import b64encode

import pytest

from tests.gateway import SCRAPE_TOKEN, running_gateway
from tests.servers import answers, free_port, need, start, wait_for

pytestmark = [pytest.mark.journey, pytest.mark.enable_socket]


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    with (
        running_gateway(tmp_path_factory.mktemp("gateway")) as gateway,
        gateway.store() as store,
    ):
        gateway.vm = store
        yield gateway


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    port = free_port()
    command = [
        need("prometheus-node-exporter"),
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    folder = tmp_path_factory.mktemp("node")
    server = start(command, port=port, folder=folder, name="node_exporter")
    try:
        wait_for(lambda: answers(f"{server.url}/metrics"), what="node_exporter")
        yield server
    finally:
        server.stop()


@pytest.fixture
def run(tmp_path):
    """Start programs that end with the test."""
    started = []

    def run(name, *words):
        port = free_port()
        command = [need(name), *(word.format(port=port) for word in words)]
        server = start(command, port=port, folder=tmp_path, name=name)
        started.append(server)
        return server

    yield run
    for server in started:
        server.stop()


def promtool(*words):
    done = subprocess.run(
        [need("promtool"), "query", *words], capture_output=True, text=True, timeout=30, check=False
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_prometheus_sends_what_node_exporter_shows(gateway, node, run, tmp_path):
    write, read = gateway.token("prom", "ingest"), gateway.token("prom", "read")
    config = tmp_path / "prometheus.yml"
    config.write_text(f"""
global: {{scrape_interval: 1s, external_labels: {{from: prometheus, space: other}}}}
scrape_configs:
- job_name: node
  static_configs: [{{targets: ["127.0.0.1:{node.port}"]}}]
remote_write:
- url: {gateway.url}/api/v1/write
  authorization: {{credentials: {write}}}
  queue_config: {{batch_send_deadline: 1s}}
""")
    run("prometheus", f"--config.file={config}", f"--storage.tsdb.path={tmp_path / 'tsdb'}", "--web.listen-address=127.0.0.1:{port}")  # fmt: skip

    (load,) = gateway.wait_for_metric(read, '{__name__="node_load1"}')

    assert (load["job"], load["from"], load["space"]) == ("node", "prometheus", "prom")


def test_vmagent_sends_and_keeps_what_cannot_be_sent(gateway, node, run, tmp_path):
    write, read = gateway.token("agent", "ingest"), gateway.token("agent", "read")
    config = tmp_path / "vmagent.yml"
    config.write_text(f"""
scrape_configs:
- job_name: node
  scrape_interval: 1s
  static_configs: [{{targets: ["127.0.0.1:{node.port}"]}}]
""")
    agent = run("vmagent", f"-promscrape.config={config}", f"-remoteWrite.url={gateway.url}/api/v1/write", "-remoteWrite.basicAuth.username=any", f"-remoteWrite.basicAuth.password={write}", f"-remoteWrite.tmpDataPath={tmp_path / 'queue'}", "-remoteWrite.flushInterval=500ms", "-httpListenAddr=127.0.0.1:{port}")  # fmt: skip

    (load,) = gateway.wait_for_metric(read, '{__name__="node_load1"}')

    assert load["space"] == "agent"
    assert agent.process.poll() is None


def test_promtool_asks(gateway):
    write, read = gateway.token("tool", "ingest"), gateway.token("tool", "read")
    now = int(time.time())
    lines = [f'heat{{room="{room}"}} {i} {(now - 60 + i * 10) * 1000}' for room in "ab" for i in range(6)]  # fmt: skip
    assert gateway.push(write, "\n".join(lines) + "\n").status == 204
    gateway.wait_for_metric(read, '{__name__="heat"}')
    url = gateway.url.replace("://", f"://any:{read}@")

    instant = promtool("instant", "-o", "json", url, "sum by (room) (heat)")
    over_time = promtool("range", f"--start={now - 60}", f"--end={now}", "--step=10s", url, "heat{room='a'}")  # fmt: skip
    series = promtool("series", "--match=heat", url)
    names = promtool("labels", url, "room")

    assert {row["metric"]["room"] for row in json.loads(instant)} == {"a", "b"}
    assert over_time.count("@") >= 6
    assert series.count('room="') == 2
    assert names.split() == ["a", "b"]


@pytest.mark.parametrize(
    "query",
    [
        '{__name__!=""}',
        '{space="theirs"}',
        'secret{space="theirs"}',
        'own or secret{space="theirs"}',
        '{space="own"} or {space="theirs"}',
        '{__name__="own" or space="theirs"}',
        'max_over_time(secret{space="theirs"}[5m:10s])',
        'last_over_time({space=~".*"}[5m])',
        '{space=~"own|theirs"}[5m]',
        'label_replace(own, "space", "theirs", "", "") or secret',
        'label_set(secret, "space", "own")',
        'union(own, secret)',
        'WITH (x = {space="theirs"}) x',
        'secret offset -1s',
        'absent(secret) unless own',
        '{__name__=~"secret|own",space!="own"}',
        'own"} or {space="theirs',
    ],
)  # fmt: skip
def test_no_expression_sees_another_space(two_spaces, query):
    gateway, read = two_spaces

    for path in ("query", "query_range"):
        fields = {
            "query": query,
            "start": time.time() - 60,
            "end": time.time(),
            "step": "5",
        }
        answer = gateway.get(path, read, fields)

        assert answer.status in (200, 400, 422)
        assert b"hidden" not in answer.body


@pytest.mark.parametrize("path", ["series", "labels", "label/room/values", "label/space/values", "label/__name__/values"])  # fmt: skip
@pytest.mark.parametrize(
    "name", ["extra_filters[]", "extra_filters", "extra_label", "match[]"]
)
def test_no_parameter_opens_another_space(two_spaces, path, name):
    gateway, read = two_spaces
    value = "space=theirs" if name == "extra_label" else '{space="theirs"}'
    fields = {"match[]": ['{__name__!=""}']}
    fields[name] = [*fields.get(name, []), value]

    answer = gateway.get(path, read, fields)

    assert answer.status == 200
    assert b"hidden" not in answer.body
    assert b"theirs" not in answer.body


@pytest.fixture(scope="module")
def two_spaces(gateway):
    ours = gateway.token("own", "ingest", "read")
    theirs = gateway.token("theirs", "ingest", "read")
    gateway.push(ours, 'own{room="seen"} 1\n')
    gateway.push(theirs, 'secret{room="hidden",hidden="yes"} 1\n')
    gateway.wait_for_metric(ours, '{__name__="own"}')
    gateway.wait_for_metric(theirs, '{__name__="secret"}')
    return gateway, ours


def test_a_range_that_another_space_asked_before_is_not_answered_from_its_cache(
    gateway,
):
    ours, theirs = (gateway.token(slug, "ingest", "read") for slug in ("left", "right"))
    now = int(time.time())
    lines = "".join(f"warm {i} {(now - i * 10) * 1000}\n" for i in range(100))
    gateway.push(theirs, lines)
    gateway.wait_for_metric(theirs, '{__name__="warm"}')
    fields = {"query": "sum(warm)", "start": now - 900, "end": now, "step": "10"}

    shown = [gateway.get("query_range", secret, fields).data["result"] for secret in (theirs, ours, theirs)]  # fmt: skip

    assert [bool(result) for result in shown] == [True, False, True]


def test_a_revoked_token_stops_within_five_seconds(gateway):
    secret = gateway.token("revoked", "ingest")
    for _ in range(8):
        assert gateway.push(secret, "x 1\n").status == 204
    gateway.stack.shell(
        "from django.utils import timezone\n"
        "from bkmonitor.accounts.models import ApiToken\n"
        "from bkmonitor.accounts.services import revoke_token\n"
        "revoke_token(ApiToken.objects.get(space__slug='revoked'), timezone.now())\n"
        "answer = 1"
    )
    begin = time.monotonic()

    wait_for(
        lambda: all(gateway.push(secret, "x 1\n").status == 401 for _ in range(8)),
        what="401 from every process",
        timeout_s=5,
    )

    assert time.monotonic() - begin < 5


class Target(http.server.BaseHTTPRequestHandler):
    """Shows metrics to who knows the password, and claims to be of another space."""

    text = b"""honest{a="1"} 1
forged{space="victim"} 1
forged_twice{space="victim",space="victim"} 1
forged_exported{exported_space="victim",space="victim"} 1
up{space="victim"} 7
"""
    expected = "Basic " + b64encode(b'user:p"w%{HOME}').decode()

    def do_GET(self):  # noqa: N802
        if self.headers["Authorization"] != self.expected:
            self.send_error(401)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.text)))
        self.end_headers()
        self.wfile.write(self.text)

    def log_message(self, *_args):
        """Keep quiet."""


@pytest.fixture
def target():
    with serving() as port:
        yield port


@contextlib.contextmanager
def serving(context=None):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Target)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


SAVE_TARGET = """
import json
from bkmonitor.accounts.models import Space
from bkmonitor.metrics.services import save_target
space, _ = Space.objects.get_or_create(slug={slug!r}, defaults={{"name": {slug!r}}})
answer = save_target(space, json.loads({fields!r})).pk
"""
HEALTH = """
from dataclasses import asdict
from django.utils import timezone
from bkmonitor.accounts.models import Space
from bkmonitor.metrics.services import target_health
health = target_health(Space.objects.get(slug={slug!r}), now=timezone.now())
answer = asdict(health[{pk}])
"""


def save_target(gateway, slug, **fields):
    fields = {"interval_s": 5, "username": "user", "password": 'p"w%{HOME}'} | fields
    return gateway.stack.shell(SAVE_TARGET.format(slug=slug, fields=json.dumps(fields)))


def health(gateway, slug, pk):
    return gateway.stack.shell(HEALTH.format(slug=slug, pk=pk))


def test_a_target_with_a_password_is_scraped_into_its_space_whatever_it_says(
    gateway, target
):
    read, victim = gateway.token("scraped", "read"), gateway.token("victim", "read")
    pk = save_target(gateway, "scraped", name="box", url=f"http://127.0.0.1:{target}/m?a=b", labels={"dc": "1"})  # fmt: skip

    (honest,) = gateway.wait_for_metric(read, '{__name__="honest"}')
    (forged,) = gateway.wait_for_metric(read, '{__name__="forged"}')

    assert honest == {"__name__": "honest", "a": "1", "dc": "1", "instance": f"127.0.0.1:{target}", "job": "box", "space": "scraped"}  # fmt: skip
    assert forged["exported_space"] == "victim"
    for name in ("forged_twice", "forged_exported", "up"):
        assert gateway.wait_for_metric(read, f'{{__name__="{name}"}}')
    assert gateway.metrics(victim, '{__name__!=""}') == []
    told = health(gateway, "scraped", pk)
    assert (told["state"], told["samples"], told["error"]) == ("up", 5, "")


def test_a_target_with_a_certificate_of_its_own_is_scraped(gateway, tmp_path):
    subprocess.run(
        [need("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=box", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "key.pem", "-out", "cert.pem"],
        cwd=tmp_path, check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    read = gateway.token("tls", "read")

    with serving(context) as port:
        url = f"https://127.0.0.1:{port}/metrics"
        distrusted = save_target(gateway, "tls", name="distrusted", url=url)
        save_target(gateway, "tls", name="trusted", url=url, ca_certificate=(tmp_path / "cert.pem").read_text())  # fmt: skip
        (honest,) = gateway.wait_for_metric(read, '{__name__="honest"}')

        assert honest["job"] == "trusted"
        wait_for(lambda: health(gateway, "tls", distrusted)["state"] == "down", what="a failed scrape")  # fmt: skip
        assert "certificate" in health(gateway, "tls", distrusted)["error"]


def test_the_scrape_configuration_needs_its_own_token(gateway):
    reader = gateway.token("nosy", "read", "write", "ingest")

    assert gateway._call("GET", "/scrape-config", reader).status == 401
    assert gateway._call("GET", "/scrape-config", SCRAPE_TOKEN).status == 200


@pytest.mark.parametrize("named", ["the whole", "the jobs in a file"])
def test_vmagent_reads_the_same_configuration(gateway, run, tmp_path, named):
    config = gateway.url.replace("://", "://scrape:token-of-the-scraper%3D@")
    config += "/scrape-config"
    if named == "the jobs in a file":
        file = tmp_path / "scrape.yml"
        file.write_text(f'scrape_config_files: ["{config}/jobs"]')
        config = str(file)

    agent = run("vmagent", f"-promscrape.config={config}", "-promscrape.config.dryRun", f"-remoteWrite.url={gateway.url}/api/v1/write", f"-remoteWrite.tmpDataPath={tmp_path / 'queue'}", "-httpListenAddr=127.0.0.1:{port}")  # fmt: skip

    assert agent.process.wait(20) == 0, agent.log.read_text()


def test_the_service_is_scraped_into_its_own_space(gateway):
    read = gateway.token("self", "read")
    gateway.stack.shell(
        "from bkmonitor.accounts.models import Space\n"
        "answer = Space.objects.filter(slug='self').update(is_builtin=True)"
    )

    (info,) = gateway.wait_for_metric(read, '{__name__="bkm_build_info"}')

    assert (info["job"], info["space"]) == ("bkmonitor", "self")


def test_while_the_store_is_away_senders_are_told_to_try_again(tmp_path):
    with running_gateway(tmp_path) as gateway:
        secret = gateway.token("patient", "ingest", "read")

        away = gateway.push(secret, "patience 1\n")
        asked = gateway.get("query", secret, {"query": "patience"})
        with gateway.store():
            back = gateway.push(secret, "patience 1\n")
            found = gateway.wait_for_metric(secret, '{__name__="patience"}')

        assert (away.status, away.headers["Retry-After"]) == (503, "5")
        assert asked.status == 503
        assert json.loads(asked.body)["errorType"] == "unavailable"
        assert back.status == 204
        assert found
