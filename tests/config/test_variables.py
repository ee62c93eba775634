"""One list of all that is wrong, before anything starts."""

import pytest

from bkmonitor.config.variables import VARIABLES, load

KEY = "k" * 32


def test_every_default_is_itself_acceptable():
    assert load({}).errors == ()


def test_everything_wrong_is_told_at_once():
    told = "\n".join(
        load(
            {
                "BKM_PULIC_URL": "x",
                "BKM_SECRET_KEY": '"quoted-quoted-quoted-quoted-quoted"',
                "BKM_DEBUG": "perhaps",
                "BKM_REDIS_URL": "http://x",
            },
            role="web",
        ).errors
    )

    assert "BKM_PULIC_URL is not a variable of this service" in told
    assert "did you mean BKM_PUBLIC_URL?" in told
    assert "BKM_SECRET_KEY is wrapped in quotes" in told
    assert "BKM_DEBUG: 'perhaps' must be true or false" in told
    assert "BKM_DATABASE_URL is missing; the role web needs it" in told
    assert "BKM_REDIS_URL: the value must begin with" in told


def test_an_error_never_shows_a_secret():
    told = "\n".join(
        load({"BKM_REDIS_URL": "http://:pa55@x", "BKM_SECRET_KEY": "pa55"}).errors
    )

    assert "pa55" not in told


def test_a_secret_may_come_from_a_file_whose_last_newline_is_dropped(tmp_path):
    path = tmp_path / "key"
    path.write_text("p%20a$s\"w'ö\t" + KEY + "\n")

    configuration = load({"BKM_SECRET_KEY_FILE": str(path)})

    assert configuration["BKM_SECRET_KEY"] == "p%20a$s\"w'ö\t" + KEY


def test_a_value_and_its_file_together_are_an_error(tmp_path):
    path = tmp_path / "key"
    path.write_text(KEY)

    errors = load({"BKM_SECRET_KEY": KEY, "BKM_SECRET_KEY_FILE": str(path)}).errors

    assert errors == ("BKM_SECRET_KEY and BKM_SECRET_KEY_FILE are both set; keep one",)


def test_what_kubernetes_injects_is_only_warned_of():
    configuration = load({"BKM_WEB_PORT": "tcp://10.0.0.1:8000"})

    assert configuration.errors == ()
    assert "BKM_WEB_PORT was injected" in configuration.warnings[0]


@pytest.mark.parametrize(
    ("raw", "parsed"),
    [
        pytest.param("auto", 0, id="auto is decided later"),
        pytest.param("3", 3, id="a number wins"),
    ],
)
def test_a_number_of_processes(raw, parsed):
    assert load({"BKM_WORKER_CONCURRENCY": raw})["BKM_WORKER_CONCURRENCY"] == parsed


def test_no_name_looks_like_one_that_kubernetes_injects():
    assert [v.name for v in VARIABLES if v.name.endswith(("_PORT", "_HOST"))] == []
