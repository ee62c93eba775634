"""The image is small, belongs to nobody special, and refuses what is wrong."""

import json

import pytest

from tests.container.engine import CONFINED, ENGINE, IMAGE, engine, given, once

LARGEST = 650 * 1000 * 1000


def test_it_is_not_larger_than_promised():
    size = int(engine("image", "inspect", "-f", "{{.Size}}", IMAGE))

    assert size <= LARGEST


def test_it_runs_as_nobody_special_under_tini():
    told = json.loads(engine("image", "inspect", IMAGE))[0]
    config = told["Config"]

    assert config["User"] == "10001:0"
    assert config["Entrypoint"] == ["/usr/bin/tini", "--", "/app/bin/entrypoint"]
    assert config["Cmd"] == ["standalone"]
    assert config["StopSignal"] == "SIGTERM"
    health = (
        told.get("HealthCheck") or config.get("Healthcheck") or told.get("Healthcheck")
    )
    assert health["Test"][-1] == "/app/bin/healthcheck"
    assert config["Labels"]["org.opencontainers.image.revision"] != "unknown"


def test_no_compiler_editor_or_installer_is_in_it():
    code, told = once(
        IMAGE, "bash", "-c", "command -v gcc cc make vim wget curl npm node pip; true"
    )

    # The base image brings its own pip.
    assert (
        code,
        [
            line
            for line in told.split()
            if "/usr/local/bin/pip" not in line and "/usr/bin/pip" not in line
        ],
    ) == (0, [])


def test_any_user_of_group_0_will_do_with_a_read_only_root():
    code, told = once(*CONFINED, "--user", "54321:0", IMAGE, "check-config")

    assert code == 0, told
    assert "stop: " in told


def test_a_secret_is_shown_by_no_command():
    flags = given(
        {"BKM_SECRET_KEY": "s" * 40, "BKM_REDIS_URL": "redis://:hidden-word@redis/0"}
    )

    code, told = once(*flags, IMAGE, "check-config")

    assert code == 0
    assert "ssss" not in told
    assert "hidden-word" not in told


def test_a_data_folder_that_cannot_be_written_is_told_with_the_command_to_mend_it(
    tmp_path,
):
    code, told = once(*CONFINED, "-v", f"{tmp_path}:/data:ro", IMAGE, "standalone")

    assert code == 78
    assert "chown -R 10001:0 /data" in told


def test_everything_wrong_is_one_list_and_exit_code_78():
    flags = given(
        {
            "BKM_PULIC_URL": "http://x",
            "BKM_SECRET_KEY": '"quoted-quoted-quoted-quoted-quoted"',
            "BKM_DATABASE_URL": "postgresql://bkm:pw@127.0.0.1:1/bkm",
            "REDIS_PORT": "tcp://10.0.0.1:6379",
        }
    )

    code, told = once(*CONFINED, *flags, IMAGE, "web")

    assert code == 78
    assert "did you mean BKM_PUBLIC_URL?" in told
    assert "BKM_SECRET_KEY is wrapped in quotes" in told
    assert "BKM_REDIS_URL is missing" in told
    assert "BKM_DATABASE_URL: no answer" in told


def test_a_database_that_does_not_answer_is_worth_another_try():
    flags = given(
        {
            "BKM_SECRET_KEY": "k" * 40,
            "BKM_DATABASE_URL": "postgresql://bkm:pw@127.0.0.1:1/bkm",
            "BKM_REDIS_URL": "redis://127.0.0.1:1/0",
            "BKM_WAIT_TIMEOUT": "1",
        }
    )

    code, told = once(*CONFINED, *flags, IMAGE, "web")

    assert code == 75
    assert "the database did not answer in 1 s" in told


@pytest.mark.parametrize("role", ["web", "worker", "beat", "migrate"])
def test_a_role_without_its_key_does_not_start(role):
    code, told = once(*CONFINED, IMAGE, role)

    assert code == 78
    assert f"BKM_SECRET_KEY is missing; the role {role} needs it" in told


def test_a_queue_that_is_none_is_told():
    code, told = once(IMAGE, "worker", "evalute")

    assert code == 78
    assert "no queue is called evalute" in told


def test_what_is_no_role_is_run_as_it_is_given():
    assert once(IMAGE, "echo", "as given") == (0, "as given\n")


def test_the_engine_is_one_that_the_tests_know():
    assert ENGINE in {"docker", "podman"}
