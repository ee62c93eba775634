"""Pings by the clients that people have, to the web role on PostgreSQL."""

import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.servers import ROOT, need
from tests.stack import Stack, running_stack

pytestmark = [pytest.mark.journey, pytest.mark.enable_socket]

MAKE = """
from bkmonitor.accounts.models import Space
from bkmonitor.probes.models import Heartbeat
space, _ = Space.objects.get_or_create(slug="shop", defaults={{"name": "Shop"}})
answer = str(Heartbeat.objects.create(space=space, name={name!r}, state="up").uuid)
"""
KEPT = """
from bkmonitor.probes.models import Ping
answer = [[p.kind, p.exit_status, p.body, p.duration_s is not None, p.method]
          for p in Ping.objects.filter(heartbeat__uuid={uuid!r}).order_by("pk")]
"""
HANG_UP = """
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                   "WHERE pid <> pg_backend_pid() AND datname = current_database()")
    answer = cursor.fetchone()[0]
"""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("pings")
    with running_stack(folder, on_postgres=True, roles=False) as stack:
        stack.start("web")
        yield stack


@pytest.fixture
def uuid(stack: Stack, request: pytest.FixtureRequest) -> str:
    return str(stack.shell(MAKE.format(name=request.node.name)))


def kept(stack: Stack, uuid: str) -> list[list[object]]:
    return list(stack.shell(KEPT.format(uuid=uuid)))


def curl(*words: str) -> str:
    command = [need("curl"), "-fsS", "-m", "10", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout


def snippets(language: str) -> list[str]:
    """Return the code blocks of the documentation in a language."""
    text = (ROOT / "docs" / "probes.md").read_text()
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def test_curl(stack, uuid):
    url = f"{stack.url}/ping/{uuid}"

    assert curl("--retry", "5", url) == "OK"
    assert "200 OK" in curl("-I", url)
    assert curl("--data-binary", "it failed", f"{url}/fail") == "OK"

    assert kept(stack, uuid) == [
        ["success", None, "", False, "GET"],
        ["success", None, "", False, "HEAD"],
        ["fail", None, "it failed", False, "POST"],
    ]


def test_a_body_in_chunks_is_kept(stack, uuid):
    chunks = ["-H", "Transfer-Encoding: chunked", "--data-binary", "in chunks"]

    curl(*chunks, f"{stack.url}/ping/{uuid}/log")

    assert kept(stack, uuid) == [["log", None, "in chunks", False, "POST"]]


@pytest.mark.parametrize(
    ("number", "pings"),
    [
        (0, [["start", None, "", False, "GET"], ["success", 0, "", True, "GET"]]),
        (1, [["success", 0, "the work itself", False, "POST"]]),
    ],
)
def test_the_documented_bash(stack, uuid, tmp_path, number, pings):
    script = snippets("bash")[number].replace("https://monitor.example.org", stack.url)
    path = tmp_path / "job"
    path.write_text(script.replace("UUID", uuid))

    subprocess.run(["bash", str(path)], check=True, timeout=30)

    assert kept(stack, uuid) == pings


def test_the_documented_bash_when_the_job_fails(stack, uuid, tmp_path):
    script = snippets("bash")[0].replace("https://monitor.example.org", stack.url)
    path = tmp_path / "job"
    path.write_text(script.replace("UUID", uuid).replace('echo "the', 'exit 3; "'))

    assert subprocess.run(["bash", str(path)], check=False, timeout=30).returncode == 3

    assert kept(stack, uuid)[-1] == ["fail", 3, "", True, "GET"]


def test_the_documented_python(stack, uuid):
    program = snippets("python")[0].replace("https://monitor.example.org", stack.url)

    command = [sys.executable, "-c", program.replace("UUID", uuid)]
    subprocess.run(command, check=True, timeout=30)

    assert [ping[0] for ping in kept(stack, uuid)] == ["start", "success"]


def test_the_documented_cron(stack, uuid):
    for line in snippets("cron"):
        command = line.split(maxsplit=5)[5].replace("/usr/local/bin/backup", "true")
        command = command.replace("https://monitor.example.org", stack.url)
        subprocess.run(["sh", "-c", command.replace("UUID", uuid)], check=True)

    assert [ping[:2] for ping in kept(stack, uuid)] == [["success", None], ["success", 0]]  # fmt: skip


def test_pings_at_once_are_all_kept(stack, uuid):
    def ping(_number: int) -> int:
        with urllib.request.urlopen(f"{stack.url}/ping/{uuid}", timeout=10) as answer:
            return int(answer.status)

    with ThreadPoolExecutor(20) as pool:
        assert set(pool.map(ping, range(200))) == {200}

    assert len(kept(stack, uuid)) == 200


def test_a_database_that_hung_up_costs_no_ping(stack, uuid):
    url = f"{stack.url}/ping/{uuid}"
    curl(url)
    stack.shell(HANG_UP)

    for _ in range(8):
        curl(url)

    assert len(kept(stack, uuid)) == 9


def test_without_redis_a_ping_is_kept_and_answered_at_once(stack, uuid):
    stack.redis.stop()
    began = time.monotonic()

    for _ in range(4):
        curl(f"{stack.url}/ping/{uuid}/fail")

    assert time.monotonic() - began < 3
    assert len(kept(stack, uuid)) == 4
