"""Everything in one container: it starts with one command and survives what happens."""

import re
import uuid
from collections.abc import Iterator

import pytest

from tests.container.engine import (
    CONFINED,
    ENGINE,
    IMAGE,
    Container,
    container,
    engine,
    get,
    once,
    until,
)
from tests.servers import free_port

GRACE_S = 10


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def standalone(port: int) -> Iterator[Container]:
    """Return the running container; its data lie on a volume."""
    name = f"bkmtest-{uuid.uuid4().hex[:6]}"
    publish = ("-p", f"127.0.0.1:{port}:8000")
    try:
        with container(
            name, *CONFINED, *publish, "-v", f"{name}:/data", IMAGE
        ) as started:
            is_ready(started)
            yield started
    finally:
        engine("volume", "rm", "-f", name, check=False)


def is_ready(started: Container) -> None:
    started.await_health("--ready")


def test_it_prints_where_it_is_and_how_to_begin(standalone):
    link = until(
        lambda: re.search(r"http://\S+/setup/\S+/", standalone.logs), what="the link"
    )

    assert link


def test_every_program_runs(standalone):
    def states():
        told = standalone.exec("supervisorctl", "status", check=False)
        return dict(line.split()[:2] for line in told.splitlines() if ":" in line)

    # Supervisor calls a program running when it has been for five seconds.
    until(lambda: "STARTING" not in states().values(), what="the programs")
    found = states()
    assert found.pop("standalone:herald") in {"EXITED", "RUNNING"}
    assert set(found.values()) == {"RUNNING"}
    assert len(found) == 5


def test_its_logs_can_be_tailed_and_are_on_its_output_too(standalone):
    assert "Starting gunicorn" in standalone.exec(
        "supervisorctl", "tail", "-5000", "standalone:web"
    )
    assert "Starting gunicorn" in standalone.logs


def test_health_names_its_parts(standalone, port):
    status, body = get(f"http://127.0.0.1:{port}/healthz/ready")

    assert status == 200
    assert b'"victoria_metrics": "ok"' in body


def test_a_host_name_that_a_probe_sends_does_not_matter(standalone, port):
    assert get(f"http://127.0.0.1:{port}/healthz/live")[0] == 200


def test_the_embedded_store_reads_its_targets_from_the_service(standalone):
    until(
        lambda: "scrape_config_files" in standalone.exec("cat", "/tmp/bkm/scrape.yml"),
        what="the scrape configuration",
        timeout_s=30,
    )


def test_no_secret_is_in_arguments_or_logs(standalone):
    secrets = [
        standalone.exec("cat", f"/data/{name}").strip()
        for name in ("secret_key", "scrape_token")
    ]
    shown = standalone.logs + standalone.exec(
        "bash",
        "-c",
        "cat /proc/[0-9]*/cmdline | tr '\\0' ' '; cat /tmp/bkm/supervisor.conf /data/log/*.log",
    )

    assert [secret for secret in secrets if secret in shown] == []


def test_a_program_that_dies_is_started_again(standalone):
    pid = standalone.exec("supervisorctl", "pid", "standalone:celery_beat").strip()

    standalone.exec("bash", "-c", f"kill -9 {pid}")

    until(
        lambda: (
            standalone.exec(
                "supervisorctl", "pid", "standalone:celery_beat", check=False
            ).strip()
            not in {pid, "0"}
        ),
        what="another beat",
    )


def test_no_dead_process_is_left_lying(standalone):
    def states():
        listed = "cat /proc/[0-9]*/stat 2>/dev/null | cut -d' ' -f3"
        return standalone.exec("bash", "-c", listed).split()

    # One that died this moment may be there until it is waited for.
    until(lambda: "Z" not in states(), what="the end of dead processes", timeout_s=10)


def test_what_was_saved_comes_back_when_nobody_runs(standalone):
    saved = "/data/saved.tar.gz"
    standalone.exec("bin/entrypoint", "backup", saved)
    assert "runs on /data" in standalone.exec(
        "bin/entrypoint", "restore", saved, check=False
    )
    standalone.stop(GRACE_S)

    code, told = once("-v", f"{standalone.name}:/data", IMAGE, "restore", saved)

    assert code == 0, told
    assert "database.sqlite3, samples" in told
    standalone.start()
    is_ready(standalone)


def test_a_stop_stays_within_docker_s_grace_and_a_start_finds_its_data(standalone):
    key = standalone.exec("cat", "/data/secret_key")

    took = standalone.stop(GRACE_S)

    assert took < GRACE_S
    assert standalone.exit_code == 0
    standalone.start()
    is_ready(standalone)
    assert standalone.exec("cat", "/data/secret_key") == key


def test_it_survives_being_killed(standalone):
    standalone.kill()
    until(lambda: not standalone.running, what="its end")
    assert standalone.exit_code == 137

    standalone.start()

    is_ready(standalone)


def test_the_check_of_health_costs_little(standalone):
    told = standalone.exec(
        "python",
        "-c",
        "import subprocess, time\n"
        "best = 9\n"
        "for _ in range(20):\n"
        "    began = time.perf_counter()\n"
        "    subprocess.run(['bin/healthcheck'], check=True, stdout=subprocess.DEVNULL)\n"
        "    best = min(best, time.perf_counter() - began)\n"
        "print(best)",
    )

    assert float(told) < 0.05


def test_the_engine_itself_asks_for_health(standalone):
    if ENGINE == "podman":
        assert engine("healthcheck", "run", standalone.name, check=False).strip() in {
            "",
            "healthy",
        }
