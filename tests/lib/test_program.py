import pytest

from bkmonitor.lib.errors import UpstreamUnavailable
from bkmonitor.lib.program import run


def test_a_program_sees_no_variable_of_the_service(monkeypatch, tmp_path):
    monkeypatch.setenv("BKM_SECRET_KEY", "must not be seen")

    (tmp_path / "shows.py").write_text("import os; print(sorted(os.environ))")

    listed = run("shows", b"", timeout_s=20, environ={"PYTHONPATH": str(tmp_path)})

    assert b"PATH" in listed
    assert b"BKM" not in listed


def test_a_program_that_is_not_done_in_time_is_stopped(tmp_path):
    (tmp_path / "sleeps.py").write_text("import time; time.sleep(60)")

    with pytest.raises(UpstreamUnavailable, match=r"not done in 0\.3 s"):
        run("sleeps", b"", timeout_s=0.3, environ={"PYTHONPATH": str(tmp_path)})


def test_a_program_that_fails_tells_its_last_line(tmp_path):
    (tmp_path / "fails.py").write_text("raise SystemExit('no ink')")

    with pytest.raises(UpstreamUnavailable, match="ended with 1: no ink"):
        run("fails", b"", timeout_s=20, environ={"PYTHONPATH": str(tmp_path)})
