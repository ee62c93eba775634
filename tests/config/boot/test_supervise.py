"""A container does not look well while one of its programs is dead."""

import subprocess
import sys

import pytest

from tests.servers import ROOT

CONFIGURATION = """
[supervisord]
nodaemon=true
silent=true
logfile={folder}/supervisord.log
pidfile={folder}/supervisord.pid

[program:good]
command=/bin/bash -c "echo works; exec sleep 60"
stdout_logfile={folder}/good.log
stdout_events_enabled=true

[program:bad]
command={command}
startsecs=1
startretries={retries}
stdout_logfile={folder}/bad.log
stdout_events_enabled=true
"""
PROGRAM = """
import sys
from pathlib import Path
from bkmonitor.config.boot.supervise import supervise
sys.exit(supervise(Path(sys.argv[1]), "text"))
"""


def run(folder, command, *, retries):
    path = folder / "supervisor.conf"
    path.write_text(
        CONFIGURATION.format(folder=folder, command=command, retries=retries)
    )
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, str(path)],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.journey
def test_a_program_that_cannot_be_kept_ends_everything_and_is_named(tmp_path):
    done = run(tmp_path, "/bin/false", retries=1)

    assert done.returncode == 70
    assert "lost for good: bad" in done.stderr
    assert "good | works" in done.stdout
    assert "program.exited_at_start program=bad tries=1" in done.stdout


@pytest.mark.journey
def test_a_stop_is_no_loss(tmp_path):
    stop = '/bin/bash -c "sleep 2; kill -TERM $PPID; sleep 60"'

    done = run(tmp_path, stop, retries=1)

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "good.log").read_text() == "works\n"
